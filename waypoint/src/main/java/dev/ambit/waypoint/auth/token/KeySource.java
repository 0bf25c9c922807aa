package dev.ambit.waypoint.auth.token;

import dev.ambit.daemon.Log;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The keys of one issuer, kept fresh by one virtual thread ({@link #keepFresh}); readable from any
 * thread at any time.
 */
final class KeySource {
  private static final Log LOG = Log.scope("jwks");

  private final KeyOrigin origin;
  private final TokenSettings settings;
  private final List<WeakReference<JwtRule>> users = new CopyOnWriteArrayList<>();
  private final Semaphore wanted = new Semaphore(0);
  private final AtomicReference<Instant> nextEarly = new AtomicReference<>(Instant.MIN);
  private volatile @Nullable KeySet keys;
  private volatile Instant fetched = Instant.MIN;
  private volatile String problem = "not fetched yet";

  KeySource(KeyOrigin origin, TokenSettings settings) {
    this.origin = origin;
    this.settings = settings;
    if (isInline()) {
      KeySet.Read read = KeySet.read(origin.inline().getBytes(StandardCharsets.UTF_8));
      keys = read.keys();
      problem = read.problem();
    }
  }

  boolean isInline() {
    return origin.address().isEmpty();
  }

  /** The source is kept up for as long as somebody holds one of its rules. */
  void use(JwtRule rule) {
    users.removeIf(each -> each.refersTo(null));
    if (users.stream().noneMatch(each -> each.refersTo(rule))) {
      users.add(new WeakReference<>(rule));
    }
  }

  boolean isUsed() {
    return users.stream().anyMatch(each -> !each.refersTo(null));
  }

  /** Null while there are none, or only ones that are too old. */
  @Nullable KeySet keys() {
    boolean fresh = isInline() || settings.clock().instant().isBefore(goodUntil());
    return fresh ? keys : null;
  }

  private Instant goodUntil() {
    Instant since = fetched;
    return since.equals(Instant.MIN) ? since : since.plus(settings.mostAge());
  }

  /** A token names a key that is not here: maybe it is new. At most once in a while. */
  void missed() {
    Instant now = settings.clock().instant();
    Instant next = nextEarly.get();
    if (!isInline()
        && !now.isBefore(next)
        && nextEarly.compareAndSet(next, now.plus(settings.earlyRefresh()))) {
      wanted.release();
    }
  }

  /** One row of a status page. */
  JwtTokens.Row row() {
    KeySet now = keys();
    return new JwtTokens.Row(
        isInline() ? "inline" : origin.address(), now == null ? 0 : now.keys().size(), problem);
  }

  /** Fetches until nobody uses it any more, as {@code goOn} says. */
  void keepFresh(KeyFetch fetch, Counts counts, BooleanSupplier goOn) throws InterruptedException {
    Duration pause = settings.firstRetry();
    while (goOn.getAsBoolean()) {
      boolean good = attempt(fetch);
      counts.fetched(good);
      Duration wait = settings.refresh();
      if (good) {
        pause = settings.firstRetry();
      } else {
        wait = pause;
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(settings.mostRetry()) > 0 ? settings.mostRetry() : doubled;
      }
      wanted.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS);
      wanted.drainPermits();
    }
  }

  /** How fetches went. */
  interface Counts {
    void fetched(boolean good);
  }

  private boolean attempt(KeyFetch fetch) throws InterruptedException {
    String wrong;
    try {
      KeySet.Read read = KeySet.read(document(fetch));
      KeySet now = read.keys();
      if (now != null) {
        // An equal set stays the same object, so that what was verified by it stays known.
        keys = now.equals(keys) ? keys : now;
        fetched = settings.clock().instant();
        if (!problem.isEmpty()) {
          LOG.info("keys fetched", "uri", origin.address(), "keys", now.keys().size());
        }
        problem = "";
        return true;
      }
      wrong = read.problem();
    } catch (IOException | IllegalArgumentException failed) {
      wrong = String.valueOf(failed.getMessage());
    }
    if (!wrong.equals(problem)) {
      LOG.warn("keys not fetched", "uri", origin.address(), "error", wrong);
    }
    problem = wrong;
    return false;
  }

  private byte[] document(KeyFetch fetch) throws IOException, InterruptedException {
    URI address = URI.create(origin.address());
    byte[] document = fetch.fetch(address, origin.timeout());
    if (!origin.discovered()) {
      return document;
    }
    ObjectNode fields = StrictJson.object(document);
    String named = fields == null ? null : StrictJson.text(fields, "jwks_uri");
    if (named == null) {
      throw new IOException(
          "got no \"jwks_uri\" at " + address + ", expected OpenID configuration");
    }
    return fetch.fetchNamed(URI.create(named), address, origin.timeout());
  }
}
