package dev.ambit.waypoint.auth.token;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Tasks;
import dev.ambit.model.jwt.JwtAuthentication.Parsed;
import dev.ambit.model.jwt.JwtAuthentication.Signature;
import dev.ambit.model.jwt.JwtAuthentication.Tokens;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import io.micrometer.core.instrument.Counter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Tokens and the keys of their issuers (spec: l7-authorization §6). Keys are fetched in the
 * background from the moment a rule is programmed, and for as long as somebody holds the rule; any
 * thread may ask at any time and never waits.
 */
public final class JwtTokens implements Tokens, AutoCloseable {
  private static final Log LOG = Log.scope("jwks");
  private static final int MOST_SOURCES = 512;

  private final Map<KeyOrigin, KeySource> sources = new ConcurrentHashMap<>();
  private final VerifiedTokens verified = new VerifiedTokens();
  private final Tasks tasks = new Tasks("jwks");
  private final TokenSettings settings;
  private final KeyFetch fetch;
  private final Counters counters;

  private record Counters(
      Counter fetches,
      Counter failedFetches,
      Counter good,
      Counter cached,
      Counter bad,
      Counter unknown) {
    static Counters in(Metrics metrics) {
      return new Counters(
          counter(metrics, "ambit_waypoint_jwks_fetches", "result", "ok"),
          counter(metrics, "ambit_waypoint_jwks_fetches", "result", "failed"),
          counter(metrics, "ambit_waypoint_jwt_checks", "result", "good"),
          counter(metrics, "ambit_waypoint_jwt_checks", "result", "cached"),
          counter(metrics, "ambit_waypoint_jwt_checks", "result", "bad"),
          counter(metrics, "ambit_waypoint_jwt_checks", "result", "no_keys"));
    }

    private static Counter counter(Metrics metrics, String name, String label, String value) {
      return Counter.builder(name)
          .tag(label, value)
          .description(
              name.endsWith("fetches") ? "Fetches of key sets." : "Checks of token signatures.")
          .register(metrics.registry());
    }
  }

  /**
   * Where keys come from and how that goes.
   *
   * @param problem "" when the last fetch went well
   */
  public record Row(String origin, int keys, String problem) {}

  public JwtTokens(TokenSettings settings, KeyFetch fetch, Metrics metrics) {
    this.settings = settings;
    this.fetch = fetch;
    this.counters = Counters.in(metrics);
  }

  @Override
  public void wanted(JwtRule rule) {
    source(rule);
  }

  private @Nullable KeySource source(JwtRule rule) {
    KeyOrigin origin = KeyOrigin.of(rule);
    if (!sources.containsKey(origin) && sources.size() >= MOST_SOURCES) {
      LOG.warn("no more key sets", "issuer", rule.issuer(), "expected", "at most " + MOST_SOURCES);
      return null;
    }
    return sources.compute(
        origin,
        (_, known) -> {
          KeySource source = known == null ? started(origin) : known;
          source.use(rule);
          return source;
        });
  }

  private KeySource started(KeyOrigin origin) {
    KeySource source = new KeySource(origin, settings);
    if (!source.isInline()) {
      tasks.start(
          origin.address(), () -> source.keepFresh(fetch, this::fetched, () -> kept(origin)));
    }
    return source;
  }

  private void fetched(boolean good) {
    (good ? counters.fetches : counters.failedFetches).increment();
  }

  private boolean kept(KeyOrigin origin) {
    return sources.computeIfPresent(origin, (_, source) -> source.isUsed() ? source : null) != null;
  }

  @Override
  public @Nullable Parsed parse(String token) {
    Jwt jwt = parsed(token);
    return jwt == null ? null : jwt.parsed();
  }

  private @Nullable Jwt parsed(String token) {
    Jwt known = verified.known(token);
    return known == null ? Jwt.parse(token) : known;
  }

  @Override
  public Signature verify(JwtRule rule, String token) {
    KeySource known = sources.get(KeyOrigin.of(rule));
    KeySource source = known == null ? source(rule) : known;
    KeySet keys = source == null ? null : source.keys();
    if (source == null || keys == null) {
      counters.unknown.increment();
      return Signature.NO_KEYS;
    }
    if (verified.isVerified(token, keys)) {
      counters.cached.increment();
      return Signature.GOOD;
    }
    Jwt jwt = parsed(token);
    return jwt == null ? Signature.BAD : checked(source, keys, token, jwt);
  }

  private Signature checked(KeySource source, KeySet keys, String token, Jwt jwt) {
    return switch (keys.check(jwt)) {
      case GOOD -> {
        verified.add(token, jwt, keys);
        counters.good.increment();
        yield Signature.GOOD;
      }
      case BAD -> {
        counters.bad.increment();
        yield Signature.BAD;
      }
      case NO_SUCH_KEY -> {
        source.missed();
        counters.bad.increment();
        yield Signature.BAD;
      }
    };
  }

  /** All key sets, for status pages. */
  public List<Row> rows() {
    return sources.values().stream()
        .map(KeySource::row)
        .sorted(Comparator.comparing(Row::origin))
        .toList();
  }

  @Override
  public void close() {
    tasks.close();
  }
}
