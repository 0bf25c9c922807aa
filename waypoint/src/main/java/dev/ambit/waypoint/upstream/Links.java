package dev.ambit.waypoint.upstream;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import dev.ambit.model.traffic.Limits;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.upstream.link.Connector;
import dev.ambit.waypoint.upstream.link.Target;
import dev.ambit.waypoint.upstream.pool.Counts;
import dev.ambit.waypoint.upstream.pool.Http1Pool;
import dev.ambit.waypoint.upstream.pool.Http2Pool;
import dev.ambit.waypoint.upstream.pool.HttpPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The connections of one loop to one endpoint under one policy. Confined to it. */
final class Links {
  private static final List<String> HTTP_1 = List.of("http/1.1");
  private static final List<String> HTTP_2 = List.of("h2");

  private final Cluster.Endpoint endpoint;
  private final EndpointState state;
  private final Cluster cluster;
  private final Counts counts;
  private final Connector connector;
  private final Limits limits;
  private final Map<Wanted, HttpPool> pools = new HashMap<>();

  Links(Member member, Cluster cluster, Counts counts, Connector connector) {
    this.endpoint = member.endpoint();
    this.state = member.state();
    this.cluster = cluster;
    this.counts = counts;
    this.connector = connector;
    this.limits = cluster.policy().limits();
  }

  private record Wanted(boolean http2, Target target) {}

  Limits limits() {
    return limits;
  }

  /** Whether connections to {@code other} are made in the same way to the same place. */
  boolean leadsTo(Cluster.Endpoint other) {
    Workload known = endpoint.workload();
    Workload now = other.workload();
    return known.tunnel() == now.tunnel() && known.identity().equals(now.identity());
  }

  /** The pool for requests of {@code caller} to {@code host}. */
  HttpPool pool(boolean http2, Caller caller, String host) {
    Target target = target(caller, host, http2 ? HTTP_2 : HTTP_1);
    return pools.computeIfAbsent(
        new Wanted(http2, target),
        wanted -> {
          var place = new HttpPool.Place(connector, target, limits, counts, state.counts());
          return wanted.http2 ? new Http2Pool(place) : new Http1Pool(place);
        });
  }

  /** Where bytes of {@code caller} go. */
  Target bytes(Caller caller) {
    return target(caller, "", List.of());
  }

  private Target target(Caller caller, String host, List<String> alpn) {
    Workload workload = endpoint.workload();
    SpiffeId tunnel =
        workload.tunnel() == Workload.Tunnel.HBONE && !workload.addresses().isEmpty()
            ? workload.identity()
            : null;
    ClientTls tls = tls();
    String serverName = "";
    if (tls != null) {
      serverName = tls.sni().isEmpty() ? withoutPort(host) : tls.sni();
    }
    ProxyProtocol version = cluster.policy().policy().proxyProtocol();
    String prologue =
        version == null ? "" : ProxyPrologue.of(version, caller.source(), caller.local());
    return new Target(
        state.address(),
        tunnel,
        tls,
        serverName,
        tls == null ? List.of() : alpn,
        prologue,
        limits.connectTimeout());
  }

  /** What is not TLS of the application is done by the tunnel (spec: traffic-policy §7). */
  private @Nullable ClientTls tls() {
    ClientTls tls = cluster.policy().policy().tls();
    return tls != null && (tls.mode() == TlsMode.SIMPLE || tls.mode() == TlsMode.MUTUAL)
        ? tls
        : null;
  }

  private static String withoutPort(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean insideBrackets = authority.indexOf(']') > colon;
    String host = colon < 0 || insideBrackets ? authority : authority.substring(0, colon);
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  Connector connector() {
    return connector;
  }

  void drain() {
    pools.values().forEach(HttpPool::drain);
  }

  void close() {
    pools.values().forEach(HttpPool::close);
  }

  /** Forgets pools without connections; whether none is left. */
  boolean forgetEmpty() {
    pools.values().removeIf(HttpPool::isEmpty);
    return pools.isEmpty();
  }
}
