package dev.ambit.waypoint.auth.token;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The public key inside a JSON Web Key (RFC 7518 §6, RFC 8037 §2). */
final class WebKey {
  private static final int LEAST_RSA = 2048;
  private static final int MOST_RSA = 8192;
  private static final int MOST_EXPONENT = 33;
  private static final int ED25519_BYTES = 32;

  private WebKey() {}

  /** Null when it is none that we can use. */
  static @Nullable PublicKey read(ObjectNode fields) {
    String type = StrictJson.text(fields, "kty");
    if (type == null) {
      return null;
    }
    try {
      return switch (type) {
        case "RSA" -> rsa(number(fields, "n"), number(fields, "e"));
        case "EC" -> ec(StrictJson.text(fields, "crv"), number(fields, "x"), number(fields, "y"));
        case "OKP" -> ed(StrictJson.text(fields, "crv"), bytes(fields, "x"));
        default -> null;
      };
    } catch (GeneralSecurityException unusable) {
      return null;
    }
  }

  private static byte @Nullable [] bytes(ObjectNode fields, String name) {
    String text = StrictJson.text(fields, name);
    return text == null || text.isEmpty() ? null : Base64Url.decode(text);
  }

  private static @Nullable BigInteger number(ObjectNode fields, String name) {
    byte[] bytes = bytes(fields, name);
    return bytes == null ? null : new BigInteger(1, bytes);
  }

  private static @Nullable PublicKey rsa(
      @Nullable BigInteger modulus, @Nullable BigInteger exponent) throws GeneralSecurityException {
    if (modulus == null
        || exponent == null
        || modulus.bitLength() < LEAST_RSA
        || modulus.bitLength() > MOST_RSA
        || !modulus.testBit(0)
        || !exponent.testBit(0)
        || exponent.bitLength() < 2
        || exponent.bitLength() > MOST_EXPONENT) {
      return null;
    }
    return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
  }

  private static @Nullable PublicKey ec(
      @Nullable String curve, @Nullable BigInteger x, @Nullable BigInteger y)
      throws GeneralSecurityException {
    String name =
        switch (curve) {
          case "P-256" -> "secp256r1";
          case "P-384" -> "secp384r1";
          case "P-521" -> "secp521r1";
          case null, default -> "";
        };
    if (name.isEmpty() || x == null || y == null) {
      return null;
    }
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec(name));
    ECParameterSpec spec = parameters.getParameterSpec(ECParameterSpec.class);
    return isOnCurve(spec, x, y)
        ? KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x, y), spec))
        : null;
  }

  private static boolean isOnCurve(ECParameterSpec spec, BigInteger x, BigInteger y) {
    if (!(spec.getCurve().getField() instanceof ECFieldFp field)) {
      return false;
    }
    BigInteger p = field.getP();
    BigInteger right =
        x.multiply(x).add(spec.getCurve().getA()).multiply(x).add(spec.getCurve().getB()).mod(p);
    return x.compareTo(p) < 0 && y.compareTo(p) < 0 && y.multiply(y).mod(p).equals(right);
  }

  private static @Nullable PublicKey ed(@Nullable String curve, byte @Nullable [] x)
      throws GeneralSecurityException {
    if (!"Ed25519".equals(curve) || x == null || x.length != ED25519_BYTES) {
      return null;
    }
    byte[] bigEndian = new byte[ED25519_BYTES];
    for (int i = 0; i < ED25519_BYTES; i++) {
      bigEndian[i] = x[ED25519_BYTES - 1 - i];
    }
    boolean odd = (bigEndian[0] & 0x80) != 0;
    bigEndian[0] &= 0x7f;
    EdECPoint point = new EdECPoint(odd, new BigInteger(1, bigEndian));
    return KeyFactory.getInstance("Ed25519")
        .generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
  }
}
