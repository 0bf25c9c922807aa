package dev.ambit.cni;

import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.enrol.ProbeBypass;
import dev.ambit.cni.pods.NetworkFiles;
import dev.ambit.cni.pods.PodLoops;
import dev.ambit.cni.pods.PodStatus;
import dev.ambit.cni.pods.WantedPod;
import dev.ambit.cni.zds.ZdsServer;
import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** The wiring of the node agent: from settings to a running one, in order of dependency. */
public final class CniAgent implements AutoCloseable {
  private static final Log LOG = Log.scope("cni");

  /** Beyond the drain itself: settling, answers, cleaning. */
  private static final Duration RELEASE_GRACE = Duration.ofSeconds(5);

  private final CniSettings settings;
  private final ZdsServer ztunnels;
  private final ProbeBypass probes;
  private final PodLoops loops;
  private final NetworkFiles networks;
  private final ManifestFolders manifests;
  private final AdminServer admin;

  private CniAgent(CniSettings settings) throws IOException {
    this.settings = settings;
    Metrics metrics = new Metrics();
    Readiness readiness = new Readiness();
    Readiness.Gate gate = readiness.gate("pods");

    // Bound first: a second agent on this node ends here, before it touches a pod.
    this.ztunnels = new ZdsServer(settings.ztunnelSocket(), settings.runtime().ackPatience());
    this.probes = ProbeBypass.of(settings.runtime().probeUsers());
    this.loops =
        new PodLoops(
            new PodLoops.Effects(
                PodNetwork.linux(),
                ztunnels,
                probes,
                facts -> EnrolmentFacts.write(settings.facts(), settings.pods().node(), facts)),
            metrics.registry(),
            settings.runtime().timing());
    this.networks = new NetworkFiles(loops::wakeAll);

    // The facts of an earlier run are read before the first of ours is written.
    AtomicReference<Map<String, EnrolmentFacts.State>> written = new AtomicReference<>(Map.of());
    EnrolmentFacts.open(settings.facts(), written::set).close();
    AtomicReference<Map<String, WantedPod>> first = new AtomicReference<>(Map.of());
    this.manifests =
        settings
            .pods()
            .open(
                settings.manifests(),
                settings.generated(),
                pods -> {
                  first.set(pods);
                  pods.values().forEach(pod -> networks.watch(pod.network()));
                  loops.update(pods);
                });
    loops.start(first.get(), written.get());
    loops.update(first.get());

    // Last: the first ztunnel that asks is told of every pod.
    ztunnels.serve(loops::wake, loops::wakeAll);
    this.admin =
        AdminServer.start(
            "cni",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.runtime().adminPort()),
            settings.runtime().adminSocket().orElse(null),
            new AgentPages(settings.pods().node(), loops::statuses, metrics, readiness).pages());
    gate.open();
  }

  /** Starts the agent; throws when its socket cannot be bound. */
  public static CniAgent start(CniSettings settings) throws IOException {
    CniAgent agent = new CniAgent(settings);
    LOG.info(
        "agent started",
        "node",
        settings.pods().node(),
        "socket",
        settings.ztunnelSocket().toString(),
        "admin",
        agent.adminAddress().toString());
    return agent;
  }

  public InetSocketAddress adminAddress() {
    return admin.address();
  }

  /** Where every pod stands. */
  public List<PodStatus> pods() {
    return loops.statuses();
  }

  /** Stops as a process that is told to: releases every pod first when the settings say so. */
  public void stop() {
    manifests.close();
    if (settings.runtime().onStop() == CniSettings.OnStop.RELEASE) {
      Duration most = settings.runtime().timing().drain().plus(RELEASE_GRACE);
      if (!loops.release(most)) {
        LOG.warn("not every pod could be released in time", "most", most.toString());
      }
      probes.close();
    }
    close();
  }

  /** Ends at once and leaves every pod as it is, as an agent that is to be followed by another. */
  @Override
  public void close() {
    manifests.close();
    networks.close();
    loops.close();
    ztunnels.close();
    admin.close();
  }
}
