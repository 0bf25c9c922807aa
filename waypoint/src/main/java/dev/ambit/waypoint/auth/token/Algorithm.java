package dev.ambit.waypoint.auth.token;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * The ways to sign that are accepted (spec: l7-authorization §6). Neither {@code none} nor HMAC.
 */
enum Algorithm {
  RS256("SHA256withRSA", Family.RSA, 0),
  RS384("SHA384withRSA", Family.RSA, 0),
  RS512("SHA512withRSA", Family.RSA, 0),
  PS256("SHA-256", Family.RSA, 32),
  PS384("SHA-384", Family.RSA, 48),
  PS512("SHA-512", Family.RSA, 64),
  ES256("SHA256withECDSAinP1363Format", Family.EC, 256),
  ES384("SHA384withECDSAinP1363Format", Family.EC, 384),
  ES512("SHA512withECDSAinP1363Format", Family.EC, 521),
  EdDSA("Ed25519", Family.ED, 0);

  private static final int ED25519_BYTES = 64;

  private final String name;
  private final Family family;
  private final int size;

  private enum Family {
    RSA,
    EC,
    ED
  }

  Algorithm(String name, Family family, int size) {
    this.name = name;
    this.family = family;
    this.size = size;
  }

  /** Null when it is none of these; names are exact. */
  static @Nullable Algorithm named(String text) {
    for (Algorithm each : values()) {
      if (each.name().equals(text)) {
        return each;
      }
    }
    return null;
  }

  /** Whether a key is of the type this needs, so that none is ever used for another. */
  boolean fits(PublicKey key) {
    return switch (family) {
      case RSA -> key instanceof RSAPublicKey;
      case EC ->
          key instanceof ECPublicKey ec
              && ec.getParams().getCurve().getField().getFieldSize() == size;
      case ED -> key instanceof EdECPublicKey;
    };
  }

  /** Whether {@code signature} is that of {@code signed}; the key fits. */
  boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
    if (signature.length != length(key)) {
      return false;
    }
    try {
      Signature check = check();
      check.initVerify(key);
      check.update(signed);
      return check.verify(signature);
    } catch (GeneralSecurityException notOne) {
      return false;
    }
  }

  private int length(PublicKey key) {
    return switch (family) {
      case RSA -> key instanceof RSAPublicKey rsa ? (rsa.getModulus().bitLength() + 7) / 8 : -1;
      case EC -> 2 * ((size + 7) / 8);
      case ED -> ED25519_BYTES;
    };
  }

  private Signature check() throws NoSuchAlgorithmException, InvalidAlgorithmParameterException {
    if (family != Family.RSA || size == 0) {
      return Signature.getInstance(name);
    }
    Signature pss = Signature.getInstance("RSASSA-PSS");
    pss.setParameter(new PSSParameterSpec(name, "MGF1", new MGF1ParameterSpec(name), size, 1));
    return pss;
  }
}
