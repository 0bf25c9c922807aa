package dev.ambit.dataplane.identity;

import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A certificate authority for tests, with nothing but the JDK. */
public final class TestCa {
  private static final byte[] ECDSA_WITH_SHA256 = Der.sequence(Der.oid(1, 2, 840, 10045, 4, 3, 2));
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private final String name;
  private final KeyPair keys;
  private final X509Certificate certificate;
  private final @Nullable TestCa issuer;

  private TestCa(String name, @Nullable TestCa issuer, Instant from, Instant until) {
    this.name = name;
    this.issuer = issuer;
    this.keys = newKeys();
    TestCa signer = issuer == null ? this : issuer;
    this.certificate =
        signer.issue(
            name,
            keys.getPublic(),
            from,
            until,
            List.of(
                extension(new int[] {29, 19}, true, Der.sequence(Der.yes())),
                extension(new int[] {29, 15}, true, new byte[] {3, 2, 1, 6})));
  }

  /** A root that is valid from an hour ago for ten years. */
  public static TestCa root(String name) {
    return root(name, Instant.now());
  }

  /** A root that is valid around {@code now}. */
  public static TestCa root(String name, Instant now) {
    return new TestCa(name, null, now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(3650)));
  }

  /** An authority below this one. */
  public TestCa intermediate(String name) {
    return new TestCa(
        name, this, certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }

  /** The certificate of this authority. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** The trust anchor above this authority. */
  public X509Certificate rootCertificate() {
    return issuer == null ? certificate : issuer.rootCertificate();
  }

  /** The root as PEM. */
  public String rootPem() {
    return Pem.encode(List.of(rootCertificate()));
  }

  /** The private key of this authority as PEM, for a controller that is given its root. */
  public String keyPem() {
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
        + "\n-----END PRIVATE KEY-----\n";
  }

  /** A workload certificate, valid from an hour ago for a day. */
  public WorkloadCertificate workload(SpiffeId identity) {
    Instant now = Instant.now();
    return workload(identity, now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(1)));
  }

  /** A workload certificate with its life. */
  public WorkloadCertificate workload(SpiffeId identity, Instant from, Instant until) {
    KeyPair mine = newKeys();
    X509Certificate leaf = leaf(mine.getPublic(), from, until, List.of(identity.toString()));
    return new WorkloadCertificate(
        identity, mine.getPrivate(), chain(leaf), List.of(rootCertificate()));
  }

  /** A leaf with URI names. */
  public X509Certificate leaf(PublicKey key, Instant from, Instant until, List<String> uris) {
    List<byte[]> names = new ArrayList<>();
    for (String uri : uris) {
      names.add(Der.tagged(6, uri.getBytes(StandardCharsets.US_ASCII)));
    }
    return issue("", key, from, until, leafExtensions(names));
  }

  /** A server's key and chain for DNS names and IP addresses. */
  public ServerCertificate server(String... dnsNamesAndAddresses) {
    List<byte[]> names = new ArrayList<>();
    for (String name : dnsNamesAndAddresses) {
      names.add(
          name.matches("[0-9.]+|.*:.*")
              ? Der.tagged(7, InetAddress.ofLiteral(name).getAddress())
              : Der.tagged(2, name.getBytes(StandardCharsets.US_ASCII)));
    }
    KeyPair mine = newKeys();
    Instant now = Instant.now();
    X509Certificate leaf =
        issue(
            "",
            mine.getPublic(),
            now.minus(Duration.ofHours(1)),
            now.plus(Duration.ofDays(1)),
            leafExtensions(names));
    return new ServerCertificate(mine, chain(leaf));
  }

  /** Key and chain of a TLS server. */
  public record ServerCertificate(KeyPair keys, List<X509Certificate> chain) {}

  private List<X509Certificate> chain(X509Certificate leaf) {
    List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
    for (TestCa above = this; above.issuer != null; above = above.issuer) {
      chain.add(above.certificate);
    }
    return chain;
  }

  private static List<byte[]> leafExtensions(List<byte[]> names) {
    byte[] both =
        Der.sequence(Der.oid(1, 3, 6, 1, 5, 5, 7, 3, 1), Der.oid(1, 3, 6, 1, 5, 5, 7, 3, 2));
    return List.of(
        extension(new int[] {29, 17}, true, Der.sequence(names.toArray(new byte[0][]))),
        extension(new int[] {29, 15}, true, new byte[] {3, 2, 5, (byte) 0xa0}),
        extension(new int[] {29, 37}, false, both));
  }

  private static byte[] extension(int[] arcs, boolean critical, byte[] value) {
    byte[] oid = Der.oid(2, 5, arcs);
    return critical
        ? Der.sequence(oid, Der.yes(), Der.octets(value))
        : Der.sequence(oid, Der.octets(value));
  }

  private X509Certificate issue(
      String subject, PublicKey key, Instant from, Instant until, List<byte[]> extensions) {
    BigInteger serial = new BigInteger(127, new SecureRandom());
    byte[] body =
        Der.sequence(
            Der.taggedParts(0, Der.element(2, new byte[] {2})),
            Der.element(2, serial.toByteArray()),
            ECDSA_WITH_SHA256,
            distinguished(name),
            Der.sequence(time(from), time(until)),
            distinguished(subject),
            key.getEncoded(),
            Der.taggedParts(3, Der.sequence(extensions.toArray(new byte[0][]))));
    try {
      byte[] der = Der.sequence(body, ECDSA_WITH_SHA256, Der.bits(signed(body)));
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** A revocation list of this authority, as DER, due for renewal at {@code next}. */
  public byte[] revoking(Instant next, X509Certificate... revoked) {
    List<byte[]> entries = new ArrayList<>();
    for (X509Certificate certificate : revoked) {
      entries.add(
          Der.sequence(
              Der.element(2, certificate.getSerialNumber().toByteArray()), time(Instant.now())));
    }
    List<byte[]> fields =
        new ArrayList<>(
            List.of(
                Der.element(2, new byte[] {1}),
                ECDSA_WITH_SHA256,
                distinguished(name),
                time(Instant.now().minus(Duration.ofHours(2))),
                time(next)));
    if (!entries.isEmpty()) {
      fields.add(Der.sequence(entries.toArray(new byte[0][])));
    }
    byte[] body = Der.sequence(fields.toArray(new byte[0][]));
    return Der.sequence(body, ECDSA_WITH_SHA256, Der.bits(signed(body)));
  }

  private byte[] signed(byte[] body) {
    try {
      Signature signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(keys.getPrivate());
      signer.update(body);
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] time(Instant time) {
    return Der.element(0x18, TIME.format(time).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] distinguished(String name) {
    if (name.isEmpty()) {
      return Der.sequence();
    }
    byte[] text = Der.element(0x0c, name.getBytes(StandardCharsets.UTF_8));
    return Der.sequence(Der.set(Der.sequence(Der.oid(2, 5, 4, 3), text)));
  }

  /** A fresh P-256 key pair. */
  public static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
