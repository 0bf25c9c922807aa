package dev.ambit.dataplane.identity;

import dev.ambit.daemon.Log;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of the identities on this node: each fetched once however many wait for it,
 * renewed at half its life, dropped with its last workload (spec: ca §5). Thread-safe. Calls never
 * block; the source is asked on the given executor, at most eight times at once.
 */
public final class CertificateCache implements Certificates, AutoCloseable {
  private static final Log LOG = Log.scope("certificates");

  private static final int MOST_IN_FLIGHT = 8;
  private static final int MOST_WARMUPS = 256;
  private static final int MOST_IDENTITIES = 10_000;
  private static final Duration FIRST_RETRY = Duration.ofMillis(500);
  private static final Duration LAST_RETRY = Duration.ofSeconds(150);
  private static final double RENEWAL_JITTER = 0.05;
  private static final double RETRY_JITTER = 0.2;

  /** Who makes certificates. Blocking; throws with a sentence an operator understands. */
  public interface Source {
    WorkloadCertificate certify(SpiffeId identity) throws InterruptedException;
  }

  /** Runs something later, on any thread. */
  public interface Timer {
    void after(Duration delay, Runnable task);
  }

  /**
   * One identity, for the dump.
   *
   * @param state {@code Initializing}, {@code Available} or {@code Unavailable: reason}
   */
  public record Row(SpiffeId identity, String state, Optional<WorkloadCertificate> certificate) {}

  private final Source source;
  private final InstantSource clock;
  private final Timer timer;
  private final Executor workers;
  private final RandomGenerator random;

  private final Map<SpiffeId, Entry> entries = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private int inFlight;
  private long sequence;
  private Instant nextWake = Instant.MAX;
  private boolean closed;

  public CertificateCache(
      Source source, InstantSource clock, Timer timer, Executor workers, RandomGenerator random) {
    this.source = source;
    this.clock = clock;
    this.timer = timer;
    this.workers = workers;
    this.random = random;
  }

  /** Guarded by the lock, but for the volatile fields. */
  private static final class Entry {
    private final SpiffeId identity;
    private final CompletableFuture<WorkloadCertificate> first = new CompletableFuture<>();

    /** What {@link #fetch} answers: pending, a certificate, or failed. */
    private volatile CompletableFuture<WorkloadCertificate> current = first;

    /** Asked for since the last issue, or kept for a local workload. */
    private volatile boolean wanted = true;

    private volatile @Nullable WorkloadCertificate certificate;
    private boolean pinned;
    private @Nullable String error;
    private boolean waiting = true;
    private Priority priority;
    private Instant due;
    private long order;
    private int failures;

    Entry(SpiffeId identity, Priority priority, Instant due, long order) {
      this.identity = identity;
      this.priority = priority;
      this.due = due;
      this.order = order;
    }
  }

  @Override
  public CompletableFuture<WorkloadCertificate> fetch(SpiffeId identity, Priority priority) {
    Entry known = entries.get(identity);
    if (known != null) {
      known.wanted = true;
      CompletableFuture<WorkloadCertificate> current = known.current;
      if (current.isDone() && (current.isCompletedExceptionally() || !expired(known))) {
        return current;
      }
    }
    lock.lock();
    try {
      return demand(identity, priority);
    } finally {
      lock.unlock();
    }
  }

  private boolean expired(Entry entry) {
    WorkloadCertificate certificate = entry.certificate;
    return certificate != null && !clock.instant().isBefore(certificate.notAfter());
  }

  private CompletableFuture<WorkloadCertificate> demand(SpiffeId identity, Priority priority) {
    Entry entry = entries.get(identity);
    if (entry == null) {
      if (closed || entries.size() >= MOST_IDENTITIES) {
        return CompletableFuture.failedFuture(
            new Unavailable(
                identity, closed ? "shut down" : "too many identities: " + MOST_IDENTITIES));
      }
      entry = new Entry(identity, priority, clock.instant(), sequence++);
      entries.put(identity, entry);
      startDue();
    } else if (expired(entry) && !entry.current.isCompletedExceptionally()) {
      lose(entry, entry.error == null ? "expired, renewal is due" : entry.error);
    } else if (entry.waiting
        && entry.current == entry.first
        && priority.compareTo(entry.priority) < 0) {
      entry.priority = priority;
      entry.due = clock.instant();
      startDue();
    }
    // A waiter that gives up must not take the others along.
    return entry.current.isDone() ? entry.current : entry.current.copy();
  }

  /** Fetches ahead for a workload of this node; drops the wish when too many wait already. */
  public void prefetch(SpiffeId identity) {
    lock.lock();
    try {
      Entry known = entries.get(identity);
      if (known != null) {
        known.pinned = true;
        return;
      }
      long warmups =
          entries.values().stream()
              .filter(entry -> entry.waiting && entry.priority == Priority.WARMUP)
              .count();
      if (warmups < MOST_WARMUPS) {
        demand(identity, Priority.WARMUP);
        Entry made = entries.get(identity);
        if (made != null) {
          made.pinned = true;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** The last workload of {@code identity} has left this node: key and certificate are dropped. */
  public void forget(SpiffeId identity) {
    lock.lock();
    Entry gone;
    try {
      gone = entries.remove(identity);
    } finally {
      lock.unlock();
    }
    if (gone != null) {
      gone.first.completeExceptionally(new Unavailable(identity, "no workload has it any more"));
    }
  }

  /** The CA may be back: what could not be had is tried now instead of after its delay. */
  public void retryNow() {
    lock.lock();
    try {
      for (Entry entry : entries.values()) {
        if (entry.waiting && entry.failures > 0) {
          entry.due = clock.instant();
        }
      }
      startDue();
    } finally {
      lock.unlock();
    }
  }

  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    lock.lock();
    try {
      for (Entry entry : entries.values()) {
        String state = "Available";
        if (!entry.current.isDone()) {
          state = "Initializing";
        } else if (entry.current.isCompletedExceptionally() || expired(entry)) {
          state = "Unavailable: " + (entry.error == null ? "expired" : entry.error);
        }
        rows.add(new Row(entry.identity, state, Optional.ofNullable(entry.certificate)));
      }
    } finally {
      lock.unlock();
    }
    rows.sort(Comparator.comparing(row -> row.identity().toString()));
    return rows;
  }

  @Override
  public void close() {
    lock.lock();
    List<SpiffeId> all;
    try {
      closed = true;
      all = List.copyOf(entries.keySet());
    } finally {
      lock.unlock();
    }
    all.forEach(this::forget);
  }

  private void wake() {
    lock.lock();
    try {
      nextWake = Instant.MAX;
      startDue();
    } finally {
      lock.unlock();
    }
  }

  /** Starts what is due, the most urgent first, and sees to it that the rest is woken for. */
  private void startDue() {
    Instant now = clock.instant();
    // Made by a demand, not asked for since, and of no local workload: not renewed for ever.
    entries
        .values()
        .removeIf(entry ->
            entry.waiting
                && entry.certificate != null
                && !entry.wanted
                && !entry.pinned
                && !entry.due.isAfter(now));
    while (inFlight < MOST_IN_FLIGHT && !closed) {
      Optional<Entry> next =
          entries.values().stream()
              .filter(entry -> entry.waiting && !entry.due.isAfter(now))
              .min(
                  Comparator.comparing((Entry entry) -> entry.priority)
                      .thenComparing(entry -> entry.due)
                      .thenComparing(entry -> entry.order));
      if (next.isEmpty()) {
        break;
      }
      Entry entry = next.get();
      entry.waiting = false;
      inFlight++;
      workers.execute(() -> run(entry));
    }
    Optional<Instant> later =
        entries.values().stream()
            .filter(entry -> entry.waiting && entry.due.isAfter(now))
            .map(entry -> entry.due)
            .min(Comparator.naturalOrder());
    if (later.isPresent() && later.get().isBefore(nextWake)) {
      nextWake = later.get();
      timer.after(Duration.between(now, nextWake), this::wake);
    }
  }

  private void run(Entry entry) {
    WorkloadCertificate issued = null;
    String failure = "interrupted";
    try {
      issued = source.certify(entry.identity);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException refused) {
      failure = refused.getMessage() == null ? refused.toString() : refused.getMessage();
    }
    lock.lock();
    try {
      inFlight--;
      if (entries.get(entry.identity) == entry) {
        entry.order = sequence++;
        entry.waiting = true;
        if (issued != null) {
          gain(entry, issued);
        } else {
          miss(entry, failure);
        }
      }
      startDue();
    } finally {
      lock.unlock();
    }
    settle(entry);
  }

  /** Tells the waiters, without the lock. */
  private static void settle(Entry entry) {
    CompletableFuture<WorkloadCertificate> outcome = entry.current;
    if (outcome == entry.first) {
      return;
    }
    outcome.whenComplete((certificate, failure) -> {
      if (failure != null) {
        entry.first.completeExceptionally(failure);
      } else {
        entry.first.complete(certificate);
      }
    });
  }

  private void gain(Entry entry, WorkloadCertificate issued) {
    Instant now = clock.instant();
    boolean renewal = entry.certificate != null;
    entry.certificate = issued;
    entry.error = null;
    entry.failures = 0;
    entry.wanted = false;
    entry.current = CompletableFuture.completedFuture(issued);
    entry.priority = Priority.BACKGROUND;
    entry.due = now.plus(renewIn(issued, now));
    LOG.debug(
        renewal ? "certificate renewed" : "certificate issued",
        "identity",
        entry.identity.toString(),
        "expires",
        issued.notAfter().toString());
  }

  /** Half of its life, a little sooner or later so that a fleet does not come at once. */
  private Duration renewIn(WorkloadCertificate issued, Instant now) {
    Duration life = Duration.between(issued.notBefore(), issued.notAfter());
    Duration untilHalf = Duration.between(now, issued.notBefore().plus(life.dividedBy(2)));
    // CAs date certificates back; of very short ones half would be over when they arrive.
    Duration halfOfRest = Duration.between(now, issued.notAfter()).dividedBy(2);
    Duration longer = untilHalf.compareTo(halfOfRest) > 0 ? untilHalf : halfOfRest;
    return scaled(longer, 1 + random.nextDouble(-RENEWAL_JITTER, RENEWAL_JITTER));
  }

  private void miss(Entry entry, String failure) {
    Instant now = clock.instant();
    entry.error = failure;
    Duration delay = FIRST_RETRY.multipliedBy(1L << Math.min(entry.failures, 10));
    delay = scaled(delay, 1 + random.nextDouble(0, RETRY_JITTER));
    entry.due = now.plus(delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay);
    entry.failures++;
    WorkloadCertificate old = entry.certificate;
    if (old != null && now.isBefore(old.notAfter())) {
      // The last attempt comes no later than the end, so that the loss is noticed then.
      entry.due = entry.due.isAfter(old.notAfter()) ? old.notAfter() : entry.due;
    } else {
      lose(entry, failure);
    }
    LOG.warn(
        "certificate not issued",
        "identity",
        entry.identity.toString(),
        "next_attempt",
        entry.due.toString(),
        "error",
        failure);
  }

  private static void lose(Entry entry, String reason) {
    entry.error = reason;
    entry.current = CompletableFuture.failedFuture(new Unavailable(entry.identity, reason));
  }

  private static Duration scaled(Duration duration, double factor) {
    return Duration.ofNanos((long) (duration.toNanos() * factor));
  }
}
