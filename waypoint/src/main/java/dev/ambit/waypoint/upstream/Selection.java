package dev.ambit.waypoint.upstream;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.H2Upgrade;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.upstream.pool.PoolFailure;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.function.LongSupplier;

/** One try at one endpoint. Confined to its loop. */
final class Selection implements Upstreams.Chosen {
  private static final int CONNECTED = 200;

  private final ClusterState cluster;
  private final Member member;
  private final Links links;
  private final Asked asked;
  private final LongSupplier nanos;
  private boolean bytesOpen;
  private boolean overflowed;
  private boolean over;

  /** What was asked for. */
  record Asked(Cluster cluster, Upstreams.Call call, RequestHash hash) {}

  Selection(ClusterState cluster, Member member, Links links, Asked asked, LongSupplier nanos) {
    this.cluster = cluster;
    this.member = member;
    this.links = links;
    this.asked = asked;
    this.nanos = nanos;
    member.state().counts().active.incrementAndGet();
    member.state().counts().total.increment();
  }

  @Override
  public Cluster.Endpoint endpoint() {
    return member.endpoint();
  }

  @Override
  public String setCookie() {
    return asked.hash().setCookie();
  }

  @Override
  public Future<HttpStream> http(RequestHead head) {
    boolean http2 = speaksHttp2(asked.cluster(), head.version());
    Promise<HttpStream> promise = links.connector().loop().newPromise();
    open(head, http2, promise);
    return promise;
  }

  private void open(RequestHead head, boolean http2, Promise<HttpStream> promise) {
    Future<HttpStream> stream = links.pool(http2, asked.call(), head.authority()).open(head);
    if (stream.isSuccess()) {
      promise.setSuccess(stream.getNow());
      return;
    }
    promise.addListener(done -> {
      if (done.isCancelled()) {
        stream.cancel(false);
      }
    });
    stream.addListener((Future<HttpStream> done) -> {
      if (done.isSuccess()) {
        if (!promise.trySuccess(done.getNow())) {
          done.getNow().reset(HttpStream.Reason.CANCELLED);
        }
      } else if (isKind(done.cause(), PoolFailure.Kind.NO_UPGRADE) && !promise.isDone()) {
        open(head, false, promise);
      } else if (!done.isCancelled()) {
        promise.tryFailure(unreachable(done.cause()));
      }
    });
  }

  private static boolean isKind(Throwable cause, PoolFailure.Kind kind) {
    return cause instanceof PoolFailure failure && failure.kind() == kind;
  }

  /** The version spoken to endpoints (spec: traffic-policy §4). */
  static boolean speaksHttp2(Cluster cluster, RequestHead.Version client) {
    boolean clientDoes = client == RequestHead.Version.HTTP_2;
    ConnectionPool pool = cluster.policy().policy().connectionPool();
    HttpPool http = pool == null ? HttpPool.NONE : pool.http();
    if (http.useClientProtocol()) {
      return clientDoes;
    }
    return switch (cluster.protocol()) {
      case HTTP_1 -> http.upgrade() == H2Upgrade.UPGRADE;
      case HTTP_2 -> true;
      case AS_CLIENT, TCP -> clientDoes || http.upgrade() == H2Upgrade.UPGRADE;
    };
  }

  private Upstreams.Unreachable unreachable(Throwable cause) {
    String why = String.valueOf(cause.getMessage());
    if (isKind(cause, PoolFailure.Kind.OVERFLOW)) {
      overflowed = true;
      // Nothing is tried again that there was no room for.
      return new Upstreams.Unreachable(LocalReply.OVERFLOW, new RetryPolicy.StreamReset(true), why);
    }
    return new Upstreams.Unreachable(
        LocalReply.CONNECT_FAILURE, new RetryPolicy.ConnectFailure(), why);
  }

  @Override
  public Future<Leg> bytes() {
    Promise<Leg> promise = links.connector().loop().newPromise();
    cluster.counts().connections.incrementAndGet();
    member.state().counts().connections.incrementAndGet();
    Future<Leg> leg = links.connector().leg(links.bytes(asked.call()));
    bytesOpen = true;
    promise.addListener(done -> {
      if (done.isCancelled()) {
        leg.cancel(false);
      }
    });
    leg.addListener((Future<Leg> done) -> {
      if (!done.isSuccess()) {
        member.state().counts().connectFailures.increment();
        if (!done.isCancelled()) {
          promise.tryFailure(unreachable(done.cause()));
        }
      } else if (promise.trySuccess(done.getNow())) {
        answered(CONNECTED);
      } else {
        done.getNow().abort();
      }
    });
    return promise;
  }

  @Override
  public void answered(int status) {
    cluster.answered(member.state(), status, nanos.getAsLong());
  }

  @Override
  public void failed() {
    if (!overflowed) {
      cluster.failed(member.state(), nanos.getAsLong());
    }
  }

  @Override
  public void over() {
    if (over) {
      throw new IllegalStateException("a choice is over once");
    }
    over = true;
    member.state().counts().active.decrementAndGet();
    if (asked.call().request() != null) {
      cluster.counts().active.decrementAndGet();
    }
    if (bytesOpen) {
      cluster.counts().connections.decrementAndGet();
      member.state().counts().connections.decrementAndGet();
    }
  }
}
