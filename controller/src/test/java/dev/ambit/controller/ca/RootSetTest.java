package dev.ambit.controller.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.controller.state.Unusable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RootSetTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

  @TempDir private Path folder;

  private RootSet open() {
    return RootSet.open(folder, "cluster.local", () -> NOW);
  }

  private void write(String name, String content) throws Exception {
    PrivateFiles.write(folder.resolve(name), content.getBytes(StandardCharsets.US_ASCII));
  }

  private static X509Certificate certificate(
      String subject, KeyPair of, String issuer, KeyPair by, boolean authority) throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    new X500Name(issuer),
                    BigInteger.valueOf(System.nanoTime()),
                    Date.from(NOW.minus(Duration.ofDays(1))),
                    Date.from(NOW.plus(Duration.ofDays(100))),
                    new X500Name(subject),
                    of.getPublic())
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(authority))
                .build(
                    new JcaContentSignerBuilder(Signer.algorithm(by.getPrivate()))
                        .build(by.getPrivate())));
  }

  private static X509Certificate sign(RootSet roots) {
    return new Signer(roots, () -> NOW)
        .sign(
            Csr.ec("secp256r1").getPublic(),
            List.of(new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://a/b")),
            Duration.ofHours(1),
            Signer.Purpose.WORKLOAD);
  }

  @Test
  @DisplayName("ca §6.2: a root for ten years, as the reference's but for its key")
  void makes_a_root() {
    X509Certificate root = open().signer();
    assertThat(root.getPublicKey().getAlgorithm()).isEqualTo("EC");
    assertThat(root.getSubjectX500Principal().getName()).isEqualTo("O=cluster.local");
    assertThat(root.getNotAfter().toInstant()).isEqualTo(NOW.plus(Duration.ofDays(3650)));
    assertThat(root.getBasicConstraints()).isPositive();
    assertThat(root.getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.15", "2.5.29.19");
    assertThat(root.getNonCriticalExtensionOIDs()).containsExactly("2.5.29.14");
  }

  @Test
  void keeps_its_root_and_its_key_to_itself() throws Exception {
    RootSet first = open();
    assertThat(open()).isEqualTo(first);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("root-key.pem"))))
        .isEqualTo("rw-------");
  }

  @Test
  @DisplayName("ca §7: a given RSA root signs")
  void takes_a_given_rsa_root() throws Exception {
    KeyPair keys = Csr.rsa(2048);
    X509Certificate root = certificate("O=given", keys, "O=given", keys, true);
    write("root-cert.pem", Pem.certificate(root));
    write("root-key.pem", Pem.privateKey(keys.getPrivate()));
    X509Certificate leaf = sign(open());
    leaf.verify(root.getPublicKey());
    assertThat(leaf.getSigAlgName()).isEqualTo("SHA256withRSA");
    assertThat(leaf.getIssuerX500Principal()).isEqualTo(root.getSubjectX500Principal());
  }

  @Test
  @DisplayName("ca 23: during a rotation the bundle holds the old root and the new")
  void keeps_a_bundle_of_two_roots() throws Exception {
    RootSet first = open();
    KeyPair keys = Csr.ec("secp256r1");
    X509Certificate next = certificate("O=next", keys, "O=next", keys, true);
    write("root-cert.pem", Pem.certificate(first.signer()) + Pem.certificate(next));
    write("root-key.pem", Pem.privateKey(keys.getPrivate()));
    RootSet both = open();
    assertThat(both.signer()).isEqualTo(next);
    assertThat(both.roots()).containsExactly(first.signer(), next);
    assertThat(Pem.certificates("bundle", both.bundle().getBytes(StandardCharsets.US_ASCII)))
        .hasSize(2);
  }

  @Test
  @DisplayName("control-plane 14: a given intermediate answers with its chain")
  void takes_a_given_intermediate() throws Exception {
    KeyPair rootKeys = Csr.ec("secp256r1");
    KeyPair upperKeys = Csr.ec("secp256r1");
    KeyPair keys = Csr.ec("secp256r1");
    X509Certificate root = certificate("O=root", rootKeys, "O=root", rootKeys, true);
    X509Certificate upper = certificate("O=upper", upperKeys, "O=root", rootKeys, true);
    X509Certificate signer = certificate("O=lower", keys, "O=upper", upperKeys, true);
    write("root-cert.pem", Pem.certificate(root));
    write("ca-cert.pem", Pem.certificate(signer));
    write("ca-key.pem", Pem.privateKey(keys.getPrivate()));
    write("cert-chain.pem", Pem.certificate(signer) + Pem.certificate(upper));
    RootSet given = open();
    assertThat(given.intermediates()).containsExactly(signer, upper);
    assertThat(given.roots()).containsExactly(root);
    sign(given).verify(signer.getPublicKey());
    Files.delete(folder.resolve("cert-chain.pem"));
    assertThatThrownBy(this::open).isInstanceOf(Unusable.class).hasMessageContaining("O=lower");
  }

  @Test
  void refuses_to_start_with_half_a_root_or_the_wrong_key() throws Exception {
    RootSet made = open();
    write("root-key.pem", Pem.privateKey(Csr.ec("secp256r1").getPrivate()));
    assertThatThrownBy(this::open)
        .isInstanceOf(Unusable.class)
        .hasMessageContaining("root-key.pem");
    Files.delete(folder.resolve("root-key.pem"));
    assertThatThrownBy(this::open).isInstanceOf(Unusable.class).hasMessageContaining("only one");
    write("root-key.pem", "garbage");
    assertThatThrownBy(this::open).isInstanceOf(Unusable.class).hasMessageContaining("expected");
    assertThat(made.roots()).hasSize(1);
  }

  @Test
  @DisplayName("threat-model SEC-033: a key that others can read is refused")
  void refuses_a_key_that_others_can_read() throws Exception {
    open();
    Files.setPosixFilePermissions(
        folder.resolve("root-key.pem"), PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(this::open)
        .isInstanceOf(Unusable.class)
        .hasMessageContaining("root-key.pem: got mode rw-r-----");
  }

  @Test
  @DisplayName("threat-model REL-082: no root is made by a clock that is wrong")
  void makes_no_root_in_1970() {
    assertThatThrownBy(() -> RootSet.open(folder, "x", () -> Instant.EPOCH))
        .isInstanceOf(Unusable.class)
        .hasMessageContaining("clock");
    assertThat(folder.resolve("root-key.pem")).doesNotExist();
  }

  @Test
  void refuses_a_root_that_is_no_authority_or_over() throws Exception {
    KeyPair keys = Csr.ec("secp256r1");
    write("root-cert.pem", Pem.certificate(certificate("O=x", keys, "O=x", keys, false)));
    write("root-key.pem", Pem.privateKey(keys.getPrivate()));
    assertThatThrownBy(this::open).isInstanceOf(Unusable.class).hasMessageContaining("CA:TRUE");
    write("root-cert.pem", Pem.certificate(certificate("O=x", keys, "O=x", keys, true)));
    Instant later = NOW.plus(Duration.ofDays(101));
    assertThatThrownBy(() -> RootSet.open(folder, "x", () -> later))
        .isInstanceOf(Unusable.class)
        .hasMessageContaining("expired");
  }
}
