package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tokens are {@code head.issuer/subject.good} or end otherwise; {@code ~} ends a line. */
final class ScriptedTokens implements JwtAuthentication.Tokens {
  @Override
  public JwtAuthentication.@Nullable Parsed parse(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return null;
    }
    String[] who = parts[1].split("/", -1);
    Map<String, JwtClaims.Claim> claims = new HashMap<>();
    claims.put("iss", new JwtClaims.Text(who[0]));
    claims.put("sub", new JwtClaims.Text(who[1].replace("~", "\r\n")));
    return new JwtAuthentication.Parsed(
        new JwtClaims(claims), parts[2].equals("old") ? Stage.NOW.minusSeconds(3600) : null, null);
  }

  @Override
  public JwtAuthentication.Signature verify(JwtRule rule, String token) {
    return token.endsWith(".bad")
        ? JwtAuthentication.Signature.BAD
        : JwtAuthentication.Signature.GOOD;
  }
}
