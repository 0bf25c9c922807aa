package dev.ambit.controller.ca;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Certificates and keys as PEM text. */
final class Pem {
  private static final Base64.Encoder LINES =
      Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

  private Pem() {}

  /** What was read is not what it should be. */
  static final class Malformed extends RuntimeException {
    Malformed(String what, Throwable cause) {
      super(what, cause);
    }

    Malformed(String what) {
      super(what);
    }
  }

  static String certificate(X509Certificate certificate) {
    try {
      return block("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new Malformed("a certificate cannot be encoded", e);
    }
  }

  static String privateKey(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded());
  }

  private static String block(String label, byte[] content) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + LINES.encodeToString(content)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** Every certificate of {@code pem}; at least one. */
  static List<X509Certificate> certificates(String source, byte[] pem) {
    try {
      List<X509Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (found.isEmpty()) {
        throw new Malformed(source + ": got no certificate, expected at least one in PEM");
      }
      return found;
    } catch (GeneralSecurityException e) {
      throw new Malformed(source + ": got something else, expected PEM certificates", e);
    }
  }

  /** A key in PKCS#8, or in the older forms of EC and RSA. */
  static PrivateKey key(String source, byte[] pem) {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    try (PEMParser parser =
        new PEMParser(new StringReader(new String(pem, StandardCharsets.US_ASCII)))) {
      for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
        if (found instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
        if (found instanceof PEMKeyPair pair) {
          return converter.getPrivateKey(pair.getPrivateKeyInfo());
        }
        // Older tools put the curve's parameters in front of the key.
      }
    } catch (IOException e) {
      throw new Malformed(source + ": got something else, expected a PEM private key", e);
    }
    throw new Malformed(source + ": got no key, expected an unencrypted PEM private key");
  }
}
