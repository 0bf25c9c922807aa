package dev.ambit.waypoint.upstream.pool;

import dev.ambit.model.traffic.Limits;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.upstream.link.Connector;
import dev.ambit.waypoint.upstream.link.Target;
import io.netty.util.concurrent.Future;

/** Connections of one version to one target on one event loop. Confined to it. */
public sealed interface HttpPool permits Http1Pool, Http2Pool {
  /**
   * Where connections go and what counts them.
   *
   * @param cluster counts of the whole cluster, which limits go by
   * @param endpoint counts of the endpoint
   */
  record Place(Connector connector, Target target, Limits limits, Counts cluster, Counts endpoint) {
    /** What may wait for a cluster whose rule says nothing of it. */
    private static final long MOST_PENDING = 100_000;

    void opening() {
      cluster.connections.incrementAndGet();
      endpoint.connections.incrementAndGet();
    }

    void closed() {
      cluster.connections.decrementAndGet();
      endpoint.connections.decrementAndGet();
    }

    /** Whether one more connection may be made by a pool that has {@code own}. */
    boolean mayConnect(int own) {
      // A pool without any connection may always have one: nobody else would serve who waits in it.
      return own == 0 || cluster.connections.get() < limits.maxConnections();
    }

    /** Counts one more that waits; false when too many do. */
    boolean pending() {
      if (cluster.pending.incrementAndGet() > mostPending()) {
        cluster.pending.decrementAndGet();
        return false;
      }
      return true;
    }

    private long mostPending() {
      return Math.min(limits.maxPendingRequests(), MOST_PENDING);
    }

    PoolFailure overflow() {
      cluster.overflowed();
      return new PoolFailure(
          PoolFailure.Kind.OVERFLOW, mostPending() + " requests already wait for a connection");
    }
  }

  static HttpPool http1(Place place) {
    return new Http1Pool(place);
  }

  static HttpPool http2(Place place) {
    return new Http2Pool(place);
  }

  /**
   * A stream for a request, which has not been started. Fails with {@link PoolFailure} only; cancel
   * it to give up.
   */
  Future<HttpStream> open(RequestHead head);

  /** Takes no more requests; those under way go on. */
  void drain();

  /** Closes every connection now. */
  void close();

  /** Whether there is neither a connection nor anybody who waits for one. */
  boolean isEmpty();
}
