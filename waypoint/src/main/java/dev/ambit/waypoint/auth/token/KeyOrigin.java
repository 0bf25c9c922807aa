package dev.ambit.waypoint.auth.token;

import dev.ambit.model.object.RequestAuthentication.JwtRule;
import java.time.Duration;

/**
 * Where the keys of a rule come from.
 *
 * @param inline the key set itself, else ""
 * @param address of the key set, or of the document that names it; "" when inline
 * @param discovered whether it is such a document
 */
record KeyOrigin(String inline, String address, boolean discovered, Duration timeout) {
  private static final String DISCOVERY = "/.well-known/openid-configuration";

  static KeyOrigin of(JwtRule rule) {
    if (!rule.jwks().isEmpty()) {
      return new KeyOrigin(rule.jwks(), "", false, Duration.ZERO);
    } else if (!rule.jwksUri().isEmpty()) {
      return new KeyOrigin("", rule.jwksUri(), false, rule.timeout());
    }
    String issuer = rule.issuer();
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    return new KeyOrigin("", base + DISCOVERY, true, rule.timeout());
  }
}
