package dev.ambit.model.object;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A {@code security.istio.io RequestAuthentication}; a waypoint obeys one with targets only (spec:
 * l7-authorization §6).
 */
public record RequestAuthentication(
    Metadata metadata,
    Map<String, String> selector,
    List<TargetReference> targetRefs,
    List<JwtRule> rules)
    implements ClusterObject {
  public RequestAuthentication {
    selector = Map.copyOf(selector);
    targetRefs = List.copyOf(targetRefs);
    rules = List.copyOf(rules);
  }

  @Override
  public RequestAuthentication withMetadata(Metadata other) {
    return new RequestAuthentication(other, selector, targetRefs, rules);
  }

  /**
   * Tokens of one issuer.
   *
   * @param audiences empty accepts any
   * @param jwks inline key set, "" when it is at {@code jwksUri}, or where the issuer says
   * @param from where tokens are looked for; empty is the usual places
   */
  public record JwtRule(
      String issuer,
      List<String> audiences,
      String jwks,
      String jwksUri,
      List<TokenPlace> from,
      Output output,
      Duration timeout) {
    public JwtRule {
      audiences = List.copyOf(audiences);
      from = List.copyOf(from);
    }
  }

  /** Where a token may be. */
  public sealed interface TokenPlace {}

  /** After {@code prefix} in a header, by its name in lower case. */
  public record InHeader(String name, String prefix) implements TokenPlace {}

  /** In a query parameter. */
  public record InQuery(String name) implements TokenPlace {}

  /** In a cookie. */
  public record InCookie(String name) implements TokenPlace {}

  /**
   * What the service sees of a token that was accepted.
   *
   * @param forwardToken whether the token itself stays
   * @param payloadHeader "" for none
   * @param claimHeaders header to claim
   * @param spaceDelimited claims whose text is a list of words
   */
  public record Output(
      boolean forwardToken,
      String payloadHeader,
      Map<String, String> claimHeaders,
      List<String> spaceDelimited) {
    public Output {
      claimHeaders = Map.copyOf(claimHeaders);
      spaceDelimited = List.copyOf(spaceDelimited);
    }
  }
}
