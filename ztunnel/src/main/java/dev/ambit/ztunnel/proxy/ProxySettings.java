package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import java.time.Duration;

/**
 * How pods are proxied (spec: hbone §1, threat-model §6).
 *
 * @param replyBaggage whether the answer to a tunnel request describes the destination
 * @param connectionsPerPod more are refused
 * @param connectionsInAll more are refused, over all pods
 */
public record ProxySettings(
    HboneSettings hbone,
    SocketSettings sockets,
    Ports ports,
    boolean replyBaggage,
    UnknownPolicy unknownPolicy,
    int connectionsPerPod,
    int connectionsInAll) {
  /** How long a connection waits for its pod's workload to become known. */
  static final Duration WORKLOAD_TIMEOUT = Duration.ofSeconds(5);

  /** How long a connection waits for a policy that its workload names. */
  static final Duration POLICY_TIMEOUT = Duration.ofSeconds(1);

  /** TCP connect to the application of the pod. */
  static final Duration APPLICATION_TIMEOUT = Duration.ofSeconds(5);

  /** How long a connection with one direction closed may stand still. */
  static final Duration HALF_OPEN_LIMIT = Duration.ofHours(1);

  /** What a policy does that a workload names and nobody has sent. */
  public enum UnknownPolicy {
    /** Is waited for, a second at most, and then denies. */
    HOLD,
    /** Does nothing, as upstream. */
    IGNORE
  }

  /** Where a pod is listened at; 0 picks, for tests without namespaces. */
  public record Ports(int outbound, int passthrough, int tunnel) {
    public static final Ports STANDARD = new Ports(15_001, 15_006, 15_008);

    boolean contain(int port) {
      return port == outbound || port == passthrough || port == tunnel;
    }
  }

  /** As in production. */
  public static final ProxySettings DEFAULT =
      new ProxySettings(
          HboneSettings.DEFAULT,
          SocketSettings.DEFAULT,
          Ports.STANDARD,
          true,
          UnknownPolicy.HOLD,
          20_000,
          100_000);

  public static ProxySettings from(Settings read, SocketSettings sockets) {
    return new ProxySettings(
        HboneSettings.from(read),
        sockets,
        Ports.STANDARD,
        read.flag("ENABLE_RESPONSE_BAGGAGE", true),
        read.choice("UNKNOWN_POLICY", UnknownPolicy.class, UnknownPolicy.HOLD),
        read.number("AMBIT_CONNECTIONS_PER_POD", 20_000, 1, 10_000_000),
        read.number("AMBIT_CONNECTIONS", 100_000, 1, 10_000_000));
  }
}
