package dev.ambit.model.traffic;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.object.TrafficPolicy.RetryBudget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits towards one destination with the defaults filled in (spec: traffic-policy §4).
 *
 * @param maxConnectionDuration null is for ever
 * @param tcpIdleTimeout of a relayed connection; zero is for ever
 * @param idleTimeout of a connection without requests; zero is for ever
 * @param maxRequestsPerConnection 0 is without limit
 * @param budget takes the place of {@code maxRetries} when not null
 */
public record Limits(
    long maxConnections,
    Duration connectTimeout,
    @Nullable Duration maxConnectionDuration,
    Duration tcpIdleTimeout,
    Duration idleTimeout,
    long maxPendingRequests,
    long maxRequests,
    long maxRequestsPerConnection,
    long maxRetries,
    long maxConcurrentStreams,
    @Nullable RetryBudget budget) {
  private static final long UNLIMITED = 0xffffffffL;
  private static final long MOST_STREAMS = Integer.MAX_VALUE;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration HOUR = Duration.ofHours(1);

  static Limits of(TrafficPolicy policy) {
    ConnectionPool pool = policy.connectionPool();
    HttpPool http = pool == null ? HttpPool.NONE : pool.http();
    Duration connect = pool == null ? null : pool.connectTimeout();
    Duration tcpIdle = pool == null ? null : pool.tcpIdleTimeout();
    Duration httpIdle = http.idleTimeout() == null ? tcpIdle : http.idleTimeout();
    return new Limits(
        or(pool == null ? 0 : pool.maxConnections(), UNLIMITED),
        connect == null ? CONNECT_TIMEOUT : connect,
        pool == null ? null : pool.maxConnectionDuration(),
        tcpIdle == null ? HOUR : tcpIdle,
        httpIdle == null ? HOUR : httpIdle,
        or(http.maxPendingRequests(), UNLIMITED),
        or(http.maxRequests(), UNLIMITED),
        http.maxRequestsPerConnection(),
        or(http.maxRetries(), UNLIMITED),
        or(http.maxConcurrentStreams(), MOST_STREAMS),
        policy.retryBudget());
  }

  private static long or(long said, long otherwise) {
    return said == 0 ? otherwise : said;
  }

  /** How many retries may be under way while {@code active} requests are. */
  public long allowedRetries(long active) {
    return budget == null
        ? maxRetries
        : Math.max(budget.minRetryConcurrency(), (long) (budget.percent() / 100 * active));
  }
}
