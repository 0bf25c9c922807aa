package dev.ambit.controller.ca;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Requests for certificates as nodes make them, and as they should not. */
public record Csr(KeyPair keys, String pem) {

  /** P-256, empty subject, one URI. */
  public static Csr of(String uri) {
    return of(ec("secp256r1"), uri);
  }

  static KeyPair ec(String curve) {
    return generate("EC", new ECGenParameterSpec(curve));
  }

  static KeyPair rsa(int bits) {
    return generate("RSA", new RSAKeyGenParameterSpec(bits, RSAKeyGenParameterSpec.F4));
  }

  private static KeyPair generate(String algorithm, AlgorithmParameterSpec parameters) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(parameters);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  static Csr of(KeyPair keys, String uri) {
    return new Csr(keys, pem(request(keys, keys, uri)));
  }

  /** Signed with another key than it contains. */
  static Csr forged(String uri) {
    KeyPair keys = ec("secp256r1");
    return new Csr(keys, pem(request(keys, ec("secp256r1"), uri)));
  }

  private static PKCS10CertificationRequest request(KeyPair keys, KeyPair signing, String uri) {
    try {
      ExtensionsGenerator extensions = new ExtensionsGenerator();
      extensions.addExtension(
          Extension.subjectAlternativeName,
          true,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
      return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic())
          .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
          .build(
              new JcaContentSignerBuilder(Signer.algorithm(signing.getPrivate()))
                  .build(signing.getPrivate()));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(PKCS10CertificationRequest request) {
    try {
      return "-----BEGIN CERTIFICATE REQUEST-----\n"
          + Base64.getMimeEncoder().encodeToString(request.getEncoded())
          + "\n-----END CERTIFICATE REQUEST-----\n";
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }
}
