package dev.ambit.daemon.manifest;

import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.H2Upgrade;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.object.TrafficPolicy.Keepalive;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the connectionPool of a traffic policy (spec: traffic-policy §4). */
final class ConnectionPoolReader {
  private static final long MOST = Integer.MAX_VALUE;
  private static final Map<String, H2Upgrade> UPGRADES =
      Map.of(
          "DEFAULT", H2Upgrade.DEFAULT,
          "DO_NOT_UPGRADE", H2Upgrade.DO_NOT_UPGRADE,
          "UPGRADE", H2Upgrade.UPGRADE);

  private ConnectionPoolReader() {}

  static @Nullable ConnectionPool read(FieldReader policy) {
    FieldReader pool = policy.mapping("connectionPool").orElse(null);
    if (pool == null) {
      return null;
    }
    pool.strictly(Set.of("tcp", "http"));
    FieldReader tcp = pool.mappingOrEmpty("tcp");
    tcp.strictly(
        Set.of(
            "maxConnections",
            "connectTimeout",
            "tcpKeepalive",
            "maxConnectionDuration",
            "idleTimeout"));
    return new ConnectionPool(
        tcp.whole("maxConnections", 0, MOST, 0),
        some(tcp.duration("connectTimeout")),
        keepalive(tcp),
        some(tcp.duration("maxConnectionDuration")),
        tcp.duration("idleTimeout"),
        http(pool.mappingOrEmpty("http")));
  }

  /** Zero counts as not said. */
  private static @Nullable Duration some(@Nullable Duration duration) {
    return duration == null || duration.isZero() ? null : duration;
  }

  private static @Nullable Keepalive keepalive(FieldReader tcp) {
    FieldReader keepalive = tcp.mapping("tcpKeepalive").orElse(null);
    if (keepalive == null) {
      return null;
    }
    keepalive.strictly(Set.of("probes", "time", "interval"));
    return new Keepalive(
        (int) keepalive.whole("probes", 0, MOST, 0),
        some(keepalive.duration("time")),
        some(keepalive.duration("interval")));
  }

  private static HttpPool http(FieldReader http) {
    http.strictly(
        Set.of(
            "http1MaxPendingRequests",
            "http2MaxRequests",
            "maxRequestsPerConnection",
            "maxRetries",
            "maxConcurrentStreams",
            "idleTimeout",
            "h2UpgradePolicy",
            "useClientProtocol"));
    return new HttpPool(
        http.whole("http1MaxPendingRequests", 0, MOST, 0),
        http.whole("http2MaxRequests", 0, MOST, 0),
        http.whole("maxRequestsPerConnection", 0, MOST, 0),
        http.whole("maxRetries", 0, MOST, 0),
        http.whole("maxConcurrentStreams", 0, MOST, 0),
        http.duration("idleTimeout"),
        http.choice("h2UpgradePolicy", UPGRADES, H2Upgrade.DEFAULT),
        http.flag("useClientProtocol", false));
  }
}
