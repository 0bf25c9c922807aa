package dev.ambit.waypoint.auth;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.route.Authority;
import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A provider as {@link Upstreams} show it: what it is asked is kept, and it answers with what the
 * test says.
 */
final class Provider implements Upstreams, Snapshot, Programming {
  static final ServiceKey SERVICE = new ServiceKey("demo", "ext.demo.svc.cluster.local");

  private final EventLoop loop;
  final ProviderStream stream;
  boolean isThere = true;
  boolean isReachable = true;
  int failures;
  int overs;
  @Nullable Cluster chosen;

  Provider(EventLoop loop, ProviderStream stream) {
    this.loop = loop;
    this.stream = stream;
  }

  @Override
  public Optional<MeshConfig> meshConfig() {
    return Optional.empty();
  }

  @Override
  public Snapshot current() {
    return this;
  }

  @Override
  public MeshView mesh() {
    return MeshView.empty();
  }

  @Override
  public Optional<Destination> destination(Authority authority) {
    return Optional.empty();
  }

  @Override
  public Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked) {
    throw new UnsupportedOperationException("no routes here");
  }

  @Override
  public Optional<Cluster> backend(String host, int port) {
    return host.equals(SERVICE.toString()) && isThere
        ? Optional.of(
            new Cluster(
                new Cluster.Key(SERVICE, "", port, ""),
                Cluster.Protocol.HTTP_1,
                List.of(),
                new Effective(TrafficPolicy.NONE, Map.of()),
                ""))
        : Optional.empty();
  }

  @Override
  public Choice choose(Cluster cluster, Call call) {
    chosen = cluster;
    return isThere ? new One() : new Unable(LocalReply.NO_HEALTHY_ENDPOINT, "nobody there");
  }

  private final class One implements Chosen {
    @Override
    public Cluster.Endpoint endpoint() {
      throw new UnsupportedOperationException("not asked for");
    }

    @Override
    public String setCookie() {
      return "";
    }

    @Override
    public Future<HttpStream> http(RequestHead head) {
      return isReachable
          ? loop.newSucceededFuture(stream)
          : loop.newFailedFuture(
              new Unreachable(
                  LocalReply.CONNECT_FAILURE,
                  new dev.ambit.model.http.RetryPolicy.ConnectFailure(),
                  "connection refused"));
    }

    @Override
    public Future<dev.ambit.dataplane.relay.Leg> bytes() {
      throw new UnsupportedOperationException("not asked for");
    }

    @Override
    public void answered(int status) {
      // Seen by the test in the answer itself.
    }

    @Override
    public void failed() {
      failures++;
    }

    @Override
    public void over() {
      overs++;
    }
  }

  @Override
  public boolean retrying(Cluster cluster) {
    return false;
  }

  @Override
  public void retried(Cluster cluster) {
    throw new UnsupportedOperationException("never retried");
  }

  /** Somebody who calls a service of the waypoint. */
  static Caller caller(EventLoop loop) {
    RouteTable.Target target = new RouteTable.Target("Service", SERVICE, "ext", 80, "demo");
    HttpAuthorizer anybody =
        HttpAuthorizer.of(
            List.of(),
            new HttpAuthorizer.Mesh(Set.of("cluster.local"), Set.of(), false),
            HttpAuthorizer.Chain.HTTP);
    Destination destination =
        new Destination(
            null,
            null,
            80,
            Destination.Protocol.HTTP,
            RouteTable.of(target, List.of()),
            StreamTable.of(target, List.of()),
            anybody,
            anybody,
            new JwtAuthentication(List.of(), new NoTokens()),
            Destination.Telemetry.DEFAULT);
    return new Caller(
        destination,
        new SpiffeId("cluster.local", "demo", "client"),
        new InetSocketAddress("10.0.0.1", 4711),
        new InetSocketAddress("10.96.0.1", 80),
        null,
        Instant.EPOCH,
        loop);
  }

  private record NoTokens() implements JwtAuthentication.Tokens {
    @Override
    public JwtAuthentication.@Nullable Parsed parse(String token) {
      return null;
    }

    @Override
    public JwtAuthentication.Signature verify(JwtRule rule, String token) {
      return JwtAuthentication.Signature.NO_KEYS;
    }
  }

  static HttpAttributes attributes(RequestHead head) {
    return new HttpAttributes(
        head.method(),
        head.scheme(),
        head.authority(),
        "/a",
        "?b=c",
        name -> String.join(",", head.headers().getAll(name)));
  }
}
