package dev.ambit.waypoint.upstream;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The upstreams of one event loop: balancing, limits, ejection, connections (spec: traffic-policy).
 * Confined to that loop. Limits and ejections count over all loops.
 */
public interface Upstreams {
  /** Chooses an endpoint for one try of a call, or says why there is none. */
  Choice choose(Cluster cluster, Call call);

  /** Counts a retry under way; false when the cluster allows no more. Ended by {@link #retried}. */
  boolean retrying(Cluster cluster);

  void retried(Cluster cluster);

  /**
   * What balancing goes by.
   *
   * @param source who asks
   * @param local the address that was asked for
   * @param request null for a connection that is not HTTP
   * @param version of the client's side
   * @param tried uids of endpoints that failed this call; passed over while others are left
   * @param preferred uid of the endpoint that a session keeps to, taken before any balancing while
   *     it can take calls; "" for none
   */
  record Call(
      InetSocketAddress source,
      InetSocketAddress local,
      @Nullable HttpAttributes request,
      RequestHead.Version version,
      RequestHash.@Nullable Connection connection,
      Set<String> tried,
      String preferred) {
    public Call(
        Caller caller,
        @Nullable HttpAttributes request,
        RequestHead.Version version,
        RequestHash.@Nullable Connection connection,
        Set<String> tried,
        String preferred) {
      this(caller.source(), caller.local(), request, version, connection, tried, preferred);
    }

    /** One that prefers nobody. */
    public Call(
        Caller caller,
        @Nullable HttpAttributes request,
        RequestHead.Version version,
        RequestHash.@Nullable Connection connection,
        Set<String> tried) {
      this(caller, request, version, connection, tried, "");
    }
  }

  /** What came of it. */
  sealed interface Choice permits Chosen, Unable {}

  /** Nobody can take it; it is answered with {@code reply}. */
  record Unable(LocalReply reply, String why) implements Choice {}

  /**
   * One try at one endpoint. Whoever chose it calls {@link #over} exactly once, after at most one
   * of the open methods, and tells what came of it for ejection.
   */
  non-sealed interface Chosen extends Choice {
    Cluster.Endpoint endpoint();

    /** "" or a {@code Set-Cookie} value that makes the client stick to the endpoint. */
    String setCookie();

    /** A stream for a request. Fails with {@link Unreachable} only; cancel it to give up. */
    Future<HttpStream> http(RequestHead head);

    /** A connection for bytes. Fails with {@link Unreachable} only; cancel it to give up. */
    Future<Leg> bytes();

    /** The endpoint answered with {@code status}. */
    void answered(int status);

    /** The endpoint could not be reached, reset, or was too slow. */
    void failed();

    void over();
  }

  /** No stream could be had. */
  final class Unreachable extends RuntimeException {
    private final LocalReply reply;
    private final RetryPolicy.Outcome outcome;

    public Unreachable(LocalReply reply, RetryPolicy.Outcome outcome, String why) {
      super(why, null, false, false);
      this.reply = reply;
      this.outcome = outcome;
    }

    public LocalReply reply() {
      return reply;
    }

    /** For the decision whether to try again. */
    public RetryPolicy.Outcome outcome() {
      return outcome;
    }
  }
}
