package dev.ambit.controller.ca;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.controller.state.Unusable;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * What the authority signs with and what everyone trusts (spec: ca §6.2). Immutable.
 *
 * <p>In its folder: {@code root-cert.pem} and {@code root-key.pem}, made on the first start and
 * kept, or given. To rotate roots, {@code root-cert.pem} may hold more certificates than the key's
 * own. A given intermediate is {@code ca-cert.pem}, {@code ca-key.pem} and, when there are several,
 * {@code cert-chain.pem}, beside {@code root-cert.pem}.
 *
 * @param roots what is trusted
 * @param signer the certificate of {@code key}
 * @param intermediates from the signer up to, without, a root; empty when a root signs
 */
public record RootSet(
    List<X509Certificate> roots,
    X509Certificate signer,
    List<X509Certificate> intermediates,
    PrivateKey key) {
  private static final Duration LIFETIME = Duration.ofDays(3650);

  /** A clock before this program was written is wrong. */
  private static final Instant OLDEST = Instant.parse("2026-01-01T00:00:00Z");

  private static final Duration SKEW = Duration.ofMinutes(2);

  public RootSet {
    roots = List.copyOf(roots);
    intermediates = List.copyOf(intermediates);
  }

  /** All roots in PEM, as the last element of every answer has them. */
  public String bundle() {
    StringBuilder bundle = new StringBuilder();
    roots.forEach(root -> bundle.append(Pem.certificate(root)));
    return bundle.toString();
  }

  /** Reads {@code folder}, or makes a root there when it has none. */
  public static RootSet open(Path folder, String organization, InstantSource clock) {
    Path rootFile = folder.resolve("root-cert.pem");
    Path keyFile = folder.resolve("root-key.pem");
    Path signerFile = folder.resolve("ca-cert.pem");
    try {
      if (Files.exists(signerFile)) {
        return checked(given(folder, rootFile, signerFile), clock.instant());
      }
      if (Files.exists(rootFile) != Files.exists(keyFile)) {
        throw new Unusable(
            folder + ": got only one of root-cert.pem and root-key.pem, expected both or none");
      }
      if (!Files.exists(rootFile)) {
        if (clock.instant().isBefore(OLDEST)) {
          throw new Unusable("clock: got " + clock.instant() + ", expected the present time");
        }
        RootSet made = make(organization, clock.instant());
        // The key first: a certificate without its key would stop the next start.
        PrivateFiles.write(keyFile, Pem.privateKey(made.key()).getBytes(StandardCharsets.US_ASCII));
        PrivateFiles.writePublic(rootFile, made.bundle().getBytes(StandardCharsets.US_ASCII));
        return made;
      }
      return checked(own(rootFile, keyFile), clock.instant());
    } catch (Pem.Malformed e) {
      throw new Unusable(e.getMessage() == null ? "malformed PEM" : e.getMessage(), e);
    }
  }

  private static RootSet own(Path rootFile, Path keyFile) {
    List<X509Certificate> roots =
        Pem.certificates(rootFile.toString(), PrivateFiles.read(rootFile));
    PrivateKey key = Pem.key(keyFile.toString(), PrivateFiles.readSecret(keyFile));
    for (X509Certificate root : roots) {
      if (matches(key, root.getPublicKey())) {
        return new RootSet(roots, root, List.of(), key);
      }
    }
    throw new Unusable(keyFile + ": got a key of none of the certificates of " + rootFile);
  }

  private static RootSet given(Path folder, Path rootFile, Path signerFile) {
    Path keyFile = folder.resolve("ca-key.pem");
    Path chainFile = folder.resolve("cert-chain.pem");
    List<X509Certificate> roots =
        Pem.certificates(rootFile.toString(), PrivateFiles.read(rootFile));
    X509Certificate signer =
        Pem.certificates(signerFile.toString(), PrivateFiles.read(signerFile)).getFirst();
    PrivateKey key = Pem.key(keyFile.toString(), PrivateFiles.readSecret(keyFile));
    if (!matches(key, signer.getPublicKey())) {
      throw new Unusable(keyFile + ": got a key that is not that of " + signerFile);
    }
    List<X509Certificate> chain =
        Files.exists(chainFile)
            ? Pem.certificates(chainFile.toString(), PrivateFiles.read(chainFile))
            : List.of(signer);
    return new RootSet(roots, signer, intermediates(roots, signer, chain), key);
  }

  /** The signer and what stands between it and a root, each signed by the next. */
  private static List<X509Certificate> intermediates(
      List<X509Certificate> roots, X509Certificate signer, List<X509Certificate> chain) {
    List<X509Certificate> found = new ArrayList<>();
    X509Certificate last = signer;
    while (!roots.contains(last)) {
      found.add(last);
      X509Certificate above = null;
      for (X509Certificate each : chain) {
        if (signed(last, each) && !found.contains(each)) {
          above = each;
        }
      }
      for (X509Certificate root : roots) {
        if (signed(last, root)) {
          above = root;
        }
      }
      if (above == null) {
        throw new Unusable(
            "cert-chain.pem: got no certificate that signed \""
                + last.getSubjectX500Principal()
                + "\", expected a chain up to a certificate of root-cert.pem");
      }
      last = above;
    }
    return found;
  }

  private static boolean signed(X509Certificate certificate, X509Certificate by) {
    if (!certificate.getIssuerX500Principal().equals(by.getSubjectX500Principal())) {
      return false;
    }
    try {
      certificate.verify(by.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static RootSet checked(RootSet set, Instant now) {
    X509Certificate signer = set.signer();
    if (signer.getBasicConstraints() < 0) {
      throw new Unusable("signing certificate: got one without CA:TRUE, expected a CA's");
    }
    if (signer.getNotAfter().toInstant().isBefore(now)) {
      throw new Unusable(
          "signing certificate: got one that expired at "
              + signer.getNotAfter().toInstant()
              + ", expected a valid one");
    }
    return set;
  }

  private static boolean matches(PrivateKey key, PublicKey of) {
    if (!key.getAlgorithm().equals(of.getAlgorithm())) {
      return false;
    }
    byte[] probe = {1, 2, 3};
    try {
      Signature signature = Signature.getInstance(Signer.algorithm(key));
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(of);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static RootSet make(String organization, Instant now) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      var name = new X500NameBuilder().addRDN(BCStyle.O, organization).build();
      X509v3CertificateBuilder certificate =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(127, new SecureRandom()).setBit(126),
              Date.from(now.minus(SKEW)),
              Date.from(now.plus(LIFETIME)),
              name,
              pair.getPublic());
      certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
      certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      certificate.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
      X509Certificate root =
          new JcaX509CertificateConverter()
              .getCertificate(
                  certificate.build(
                      new JcaContentSignerBuilder(Signer.algorithm(pair.getPrivate()))
                          .build(pair.getPrivate())));
      return new RootSet(List.of(root), root, List.of(), pair.getPrivate());
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new Unusable("cannot make a root", e);
    }
  }
}
