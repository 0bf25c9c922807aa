package dev.ambit.dataplane.controlplane;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys as PEM text. */
public final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private Pem() {}

  /** Some text is not the PEM that was expected. */
  public static final class Malformed extends RuntimeException {
    Malformed(String message) {
      super(message);
    }
  }

  /** All certificates of {@code text}, in order; other blocks are passed over. */
  public static List<X509Certificate> certificates(String text) {
    List<X509Certificate> certificates = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(text);
    while (blocks.find()) {
      if (blocks.group(1).equals("CERTIFICATE")) {
        certificates.add(certificate(decode(blocks.group(2))));
      }
    }
    if (certificates.isEmpty()) {
      throw new Malformed("certificates: got no CERTIFICATE block, expected at least one");
    }
    return certificates;
  }

  /** The first PKCS#8 private key of {@code text}; EC, or RSA. */
  public static PrivateKey privateKey(String text) {
    Matcher blocks = BLOCK.matcher(text);
    while (blocks.find()) {
      if (blocks.group(1).equals("PRIVATE KEY")) {
        return key(decode(blocks.group(2)));
      }
    }
    throw new Malformed("private key: got no PRIVATE KEY block, expected one (PKCS#8)");
  }

  /** A block of {@code type} with lines of 64 characters. */
  public static String encode(String type, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
  }

  /** The certificates, one block each. */
  public static String encode(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      text.append(encode("CERTIFICATE", der(certificate)));
    }
    return text.toString();
  }

  private static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateException broken) {
      throw new IllegalStateException("a parsed certificate has no encoding", broken);
    }
  }

  private static byte[] decode(String body) {
    try {
      return Base64.getMimeDecoder().decode(body.getBytes(StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException broken) {
      throw new Malformed("PEM block: got " + broken.getMessage() + ", expected base64");
    }
  }

  private static X509Certificate certificate(byte[] der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException broken) {
      throw new Malformed("certificate: " + broken.getMessage());
    }
  }

  private static PrivateKey key(byte[] der) {
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(der);
    for (String algorithm : List.of("EC", "RSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (GeneralSecurityException other) {
        // Not of this algorithm; the next one may fit.
      }
    }
    throw new Malformed("private key: got an unreadable one, expected EC or RSA in PKCS#8");
  }
}
