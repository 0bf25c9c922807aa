package dev.ambit.controller.ca;

import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * Signs leaf certificates (spec: ca §6.1). Of a CSR only the public key is used; what the holder is
 * called is decided by the caller. Thread-safe.
 */
public final class Signer {
  private static final Duration SKEW = Duration.ofMinutes(2);
  private static final int MOST_CSR = 16 * 1024;

  private final RootSet roots;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  /** What a certificate is for. */
  enum Purpose {
    /** Both ends of the tunnels between workloads. */
    WORKLOAD(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
    /** A node that calls the controller. */
    NODE(KeyPurposeId.id_kp_clientAuth),
    /** The controller itself. */
    SERVER(KeyPurposeId.id_kp_serverAuth);

    private final ExtendedKeyUsage usage;

    Purpose(KeyPurposeId... usages) {
      this.usage = new ExtendedKeyUsage(usages);
    }
  }

  /** The CSR is not one this authority signs. */
  static final class RefusedRequest extends Exception {
    RefusedRequest(String message) {
      super(message);
    }

    RefusedRequest(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Signing failed for a reason of our own. */
  static final class CannotSign extends RuntimeException {
    CannotSign(String message) {
      super(message);
    }

    CannotSign(String message, Throwable cause) {
      super(message, cause);
    }
  }

  public Signer(RootSet roots, InstantSource clock) {
    this.roots = roots;
    this.clock = clock;
  }

  static String algorithm(PrivateKey key) {
    return key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
  }

  InstantSource clock() {
    return clock;
  }

  RootSet roots() {
    return roots;
  }

  /** The key of a CSR that proves its possession: EC P-256 or P-384, RSA of 2048 to 8192 bits. */
  PublicKey keyOf(String csrPem) throws RefusedRequest {
    if (csrPem.length() > MOST_CSR) {
      throw new RefusedRequest(
          "csr: got " + csrPem.length() + " characters, expected at most " + MOST_CSR);
    }
    try (PEMParser parser = new PEMParser(new StringReader(csrPem))) {
      if (!(parser.readObject() instanceof PKCS10CertificationRequest parsed)) {
        throw new RefusedRequest("csr: got something else, expected a PKCS#10 request in PEM");
      }
      PublicKey key = new JcaPKCS10CertificationRequest(parsed).getPublicKey();
      requireStrong(key);
      if (!parsed.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new RefusedRequest("csr: got a signature of another key");
      }
      return key;
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | IllegalArgumentException e) {
      throw new RefusedRequest("csr: got something else, expected a PKCS#10 request in PEM", e);
    }
  }

  private static void requireStrong(PublicKey key) throws RefusedRequest {
    boolean strong =
        switch (key) {
          case ECPublicKey ec -> {
            int bits = ec.getParams().getCurve().getField().getFieldSize();
            yield bits == 256 || bits == 384;
          }
          case RSAPublicKey rsa -> {
            int bits = rsa.getModulus().bitLength();
            yield bits >= 2048 && bits <= 8192;
          }
          default -> false;
        };
    if (!strong) {
      throw new RefusedRequest(
          "csr key: got "
              + key.getAlgorithm()
              + ", expected EC P-256 or P-384, or RSA of 2048 to 8192 bits");
    }
  }

  /** A certificate with these names, valid from now for {@code ttl} but not beyond the signer's. */
  X509Certificate sign(PublicKey key, List<GeneralName> names, Duration ttl, Purpose purpose) {
    Instant now = clock.instant();
    Instant last = lastDay();
    if (now.isBefore(roots.signer().getNotBefore().toInstant())) {
      throw new CannotSign("the clock says " + now + ", before the signing certificate begins");
    }
    if (!now.isBefore(last)) {
      throw new CannotSign("the signing certificate expired at " + last);
    }
    Instant end = now.plus(ttl);
    try {
      X509v3CertificateBuilder certificate =
          new JcaX509v3CertificateBuilder(
              new JcaX509CertificateHolder(roots.signer()).getSubject(),
              serial(),
              Date.from(now.minus(SKEW)),
              Date.from(end.isAfter(last) ? last : end),
              new X500Name(new RDN[0]),
              key);
      certificate.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
      certificate.addExtension(Extension.extendedKeyUsage, false, purpose.usage);
      certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      certificate.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          // Made anew: it holds a digest, which two requests at once would mix up.
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(roots.signer().getPublicKey()));
      certificate.addExtension(
          Extension.subjectAlternativeName,
          true,
          new GeneralNames(names.toArray(GeneralName[]::new)));
      return new JcaX509CertificateConverter()
          .getCertificate(
              certificate.build(
                  new JcaContentSignerBuilder(algorithm(roots.key())).build(roots.key())));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new CannotSign("signing failed", e);
    }
  }

  /** The end of the shortest-lived certificate that signs. */
  Instant lastDay() {
    Instant last = roots.signer().getNotAfter().toInstant();
    for (X509Certificate each : roots.intermediates()) {
      Instant end = each.getNotAfter().toInstant();
      last = end.isBefore(last) ? end : last;
    }
    return last;
  }

  /** 128 random bits, positive and never short. */
  private BigInteger serial() {
    return new BigInteger(127, random).setBit(126);
  }
}
