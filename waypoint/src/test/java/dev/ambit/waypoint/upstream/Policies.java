package dev.ambit.waypoint.upstream;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.ConsistentHash;
import dev.ambit.model.object.TrafficPolicy.H2Upgrade;
import dev.ambit.model.object.TrafficPolicy.HashKey;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Traffic policies as tests want them. */
final class Policies {
  private Policies() {}

  static TrafficPolicy balanced(LoadBalancer balancer) {
    return new TrafficPolicy(balancer, null, null, null, null, null, Map.of());
  }

  static TrafficPolicy balanced(Algorithm algorithm) {
    return balanced(new LoadBalancer(algorithm, null, null, null));
  }

  static TrafficPolicy hashed(HashKey key, int maglev) {
    return balanced(
        new LoadBalancer(
            Algorithm.LEAST_REQUEST, new ConsistentHash(key, 1024, maglev), null, null));
  }

  static TrafficPolicy pooled(ConnectionPool pool) {
    return new TrafficPolicy(null, pool, null, null, null, null, Map.of());
  }

  static TrafficPolicy pooled(HttpPool http) {
    return pooled(new ConnectionPool(0, null, null, null, null, http));
  }

  static TrafficPolicy connections(long most) {
    return pooled(new ConnectionPool(most, null, null, null, null, HttpPool.NONE));
  }

  static TrafficPolicy connectTimeout(Duration timeout) {
    return pooled(new ConnectionPool(0, timeout, null, null, null, HttpPool.NONE));
  }

  static HttpPool http(long pending, long requests, long perConnection, long retries) {
    return new HttpPool(
        pending, requests, perConnection, retries, 0, null, H2Upgrade.DEFAULT, false);
  }

  static HttpPool upgrade(H2Upgrade upgrade, boolean clientProtocol) {
    return new HttpPool(0, 0, 0, 0, 0, null, upgrade, clientProtocol);
  }

  static TrafficPolicy watched(OutlierDetection outliers) {
    return new TrafficPolicy(null, null, outliers, null, null, null, Map.of());
  }

  static OutlierDetection outliers(int errors, int baseSeconds, int mostPercent, int leastPercent) {
    return new OutlierDetection(
        errors,
        0,
        5,
        false,
        Duration.ofSeconds(1),
        Duration.ofSeconds(baseSeconds),
        mostPercent,
        leastPercent);
  }

  static TrafficPolicy tls(ClientTls tls, @Nullable ProxyProtocol proxy) {
    return new TrafficPolicy(null, null, null, tls, proxy, null, Map.of());
  }

  static ClientTls clientTls(
      TlsMode mode, String roots, String sni, boolean skip, String... names) {
    return new ClientTls(mode, "", "", roots, "", List.of(names), sni, skip);
  }
}
