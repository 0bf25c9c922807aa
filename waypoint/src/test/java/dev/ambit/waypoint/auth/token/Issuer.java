package dev.ambit.waypoint.auth.token;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** Signs tokens for tests, and shows its keys. */
public final class Issuer {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  final KeyPair pair;
  final String keyId;

  public Issuer(String type, String keyId) {
    this.keyId = keyId;
    try {
      this.pair =
          switch (type) {
            case "RSA" -> rsa(2048);
            case "RSA-1024" -> rsa(1024);
            case "Ed25519" -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            default -> ec(type);
          };
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair rsa(int bits) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }

  private static KeyPair ec(String curve) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  static String encode(byte[] bytes) {
    return BASE64.encodeToString(bytes);
  }

  static String encode(String text) {
    return encode(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A token with this key's name. */
  public String token(String algorithm, String payload) {
    return signed(algorithm, "{\"alg\":\"" + algorithm + "\",\"kid\":\"" + keyId + "\"}", payload);
  }

  String signed(String algorithm, String header, String payload) {
    String text = encode(header) + "." + encode(payload);
    return text + "." + encode(signature(algorithm, text.getBytes(StandardCharsets.US_ASCII)));
  }

  byte[] signature(String algorithm, byte[] text) {
    try {
      Signature signature = signer(algorithm);
      signature.initSign(pair.getPrivate());
      signature.update(text);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Signature signer(String algorithm) throws GeneralSecurityException {
    String size = algorithm.substring(2);
    if (algorithm.startsWith("PS")) {
      Signature pss = Signature.getInstance("RSASSA-PSS");
      String hash = "SHA-" + size;
      int salt = Integer.parseInt(size) / 8;
      pss.setParameter(new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), salt, 1));
      return pss;
    } else if (algorithm.equals("EdDSA")) {
      return Signature.getInstance("Ed25519");
    }
    return Signature.getInstance(
        algorithm.startsWith("RS")
            ? "SHA" + size + "withRSA"
            : "SHA" + size + "withECDSAinP1363Format");
  }

  /** The public key as a JSON Web Key. */
  String key() {
    return "{\"kid\":\"" + keyId + "\",\"use\":\"sig\"," + bareKey() + "}";
  }

  String bareKey() {
    PublicKey key = pair.getPublic();
    if (key instanceof RSAPublicKey rsa) {
      return "\"kty\":\"RSA\",\"n\":\""
          + encode(bytes(rsa.getModulus(), 0))
          + "\",\"e\":\""
          + encode(bytes(rsa.getPublicExponent(), 0))
          + "\"";
    } else if (key instanceof ECPublicKey ec) {
      int bits = ec.getParams().getCurve().getField().getFieldSize();
      int length = (bits + 7) / 8;
      return "\"kty\":\"EC\",\"crv\":\"P-"
          + bits
          + "\",\"x\":\""
          + encode(bytes(ec.getW().getAffineX(), length))
          + "\",\"y\":\""
          + encode(bytes(ec.getW().getAffineY(), length))
          + "\"";
    } else if (key instanceof EdECPublicKey ed) {
      byte[] y = bytes(ed.getPoint().getY(), 32);
      byte[] little = new byte[32];
      for (int i = 0; i < 32; i++) {
        little[i] = y[31 - i];
      }
      little[31] |= (byte) (ed.getPoint().isXOdd() ? 0x80 : 0);
      return "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + encode(little) + "\"";
    }
    throw new IllegalStateException(key.getAlgorithm());
  }

  public static String set(Issuer... issuers) {
    return set(Arrays.stream(issuers).map(Issuer::key).toList());
  }

  static String set(List<String> keys) {
    return "{\"keys\":[" + String.join(",", keys) + "]}";
  }

  private static byte[] bytes(BigInteger number, int length) {
    byte[] bytes = number.toByteArray();
    if (bytes[0] == 0 && bytes.length > 1) {
      bytes = Arrays.copyOfRange(bytes, 1, bytes.length);
    }
    if (bytes.length >= length) {
      return bytes;
    }
    byte[] padded = new byte[length];
    System.arraycopy(bytes, 0, padded, length - bytes.length, bytes.length);
    return padded;
  }
}
