package dev.ambit.ztunnel;

import dev.ambit.daemon.Published;
import dev.ambit.dataplane.controlplane.Pause;
import dev.ambit.dataplane.flow.FlowRecorder;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.route.InboundCheck;
import dev.ambit.model.route.Router;
import dev.ambit.ztunnel.dns.NameService;
import dev.ambit.ztunnel.pod.PodRunner;
import dev.ambit.ztunnel.proxy.PodProxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What the outside supplies, and the one place where tests enter.
 *
 * @param clock for certificates and durations
 * @param pause waits between attempts
 * @param pendingRetry how often a proxy that could not start is tried again
 * @param runners makes what starts the proxies of pods
 */
public record World(InstantSource clock, Pause pause, Duration pendingRetry, Runners runners) {

  /** Makes the runner once everything it stands on is there. */
  public interface Runners {
    PodRunner open(DataPath path);
  }

  /** Everything the proxy of a pod stands on. */
  public record DataPath(
      ZtunnelSettings settings,
      Published<MeshView> mesh,
      Certificates certificates,
      MeshTls tls,
      Transport transport,
      FlowRecorder flows,
      OpenConnections connections,
      Optional<NameService> names) {}

  /** The real one. */
  public static World real() {
    return real(World::proxies);
  }

  /** The real one, but for the proxies of pods. */
  static World real(Runners runners) {
    return new World(InstantSource.system(), Thread::sleep, Duration.ofSeconds(5), runners);
  }

  private static PodRunner proxies(DataPath path) {
    String network = path.settings().node().network();
    return new PodProxy(
        PodProxy.Network.of(path.transport(), path.names()),
        new PodProxy.Mesh(path.mesh(), new Router(network), new InboundCheck(network), network),
        new TunnelPool.Identities(path.certificates(), path.tls()),
        new PodProxy.Flows(path.flows(), path.connections(), InstantSource.system()),
        path.settings().proxy());
  }
}
