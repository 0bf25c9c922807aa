package dev.ambit.waypoint.upstream;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import dev.ambit.model.traffic.Limits;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.link.Connector;
import dev.ambit.waypoint.upstream.link.Target;
import dev.ambit.waypoint.upstream.pool.Counts;
import dev.ambit.waypoint.upstream.pool.HttpPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The connections of one loop to one endpoint under one policy. Confined to it. */
final class Links {
  private static final int MOST_POOLS = 128;
  private static final Duration CLIENT_IDLE = Duration.ofSeconds(5);
  private static final List<String> HTTP_1 = List.of("http/1.1");
  private static final List<String> HTTP_2 = List.of("h2");

  private final Cluster.Endpoint endpoint;
  private final EndpointState state;
  private final Cluster cluster;
  private final Counts counts;
  private final Connector connector;
  private final Limits limits;
  private final LinkedHashMap<Wanted, HttpPool> pools = new LinkedHashMap<>();
  private final List<HttpPool> leaving = new ArrayList<>(0);

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
    return known.tunnel() == now.tunnel()
        && known.namespace().equals(now.namespace())
        && known.serviceAccount().equals(now.serviceAccount())
        && known.trustDomain().equals(now.trustDomain());
  }

  /** The pool for {@code call} to {@code host}. */
  HttpPool pool(boolean http2, Upstreams.Call call, String host) {
    Target target = target(call, host, http2 ? HTTP_2 : HTTP_1);
    Wanted wanted = new Wanted(http2, target);
    HttpPool known = pools.get(wanted);
    if (known != null) {
      return known;
    }
    makeRoom();
    Limits mine = target.prologue().isEmpty() ? limits : forOneClient(limits);
    var place = new HttpPool.Place(connector, target, mine, counts, state.counts());
    HttpPool pool = http2 ? HttpPool.http2(place) : HttpPool.http1(place);
    pools.put(wanted, pool);
    return pool;
  }

  /** Clients choose server names and addresses, so the number of pools is theirs to drive up. */
  private void makeRoom() {
    if (pools.size() >= MOST_POOLS) {
      forgetEmpty();
    }
    if (pools.size() >= MOST_POOLS) {
      HttpPool eldest = pools.pollFirstEntry().getValue();
      eldest.drain();
      leaving.add(eldest);
    }
  }

  /** Connections that tell of one client are of use only as long as it asks for something. */
  private static Limits forOneClient(Limits limits) {
    return new Limits(
        limits.maxConnections(),
        limits.connectTimeout(),
        limits.maxConnectionDuration(),
        limits.tcpIdleTimeout(),
        CLIENT_IDLE,
        limits.maxPendingRequests(),
        limits.maxRequests(),
        limits.maxRequestsPerConnection(),
        limits.maxRetries(),
        limits.maxConcurrentStreams(),
        limits.budget());
  }

  /** Where bytes go. */
  Target bytes(Upstreams.Call call) {
    return target(call, "", List.of());
  }

  private Target target(Upstreams.Call call, String host, List<String> alpn) {
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
    String prologue = version == null ? "" : ProxyPrologue.of(version, call.source(), call.local());
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
    leaving.forEach(HttpPool::close);
  }

  /** Forgets pools without connections; whether none is left. */
  boolean forgetEmpty() {
    pools.values().removeIf(HttpPool::isEmpty);
    leaving.removeIf(HttpPool::isEmpty);
    return pools.isEmpty() && leaving.isEmpty();
  }
}
