package dev.ambit.model.object;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How traffic to a destination is handled; each block is null when it was not said (spec:
 * traffic-policy §1).
 *
 * @param ports policies of single ports, which inherit nothing from this one
 */
public record TrafficPolicy(
    @Nullable LoadBalancer loadBalancer,
    @Nullable ConnectionPool connectionPool,
    @Nullable OutlierDetection outlierDetection,
    @Nullable ClientTls tls,
    @Nullable ProxyProtocol proxyProtocol,
    @Nullable RetryBudget retryBudget,
    Map<Integer, TrafficPolicy> ports) {
  /** One that says nothing. */
  public static final TrafficPolicy NONE =
      new TrafficPolicy(null, null, null, null, null, null, Map.of());

  public TrafficPolicy {
    ports = Map.copyOf(ports);
  }

  /** The same with another way to speak TLS. */
  public TrafficPolicy withTls(ClientTls other) {
    return new TrafficPolicy(
        loadBalancer, connectionPool, outlierDetection, other, proxyProtocol, retryBudget, ports);
  }

  /**
   * How an endpoint is picked.
   *
   * @param hash takes the place of {@code algorithm} when not null
   * @param locality null when not said
   * @param warmup null without slow start
   */
  public record LoadBalancer(
      Algorithm algorithm,
      @Nullable ConsistentHash hash,
      @Nullable LocalityBalancing locality,
      @Nullable Warmup warmup) {}

  /** Simple algorithms. */
  public enum Algorithm {
    LEAST_REQUEST,
    ROUND_ROBIN,
    RANDOM,
    PASSTHROUGH
  }

  /**
   * Picks by a value of the request.
   *
   * @param minimumRingSize of the ring; means nothing to Maglev
   * @param maglevTableSize 0 chooses the ring
   */
  public record ConsistentHash(HashKey key, int minimumRingSize, int maglevTableSize) {}

  /** What is hashed. */
  public sealed interface HashKey {}

  /** The value of a header, by its name in lower case. */
  public record HeaderKey(String name) implements HashKey {}

  /** The value of a query parameter. */
  public record QueryKey(String name) implements HashKey {}

  /** The address of the client. */
  public record SourceIpKey() implements HashKey {}

  /**
   * The value of a cookie, which is made when it is absent and {@code ttl} is not null.
   *
   * @param ttl zero makes a cookie of the session
   */
  public record CookieKey(
      String name, String path, @Nullable Duration ttl, Map<String, String> attributes)
      implements HashKey {
    public CookieKey {
      attributes = Map.copyOf(attributes);
    }
  }

  /**
   * Which localities are preferred (spec: traffic-policy §6). At most one of the three lists is not
   * empty, but {@code failover} beside {@code failoverPriority}.
   */
  public record LocalityBalancing(
      boolean enabled,
      List<Distribute> distribute,
      Map<String, String> failover,
      List<String> failoverPriority) {
    public LocalityBalancing {
      distribute = List.copyOf(distribute);
      failover = Map.copyOf(failover);
      failoverPriority = List.copyOf(failoverPriority);
    }
  }

  /** Shares of localities, named {@code region/zone/subzone}, for clients in {@code from}. */
  public record Distribute(String from, Map<String, Integer> to) {
    public Distribute {
      to = Map.copyOf(to);
    }
  }

  /** Slow start: a new endpoint gets its share only after {@code duration}. */
  public record Warmup(Duration duration, double minimumPercent, double aggression) {}

  /** Limits of connections and requests; 0 and null are what was not said. */
  public record ConnectionPool(
      long maxConnections,
      @Nullable Duration connectTimeout,
      @Nullable Keepalive keepalive,
      @Nullable Duration maxConnectionDuration,
      @Nullable Duration tcpIdleTimeout,
      HttpPool http) {}

  /** TCP keep-alive; 0 and null leave it to the system. */
  public record Keepalive(int probes, @Nullable Duration time, @Nullable Duration interval) {}

  /** The HTTP part of a pool; 0 and null are what was not said. */
  public record HttpPool(
      long maxPendingRequests,
      long maxRequests,
      long maxRequestsPerConnection,
      long maxRetries,
      long maxConcurrentStreams,
      @Nullable Duration idleTimeout,
      H2Upgrade upgrade,
      boolean useClientProtocol) {
    public static final HttpPool NONE = new HttpPool(0, 0, 0, 0, 0, null, H2Upgrade.DEFAULT, false);
  }

  /** Whether HTTP/1 requests are sent on as HTTP/2. */
  public enum H2Upgrade {
    DEFAULT,
    DO_NOT_UPGRADE,
    UPGRADE
  }

  /**
   * When an endpoint is left out for a while (spec: traffic-policy §5).
   *
   * @param consecutive5xx 0 is off
   * @param consecutiveGatewayErrors 0 is off
   * @param consecutiveLocalFailures counts only when {@code splitLocal}
   */
  public record OutlierDetection(
      int consecutive5xx,
      int consecutiveGatewayErrors,
      int consecutiveLocalFailures,
      boolean splitLocal,
      Duration interval,
      Duration baseEjectionTime,
      int maxEjectionPercent,
      int minHealthPercent) {
    /** A block that says nothing. */
    public static final OutlierDetection DEFAULT =
        new OutlierDetection(5, 0, 5, false, Duration.ofSeconds(10), Duration.ofSeconds(30), 10, 0);
  }

  /** TLS to the endpoint inside the tunnel; "" is what was not said. */
  public record ClientTls(
      TlsMode mode,
      String clientCertificate,
      String privateKey,
      String caCertificates,
      String credentialName,
      List<String> subjectAltNames,
      String sni,
      boolean insecureSkipVerify) {
    public ClientTls {
      subjectAltNames = List.copyOf(subjectAltNames);
    }

    /** Without the keys, which may be here themselves and not as names of files. */
    @Override
    public String toString() {
      return "ClientTls["
          + mode
          + ", credentialName="
          + credentialName
          + ", subjectAltNames="
          + subjectAltNames
          + ", sni="
          + sni
          + (insecureSkipVerify ? ", insecureSkipVerify" : "")
          + "]";
    }
  }

  /** Kinds of TLS; what is not SIMPLE or MUTUAL adds nothing at a waypoint. */
  public enum TlsMode {
    DISABLE,
    SIMPLE,
    MUTUAL,
    ISTIO_MUTUAL
  }

  /** Versions of the PROXY protocol that the endpoint wants first. */
  public enum ProxyProtocol {
    V1,
    V2
  }

  /** Retries allowed as a share of what is under way. */
  public record RetryBudget(double percent, int minRetryConcurrency, Duration interval) {}
}
