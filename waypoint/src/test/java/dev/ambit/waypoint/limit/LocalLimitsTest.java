package dev.ambit.waypoint.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.traffic.LocalRateLimit;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Destination.RateLimits;
import dev.ambit.waypoint.server.Caller;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalLimitsTest {
  private static final long MILLI = 1_000_000;

  private final EventLoop loop = new DefaultEventLoop();
  private final Metrics metrics = new Metrics();
  private long now = Long.MAX_VALUE - 5 * MILLI;
  private final LocalLimits limits = new LocalLimits(() -> now, metrics);

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private static LocalRateLimit limit(String text, String by) {
    return LocalRateLimit.parse(text, by).orElseThrow();
  }

  private static RateLimits all(String text, String by) {
    return new RateLimits(limit(text, by), Map.of());
  }

  @Test
  void a_bucket_lets_its_burst_through_and_then_its_rate() {
    TokenBucket bucket = new TokenBucket(limit("10/s burst 3", ""), now);

    for (int i = 0; i < 3; i++) {
      assertThat(bucket.take(now)).isZero();
    }
    assertThat(bucket.take(now)).isEqualTo(100 * MILLI);
    // Across the end of the clock's range.
    assertThat(bucket.take(now + 99 * MILLI)).isEqualTo(MILLI);
    assertThat(bucket.take(now + 100 * MILLI)).isZero();
    assertThat(bucket.take(now + 100 * MILLI)).isPositive();
    assertThat(bucket.isFull(now + 399 * MILLI)).isFalse();
    assertThat(bucket.isFull(now + 400 * MILLI)).isTrue();
    int passed = 0;
    for (long at = 1_000; at < 11_000; at++) {
      passed += bucket.take(now + at * MILLI) == 0 ? 1 : 0;
    }
    assertThat(passed).isBetween(102, 103);
  }

  @Test
  void tokens_are_counted_once_over_all_threads() throws InterruptedException {
    TokenBucket bucket = new TokenBucket(limit("1/h burst 1000", ""), now);
    AtomicInteger passed = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(4);
    for (int thread = 0; thread < 4; thread++) {
      Thread.ofPlatform()
          .start(() -> {
            for (int i = 0; i < 1000; i++) {
              passed.addAndGet(bucket.take(now) == 0 ? 1 : 0);
            }
            done.countDown();
          });
    }
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(passed).hasValue(1000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100/s burst 50    | PT1S | 100 | 50
          7/m               | PT1M | 7   | 7
          1/hour burst 999  | PT1H | 1   | 999
          """)
  void limits_are_read(String text, java.time.Duration per, long tokens, long burst) {
    assertThat(limit(text, ""))
        .isEqualTo(new LocalRateLimit(tokens, per, burst, new LocalRateLimit.Everybody()));
    assertThat(limit(text, "header:X-User").by()).isEqualTo(new LocalRateLimit.Header("x-user"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "100", "0/s", "5/s burst 0", "-1/s", "1/d", "1 / s", "1/s burst", "1e3/s"})
  void what_is_no_limit_is_none(String text) {
    assertThat(LocalRateLimit.parse(text, "")).isEmpty();
    assertThat(LocalRateLimit.parse("1/s", "header:")).isEmpty();
    assertThat(LocalRateLimit.parse("1/s", "cookie:a")).isEmpty();
  }

  @Test
  void a_refusal_says_when_to_come_back_and_is_counted() {
    Caller caller = caller("a", all("1/m burst 2", ""));
    assertThat(limits.refuse(caller, "", request("u"))).isNull();
    assertThat(limits.refuse(caller, "", request("u"))).isNull();

    HttpHeaders refusal = Objects.requireNonNull(limits.refuse(caller, "", request("u")));
    assertThat(refusal.get("x-envoy-ratelimited")).isEqualTo("true");
    assertThat(refusal.get("retry-after")).isEqualTo("60");
    assertThat(metrics.registry().get("ambit_waypoint_rate_limited").counter().count())
        .isEqualTo(1);
    now += TimeUnit.SECONDS.toNanos(60);
    assertThat(limits.refuse(caller, "", request("u"))).isNull();
  }

  @Test
  void buckets_are_per_destination_identity_or_header() {
    RateLimits bySource = all("1/m", "source");
    assertThat(limits.refuse(caller("a", bySource), "", request("u"))).isNull();
    assertThat(limits.refuse(caller("b", bySource), "", request("u"))).isNull();
    assertThat(limits.refuse(caller("a", bySource), "", request("v"))).isNotNull();

    RateLimits byUser = all("1/m", "header:x-user");
    assertThat(limits.refuse(caller("a", byUser), "", request("u"))).isNull();
    assertThat(limits.refuse(caller("a", byUser), "", request("v"))).isNull();
    assertThat(limits.refuse(caller("b", byUser), "", request("u"))).isNotNull();
    assertThat(limits.refuse(caller("b", byUser), "", request(null))).isNull();
    assertThat(limits.refuse(caller("c", byUser), "", request(null))).isNotNull();
    String endless = "x".repeat(10_000);
    assertThat(limits.refuse(caller("a", byUser), "", request(endless))).isNull();
    assertThat(limits.refuse(caller("a", byUser), "", request(endless))).isNotNull();
  }

  @Test
  void a_route_has_a_limit_of_its_own_besides_that_of_all() {
    String login = "HTTPRoute demo/login";
    RateLimits both = new RateLimits(limit("3/m", ""), Map.of(login, limit("1/m", "")));
    Caller caller = caller("a", both);

    assertThat(limits.refuse(caller, login, request("u"))).isNull();
    assertThat(limits.refuse(caller, login, request("u"))).isNotNull();
    assertThat(limits.refuse(caller, "HTTPRoute demo/other", request("u"))).isNull();
    assertThat(limits.refuse(caller, "", request("u"))).isNull();
    assertThat(limits.refuse(caller, "", request("u"))).isNotNull();
  }

  @Test
  void there_are_only_so_many_buckets_and_full_ones_make_room() {
    Caller caller = caller("a", all("1/m", "header:x-user"));
    for (int i = 0; i < LocalLimits.MOST_BUCKETS; i++) {
      assertThat(limits.refuse(caller, "", request("u" + i))).isNull();
    }
    assertThat(limits.refuse(caller, "", request("one more"))).isNull();
    assertThat(limits.refuse(caller, "", request("and another"))).as("shares").isNotNull();
    assertThat(limits.refuse(caller, "", request("u0"))).isNotNull();
    assertThat(limits.size()).isEqualTo(LocalLimits.MOST_BUCKETS + 1);

    now += TimeUnit.MINUTES.toNanos(2);
    assertThat(limits.refuse(caller, "", request("and another"))).isNull();
    assertThat(limits.size()).isEqualTo(1);
  }

  private static HttpAttributes request(@Nullable String user) {
    return new HttpAttributes(
        "GET", "http", "a", "/", "", name -> name.equals("x-user") ? user : null);
  }

  private Caller caller(String account, RateLimits rates) {
    ServiceKey service = new ServiceKey("demo", "echo.demo.svc.cluster.local");
    RouteTable.Target target = new RouteTable.Target("Service", service, "echo", 80, "demo");
    HttpAuthorizer anybody =
        HttpAuthorizer.of(
            List.of(),
            new HttpAuthorizer.Mesh(Set.of(), Set.of(), false),
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
            Destination.Telemetry.DEFAULT,
            rates);
    return new Caller(
        destination,
        new SpiffeId("cluster.local", "demo", account),
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
}
