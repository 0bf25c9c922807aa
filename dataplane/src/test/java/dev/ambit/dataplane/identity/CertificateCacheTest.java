package dev.ambit.dataplane.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.identity.Certificates.Priority;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When the CA is asked, and what a caller gets meanwhile. */
final class CertificateCacheTest {
  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
  private static final TestCa ROOT = TestCa.root("root", START);
  private static final SpiffeId ONE = id("one");
  private static final SpiffeId TWO = id("two");

  private final ManualTime time = new ManualTime(START);
  private final Deque<Runnable> calls = new ArrayDeque<>();
  private final List<SpiffeId> asked = new ArrayList<>();
  private Duration life = Duration.ofHours(24);
  private boolean down;

  private final CertificateCache cache =
      new CertificateCache(this::certify, time, time, calls::add, new Random(7));

  private static SpiffeId id(String account) {
    return new SpiffeId("cluster.local", "ns", account);
  }

  private WorkloadCertificate certify(SpiffeId identity) {
    asked.add(identity);
    if (down) {
      throw new IllegalStateException("CA answered UNAVAILABLE");
    }
    return ROOT.workload(identity, time.instant(), time.instant().plus(life));
  }

  /** Lets the calls that were started come to their end, and those that follow. */
  private void answer() {
    while (!calls.isEmpty()) {
      calls.remove().run();
    }
  }

  private WorkloadCertificate fetched(SpiffeId identity) throws Exception {
    CompletableFuture<WorkloadCertificate> future = cache.fetch(identity, Priority.REAL_TIME);
    answer();
    assertThat(future).isDone();
    return future.get();
  }

  private String refusal(SpiffeId identity) {
    CompletableFuture<WorkloadCertificate> future = cache.fetch(identity, Priority.REAL_TIME);
    assertThat(future).isCompletedExceptionally();
    try {
      throw new AssertionError("got " + future.get());
    } catch (ExecutionException refused) {
      assertThat(refused.getCause()).isInstanceOf(Certificates.Unavailable.class);
      return String.valueOf(refused.getCause().getMessage());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName("ca 6: a hundred concurrent fetches of one identity are one call")
  void concurrent_fetches_share_a_call() throws Exception {
    List<CompletableFuture<WorkloadCertificate>> futures = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      futures.add(cache.fetch(ONE, Priority.REAL_TIME));
    }
    // One that gives up takes nobody along.
    futures.removeFirst().cancel(true);
    answer();
    assertThat(asked).containsExactly(ONE);
    WorkloadCertificate got = futures.getFirst().get();
    assertThat(futures).allSatisfy(future -> assertThat(future.get()).isSameAs(got));
  }

  @Test
  @DisplayName("ca 7: real time first, then warm-up, then what is due later")
  void urgent_calls_go_first() {
    down = true;
    for (int i = 0; i < 8; i++) {
      cache.fetch(id("busy" + i), Priority.REAL_TIME);
    }
    assertThat(calls).hasSize(8);
    cache.fetch(id("id1"), Priority.REAL_TIME);
    cache.fetch(id("id2"), Priority.BACKGROUND);
    cache.fetch(id("id3"), Priority.WARMUP);
    cache.fetch(id("id4"), Priority.REAL_TIME);
    assertThat(calls).as("no more than eight at once").hasSize(8);
    answer();
    assertThat(asked.subList(8, 12)).containsExactly(id("id1"), id("id4"), id("id3"), id("id2"));
  }

  @Test
  @DisplayName("ca 8: a warm-up somebody now waits for is served next")
  void a_demand_raises_a_queued_warmup() {
    for (int i = 0; i < 8; i++) {
      cache.fetch(id("busy" + i), Priority.REAL_TIME);
    }
    cache.prefetch(ONE);
    cache.prefetch(TWO);
    cache.fetch(TWO, Priority.REAL_TIME);
    answer();
    assertThat(asked.subList(8, 10)).containsExactly(TWO, ONE);
  }

  @Test
  @DisplayName("ca 9: with a life of 2 s renewal comes after about 1 s and brings a new serial")
  void half_of_the_life_is_enough() throws Exception {
    life = Duration.ofSeconds(2);
    cache.prefetch(ONE);
    answer();
    BigInteger first = fetched(ONE).serial();
    time.advance(Duration.ofMillis(940));
    assertThat(calls).isEmpty();
    time.advance(Duration.ofMillis(120));
    assertThat(calls).hasSize(1);
    answer();
    assertThat(fetched(ONE).serial()).isNotEqualTo(first);
    assertThat(asked).hasSize(2);
  }

  @Test
  void a_fleet_does_not_renew_at_one_moment() throws Exception {
    for (int i = 0; i < 50; i++) {
      cache.prefetch(id("w" + i));
      answer();
      asked.clear();
    }
    time.advance(Duration.ofMinutes(12 * 60).multipliedBy(95).dividedBy(100).minusSeconds(1));
    assertThat(calls).isEmpty();
    time.advance(Duration.ofMinutes(36));
    answer();
    assertThat(asked).hasSizeBetween(10, 40);
    time.advance(Duration.ofMinutes(37));
    answer();
    assertThat(asked).hasSize(50);
  }

  @Test
  void a_certificate_dated_back_is_not_renewed_at_once() throws Exception {
    CertificateCache backdating =
        new CertificateCache(
            identity ->
                ROOT.workload(
                    identity, time.instant().minusSeconds(120), time.instant().plusSeconds(10)),
            time,
            time,
            calls::add,
            new Random(7));
    backdating.prefetch(ONE);
    answer();
    time.advance(Duration.ofSeconds(4));
    assertThat(calls).isEmpty();
    time.advance(Duration.ofSeconds(2));
    assertThat(calls).hasSize(1);
  }

  @Test
  @DisplayName("ca 10: used until it expires, then refused at once, then recovered by a retry")
  void an_outage_is_bridged_until_expiry() throws Exception {
    WorkloadCertificate first = fetched(ONE);
    down = true;
    for (int hour = 0; hour < 23; hour++) {
      time.advance(Duration.ofHours(1));
      answer();
      assertThat(fetched(ONE)).isSameAs(first);
    }
    time.advance(Duration.ofMinutes(59));
    answer();
    assertThat(fetched(ONE)).isSameAs(first);
    assertThat(cache.rows().getFirst().state()).isEqualTo("Available");
    time.advance(Duration.ofMinutes(1));
    answer();
    int before = asked.size();
    assertThat(refusal(ONE)).contains(ONE.toString()).contains("CA answered UNAVAILABLE");
    assertThat(asked).hasSize(before);
    assertThat(cache.rows().getFirst().state()).isEqualTo("Unavailable: CA answered UNAVAILABLE");
    down = false;
    time.advance(Duration.ofSeconds(150));
    answer();
    assertThat(fetched(ONE)).isNotSameAs(first);
  }

  @Test
  @DisplayName("ca 11: attempts at growing intervals of at most 150 s; fetches between cause none")
  void attempts_back_off() {
    down = true;
    cache.fetch(ONE, Priority.REAL_TIME);
    answer();
    Instant last = time.instant();
    List<Duration> intervals = new ArrayList<>();
    while (intervals.size() < 12) {
      for (int i = 0; i < 3; i++) {
        refusal(ONE);
      }
      assertThat(calls).isEmpty();
      while (calls.isEmpty()) {
        time.advance(Duration.ofMillis(50));
      }
      intervals.add(Duration.between(last, time.instant()));
      last = time.instant();
      answer();
    }
    assertThat(intervals.getFirst()).isBetween(Duration.ofMillis(500), Duration.ofMillis(1000));
    assertThat(intervals.get(3)).isGreaterThan(intervals.get(2).multipliedBy(3).dividedBy(2));
    assertThat(intervals.getLast()).isBetween(Duration.ofSeconds(149), Duration.ofMillis(150_050));
  }

  @Test
  void what_could_not_be_had_is_tried_when_the_control_plane_is_back() throws Exception {
    down = true;
    cache.fetch(ONE, Priority.REAL_TIME);
    answer();
    refusal(ONE);
    down = false;
    cache.retryNow();
    assertThat(calls).hasSize(1);
    answer();
    assertThat(fetched(ONE).identity()).isEqualTo(ONE);
    cache.retryNow();
    assertThat(calls).isEmpty();
  }

  @Test
  @DisplayName("ca 12: forgotten with its last workload, fetched anew when one comes back")
  void a_forgotten_identity_is_not_renewed() throws Exception {
    WorkloadCertificate first = fetched(ONE);
    cache.forget(ONE);
    time.advance(Duration.ofHours(30));
    assertThat(calls).isEmpty();
    assertThat(cache.rows()).isEmpty();
    assertThat(fetched(ONE)).isNotSameAs(first);
  }

  @Test
  void the_answer_for_a_forgotten_identity_is_dropped() {
    CompletableFuture<WorkloadCertificate> waiting = cache.fetch(ONE, Priority.REAL_TIME);
    cache.forget(ONE);
    answer();
    assertThat(waiting).isCompletedExceptionally();
    assertThat(cache.rows()).isEmpty();
  }

  @Test
  void what_nobody_uses_and_no_workload_has_is_not_renewed_for_ever() {
    cache.fetch(ONE, Priority.REAL_TIME);
    cache.prefetch(TWO);
    answer();
    time.advance(Duration.ofHours(13));
    answer();
    assertThat(cache.rows()).extracting(CertificateCache.Row::identity).containsExactly(TWO);
  }

  @Test
  void warmups_beyond_the_limit_are_dropped() {
    for (int i = 0; i < 8; i++) {
      cache.fetch(id("busy" + i), Priority.REAL_TIME);
    }
    for (int i = 0; i < 400; i++) {
      cache.prefetch(id("w" + i));
    }
    assertThat(cache.rows()).hasSize(8 + 256);
  }

  @Test
  void rows_show_the_states() {
    cache.fetch(ONE, Priority.REAL_TIME);
    assertThat(cache.rows().getFirst().state()).isEqualTo("Initializing");
    answer();
    assertThat(cache.rows().getFirst().state()).isEqualTo("Available");
    assertThat(cache.rows().getFirst().certificate()).isPresent();
    cache.close();
    assertThat(refusal(ONE)).contains("shut down");
  }
}
