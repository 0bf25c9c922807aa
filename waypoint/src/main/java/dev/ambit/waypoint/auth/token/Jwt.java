package dev.ambit.waypoint.auth.token;

import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.http.JwtClaims.Claim;
import dev.ambit.model.jwt.JwtAuthentication.Parsed;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A token taken apart, trusted in nothing yet (RFC 7515, 7519). One that means something else to
 * another reader is none: a claim twice, an issuer that is a list, a time that is text.
 *
 * @param keyId "" when it names no key
 * @param algorithm null when it is none we accept
 */
record Jwt(
    @Nullable Algorithm algorithm, String keyId, Parsed parsed, byte[] signed, byte[] signature) {
  private static final int MOST_BYTES = 16 * 1024;
  private static final BigDecimal LAST = BigDecimal.valueOf(253_402_300_799L);

  /** Null when it is no token. */
  static @Nullable Jwt parse(String token) {
    int first = token.indexOf('.');
    int second = token.indexOf('.', first + 1);
    if (token.length() > MOST_BYTES
        || first <= 0
        || second < 0
        || token.indexOf('.', second + 1) >= 0) {
      return null;
    }
    byte[] head = Base64Url.decode(token.substring(0, first));
    byte[] payload = Base64Url.decode(token.substring(first + 1, second));
    byte[] signature = Base64Url.decode(token.substring(second + 1));
    if (head == null || payload == null || signature == null) {
      return null;
    }
    ObjectNode header = StrictJson.object(head);
    ObjectNode claims = StrictJson.object(payload);
    if (header == null || claims == null) {
      return null;
    }
    String algorithm = StrictJson.text(header, "alg");
    // What "crit" lists must be understood, and nothing is (RFC 7515 §4.1.11).
    if (algorithm == null || header.has("crit") || !StrictJson.isTextIfAny(header, "kid")) {
      return null;
    }
    Parsed parsed = parsed(claims);
    String keyId = StrictJson.text(header, "kid");
    return parsed == null
        ? null
        : new Jwt(
            Algorithm.named(algorithm),
            keyId == null ? "" : keyId,
            parsed,
            token.substring(0, second).getBytes(StandardCharsets.US_ASCII),
            signature);
  }

  private static @Nullable Parsed parsed(ObjectNode claims) {
    if (!StrictJson.isTextIfAny(claims, "iss")
        || !StrictJson.isTextIfAny(claims, "sub")
        || !isAudience(claims.get("aud"))
        || !isTime(claims.get("exp"))
        || !isTime(claims.get("nbf"))) {
      return null;
    }
    return new Parsed(
        new JwtClaims(claims(claims)), time(claims.get("exp")), time(claims.get("nbf")));
  }

  private static boolean isAudience(@Nullable JsonNode audience) {
    if (audience == null || audience.isString()) {
      return true;
    }
    return audience.isArray() && audience.valueStream().allMatch(JsonNode::isString);
  }

  private static boolean isTime(@Nullable JsonNode time) {
    boolean finite =
        time != null
            && time.isNumber()
            && (time.isIntegralNumber() || Double.isFinite(time.doubleValue()));
    return time == null || (finite && time.decimalValue().signum() >= 0);
  }

  private static @Nullable Instant time(@Nullable JsonNode time) {
    return time == null ? null : Instant.ofEpochSecond(time.decimalValue().min(LAST).longValue());
  }

  private static Map<String, Claim> claims(ObjectNode object) {
    Map<String, Claim> claims = new HashMap<>();
    object
        .properties()
        .forEach(each -> {
          Claim claim = claim(each.getValue());
          if (claim != null) {
            claims.put(each.getKey(), claim);
          }
        });
    return claims;
  }

  private static @Nullable Claim claim(JsonNode value) {
    if (value instanceof ObjectNode object) {
      return new JwtClaims.Nested(claims(object));
    } else if (value.isArray()) {
      List<String> texts = new ArrayList<>();
      value.forEach(each -> {
        if (each.isValueNode() && !each.isNull()) {
          texts.add(each.asString());
        }
      });
      return new JwtClaims.Texts(texts);
    }
    return value.isNull() ? null : new JwtClaims.Text(value.asString());
  }
}
