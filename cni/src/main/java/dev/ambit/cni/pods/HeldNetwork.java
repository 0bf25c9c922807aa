package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.cni.enrol.RedirectRules.Found;
import dev.ambit.cni.enrol.Sockets;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.Netns;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod's namespace and what the agent knows about it, so that nothing is asked or changed twice.
 * Confined to the pod's loop.
 */
final class HeldNetwork implements AutoCloseable {
  private static final Log LOG = Log.scope("cni::pod");

  /** For how long after a capture an older connection may still show up. */
  private static final Duration STRAGGLERS = Duration.ofSeconds(5);

  private final PodNetwork network;
  private final AgentMetrics metrics;
  private final Duration verifyEvery;
  private final UnproxiedConnections unproxied = new UnproxiedConnections(STRAGGLERS);

  private Found found;
  private @Nullable RedirectOptions inPlace;
  private boolean assured;
  private Instant verifyAt;

  /** Looks what an earlier agent left: right rules count as in place, until assured. */
  HeldNetwork(PodNetwork network, RedirectOptions options, PodWorld world) {
    this.network = network;
    this.metrics = world.metrics();
    this.verifyEvery = world.timing().verify();
    this.found = network.found(options);
    this.inPlace = found == Found.CURRENT ? options : null;
    Instant now = world.clock().instant();
    this.verifyAt = now.plus(verifyEvery);
    if (inPlace != null) {
      unproxied.captured(now);
    }
  }

  Netns namespace() {
    return network.namespace();
  }

  boolean same(PodNetwork other) {
    return network.same(other);
  }

  /** Whether anything of ours may be inside. */
  boolean touched() {
    return found != Found.NOTHING;
  }

  boolean captured() {
    return inPlace != null;
  }

  /** Whether programs of the pod hold TCP sockets. */
  boolean inUse() {
    return Sockets.inUse(network.sockets());
  }

  /** Whether ztunnel still has sockets inside. */
  boolean hasZtunnel() {
    return network.sockets().stream().anyMatch(Sockets::ofZtunnel);
  }

  /** Makes sure that the pod is captured as {@code options} say; looks itself now and then. */
  void capture(RedirectOptions options, Instant now) {
    if (assured && options.equals(inPlace) && !now.isBefore(verifyAt)) {
      verifyAt = now.plus(verifyEvery);
      assured = network.found(options) == Found.CURRENT;
      if (!assured) {
        metrics.failed("rules-changed");
        LOG.warn("someone changed the rules of a pod; they are put back");
      }
    }
    if (assured && options.equals(inPlace)) {
      return;
    }
    boolean first = inPlace == null;
    network.capture(options);
    metrics.applied("capture");
    inPlace = options;
    found = Found.CURRENT;
    assured = true;
    verifyAt = now.plus(verifyEvery);
    if (first) {
      unproxied.captured(now);
    }
  }

  void drain() {
    if (touched() && found != Found.DRAINING) {
      network.drain();
      metrics.applied("drain");
    }
    found = Found.DRAINING;
    inPlace = null;
    assured = false;
    unproxied.clear();
  }

  void remove() {
    network.remove();
    metrics.applied("remove");
    found = Found.NOTHING;
    inPlace = null;
    assured = false;
    unproxied.clear();
  }

  /** Looks after connections that pass ztunnel by; answers whether to look again soon. */
  boolean survey(Instant now) {
    if (!unproxied.due(now)) {
      return false;
    }
    unproxied.look(Sockets.unproxied(network.sockets()), now);
    return true;
  }

  List<PodStatus.Unproxied> unproxied() {
    return unproxied.list();
  }

  @Override
  public void close() {
    network.close();
  }
}
