package dev.ambit.dataplane.identity;

import dev.ambit.dataplane.controlplane.Pem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;

/**
 * A fresh P-256 key and the PKCS#10 request for it: empty subject, one critical URI name, signed
 * with ECDSA and SHA-256 (spec: ca §2).
 */
record SigningRequest(KeyPair keys, String pem) {
  private static final byte[] ECDSA_WITH_SHA256 = Der.oid(1, 2, 840, 10045, 4, 3, 2);
  private static final byte[] EXTENSION_REQUEST = Der.oid(1, 2, 840, 113549, 1, 9, 14);
  private static final byte[] SUBJECT_ALTERNATIVE_NAME = Der.oid(2, 5, 29, 17);
  private static final int URI_NAME = 6;

  static SigningRequest of(String uri) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair keys = generator.generateKeyPair();
      byte[] info = info(keys, uri);
      Signature signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(keys.getPrivate());
      signer.update(info);
      byte[] request = Der.sequence(info, Der.sequence(ECDSA_WITH_SHA256), Der.bits(signer.sign()));
      return new SigningRequest(keys, Pem.encode("CERTIFICATE REQUEST", request));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK lacks P-256, which every JDK 25 has", missing);
    }
  }

  private static byte[] info(KeyPair keys, String uri) {
    byte[] names = Der.sequence(Der.tagged(URI_NAME, uri.getBytes(StandardCharsets.US_ASCII)));
    byte[] extension = Der.sequence(SUBJECT_ALTERNATIVE_NAME, Der.yes(), Der.octets(names));
    byte[] attribute = Der.sequence(EXTENSION_REQUEST, Der.set(Der.sequence(extension)));
    byte[] noSubject = Der.sequence();
    // The JDK encodes a public key as SubjectPublicKeyInfo, just what belongs here.
    return Der.sequence(
        Der.zero(), noSubject, keys.getPublic().getEncoded(), Der.taggedParts(0, attribute));
  }
}
