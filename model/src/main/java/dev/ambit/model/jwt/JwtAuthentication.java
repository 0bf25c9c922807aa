package dev.ambit.model.jwt;

import dev.ambit.model.http.CorsPolicy;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.RequestAuthentication.InCookie;
import dev.ambit.model.object.RequestAuthentication.InHeader;
import dev.ambit.model.object.RequestAuthentication.InQuery;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.object.RequestAuthentication.TokenPlace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tokens of a request and judges them by all rules of its destination: no token passes, a
 * token must be valid for one of the rules that look where it is. Immutable; any thread.
 */
public final class JwtAuthentication {
  private static final Duration SKEW = Duration.ofSeconds(60);
  private static final List<TokenPlace> USUAL_PLACES =
      List.of(new InHeader("authorization", "Bearer "), new InQuery("access_token"));

  private final List<JwtRule> rules;
  private final Tokens tokens;
  private final Set<String> outputHeaders;

  /** The seam to parsing and keys. */
  public interface Tokens {
    /** Takes a token apart without trusting it; null when it is not a JWT. */
    @Nullable Parsed parse(String token);

    /** Checks the signature with the keys of the rule's issuer. */
    Signature verify(JwtRule rule, String token);

    /** A rule is in use from now on, and its keys will be needed. */
    default void wanted(JwtRule rule) {
      // Who has all keys need not know.
    }
  }

  /**
   * What a token says.
   *
   * @param expires null is never
   * @param notBefore null is always
   */
  public record Parsed(JwtClaims claims, @Nullable Instant expires, @Nullable Instant notBefore) {}

  /** What a signature turned out to be. */
  public enum Signature {
    GOOD,
    BAD,
    /** The keys could not be had; nobody can say. */
    NO_KEYS
  }

  public JwtAuthentication(List<JwtRule> rules, Tokens tokens) {
    this.rules = List.copyOf(rules);
    this.tokens = tokens;
    Set<String> names = new HashSet<>();
    for (JwtRule rule : rules) {
      names.addAll(rule.output().claimHeaders().keySet());
      if (!rule.output().payloadHeader().isEmpty()) {
        names.add(rule.output().payloadHeader());
      }
    }
    this.outputHeaders = Set.copyOf(names);
    this.rules.forEach(tokens::wanted);
  }

  /** The outcome. */
  public sealed interface Outcome {}

  /** The request has no token, or may go without. */
  public record NoToken() implements Outcome {}

  /** Every token of the request is valid. */
  public record Accepted(List<Valid> all) implements Outcome {
    public Accepted {
      all = List.copyOf(all);
    }

    /** What authorization goes by. */
    public JwtClaims claims() {
      return all.getFirst().claims();
    }
  }

  /** One valid token, the rule that took it and where it was. */
  public record Valid(JwtRule rule, TokenPlace place, String token, JwtClaims claims) {

    /** Whether the token is taken out of the request. */
    public boolean isRemoved() {
      return !rule.output().forwardToken();
    }

    /** Headers for the service, by name; a header of the client with such a name goes. */
    public Map<String, String> headers() {
      Map<String, String> headers = new LinkedHashMap<>();
      if (!rule.output().payloadHeader().isEmpty()) {
        String[] parts = token.split("\\.", -1);
        headers.put(rule.output().payloadHeader(), parts.length > 1 ? parts[1] : "");
      }
      rule.output()
          .claimHeaders()
          .forEach((header, claim) -> {
            List<String> values = claims.values(List.of(claim.split("\\.", -1)));
            if (!values.isEmpty()) {
              headers.put(header, String.join(",", values));
            }
          });
      return headers;
    }
  }

  /** The request is answered with {@code status} and {@code body}. */
  public record Rejected(int status, String body) implements Outcome {
    /** The {@code www-authenticate} of a 401; {@code url} is what was asked for. */
    public String challenge(String url) {
      return "Bearer realm=\"" + url.replace('"', '\'') + "\", error=\"invalid_token\"";
    }
  }

  private static final Outcome NO_TOKEN = new NoToken();

  /** Headers that only a token may set; whatever a client says in them goes. */
  public Set<String> outputHeaders() {
    return outputHeaders;
  }

  /** Judges the tokens of a request. A preflight of CORS carries none. */
  public Outcome decide(HttpAttributes request, Instant now) {
    if (rules.isEmpty() || CorsPolicy.isPreflight(request)) {
      return NO_TOKEN;
    }
    Map<TokenPlace, Found> places = new LinkedHashMap<>();
    for (JwtRule rule : rules) {
      for (TokenPlace place : rule.from().isEmpty() ? USUAL_PLACES : rule.from()) {
        String token = token(place, request);
        if (token != null) {
          places.computeIfAbsent(place, _ -> new Found(token, new ArrayList<>())).rules().add(rule);
        }
      }
    }
    List<Valid> valid = new ArrayList<>();
    for (Map.Entry<TokenPlace, Found> each : places.entrySet()) {
      switch (judged(each.getKey(), each.getValue(), now)) {
        case Rejected rejected -> {
          return rejected;
        }
        case Accepted accepted -> valid.addAll(accepted.all());
        case NoToken _ -> {
          // An empty place.
        }
      }
    }
    return valid.isEmpty() ? NO_TOKEN : new Accepted(valid);
  }

  /** A token and the rules that look where it is. */
  private record Found(String token, List<JwtRule> rules) {}

  private static @Nullable String token(TokenPlace place, HttpAttributes request) {
    return switch (place) {
      case InHeader(String name, String prefix) -> {
        String value = request.headers().joined(name);
        yield value == null || !value.startsWith(prefix)
            ? null
            : value.substring(prefix.length()).strip();
      }
      case InQuery(String name) -> request.queryValue(name);
      case InCookie(String name) -> request.cookie(name);
    };
  }

  private Outcome judged(TokenPlace place, Found found, Instant now) {
    Parsed parsed = tokens.parse(found.token());
    if (parsed == null) {
      return new Rejected(401, "Jwt is not in the form of Header.Payload.Signature");
    }
    Rejected last = new Rejected(401, "Jwt issuer is not configured");
    String issuer = parsed.claims().value("iss");
    for (JwtRule rule : found.rules()) {
      if (!rule.issuer().equals(issuer)) {
        continue;
      }
      Rejected problem = problem(rule, found.token(), parsed, now);
      if (problem == null) {
        JwtClaims claims = parsed.claims().withLists(rule.output().spaceDelimited());
        return new Accepted(List.of(new Valid(rule, place, found.token(), claims)));
      }
      last = problem;
    }
    return last;
  }

  private @Nullable Rejected problem(JwtRule rule, String token, Parsed parsed, Instant now) {
    if (parsed.notBefore() != null && now.plus(SKEW).isBefore(parsed.notBefore())) {
      return new Rejected(401, "Jwt not yet valid");
    }
    if (parsed.expires() != null && now.minus(SKEW).isAfter(parsed.expires())) {
      return new Rejected(401, "Jwt is expired");
    }
    List<String> audiences = parsed.claims().values(List.of("aud"));
    if (!rule.audiences().isEmpty() && audiences.stream().noneMatch(rule.audiences()::contains)) {
      return new Rejected(403, "Audiences in Jwt are not allowed");
    }
    return switch (tokens.verify(rule, token)) {
      case GOOD -> null;
      case BAD -> new Rejected(401, "Jwt verification fails");
      case NO_KEYS -> new Rejected(401, "Jwks remote fetch is failed");
    };
  }

  /** The rules of all objects that are attached to a destination. */
  public static JwtAuthentication of(List<RequestAuthentication> attached, Tokens tokens) {
    return new JwtAuthentication(
        attached.stream().flatMap(each -> each.rules().stream()).toList(), tokens);
  }
}
