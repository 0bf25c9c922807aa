package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Published;
import dev.ambit.dataplane.flow.FlowRecorder;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.net.OriginalDestination;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.route.InboundCheck;
import dev.ambit.model.route.Router;
import dev.ambit.ztunnel.dns.NameService;
import dev.ambit.ztunnel.pod.LocalPod;
import dev.ambit.ztunnel.pod.PodRunner;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts the proxies of pods on the event loops of one process. Thread-safe. */
public final class PodProxy implements PodRunner {
  private final Network network;
  private final Mesh mesh;
  private final TunnelPool.Identities identities;
  private final Flows flows;
  private final ProxySettings settings;
  private final AtomicInteger connections = new AtomicInteger();

  /** Event loops, who knows where captured connections were going, and who serves names. */
  public record Network(
      Transport transport, OriginalDestination originals, Optional<NameService> names) {
    /** As in production. */
    public static Network of(Transport transport, Optional<NameService> names) {
      return new Network(transport, OriginalDestination.kernel(), names);
    }
  }

  /**
   * The mesh and what is asked about it.
   *
   * @param network the network this proxy is on, "" in a mesh with one only
   */
  public record Mesh(
      Published<MeshView> view, Router router, InboundCheck inboundCheck, String network) {}

  /** Where connections are recorded. */
  public record Flows(FlowRecorder recorder, OpenConnections open, InstantSource clock) {}

  public PodProxy(
      Network network,
      Mesh mesh,
      TunnelPool.Identities identities,
      Flows flows,
      ProxySettings settings) {
    this.network = network;
    this.mesh = mesh;
    this.identities = identities;
    this.flows = flows;
    this.settings = settings;
  }

  @Override
  public CompletableFuture<Running> start(LocalPod local) {
    Pod pod =
        new Pod(
            local,
            new LocalWorkload(local, mesh.view()),
            new Sockets(network.transport(), settings.sockets(), local.network()),
            new Connections(settings.connectionsPerPod(), connections, settings.connectionsInAll()),
            mesh,
            flows,
            settings);
    try {
      return new RunningPod(pod, network, identities).start().thenApply(running -> running);
    } catch (RuntimeException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }
}
