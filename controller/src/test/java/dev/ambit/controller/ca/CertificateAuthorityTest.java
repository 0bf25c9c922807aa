package dev.ambit.controller.ca;

import static dev.ambit.controller.translate.Objects.in;
import static dev.ambit.controller.translate.Objects.on;
import static dev.ambit.controller.translate.Objects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.ca.CertificateAuthority.Answer;
import dev.ambit.controller.ca.CertificateAuthority.Lifetimes;
import dev.ambit.controller.ca.CertificateAuthority.Outcome;
import dev.ambit.controller.ca.node.Caller;
import dev.ambit.controller.ca.node.NodeAuthorizer;
import dev.ambit.controller.ca.node.PodName;
import dev.ambit.controller.source.ClusterInput;
import dev.ambit.model.object.Pod;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CertificateAuthorityTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
  private static final String CLIENT = "spiffe://cluster.local/ns/demo/sa/client";
  private static final Caller NODE_A =
      new Caller("node-a", Caller.Proof.NODE_CERTIFICATE, "127.0.0.1:1");

  @TempDir private Path folder;
  private final List<Outcome> outcomes = new ArrayList<>();
  private RootSet roots;
  private CertificateAuthority authority;

  @BeforeEach
  void open() {
    authority = authority(NOW, RootSet.open(folder, "cluster.local", () -> NOW));
  }

  private CertificateAuthority authority(Instant now, RootSet opened) {
    roots = opened;
    InstantSource clock = () -> now;
    NodeAuthorizer authorizer = new NodeAuthorizer("cluster.local");
    authorizer.update(
        ClusterInput.of(
            List.of(
                on(pod("demo", "client-a", "10.0.0.1"), "node-a", "client"),
                on(pod("demo", "client-b", "10.0.0.2"), "node-b", "elsewhere"),
                over("failed", Pod.Phase.FAILED),
                over("finished", Pod.Phase.SUCCEEDED)),
            java.util.Map.of()));
    return new CertificateAuthority(
        "cluster.local", authorizer, new Signer(opened, clock), Lifetimes.DEFAULT, outcomes::add);
  }

  private static Pod over(String account, Pod.Phase phase) {
    return on(in(pod("demo", account, "10.0.0.3"), phase, false, false), "node-a", account);
  }

  private Answer ask(String identity) {
    return ask(identity, 0, Csr.of(identity));
  }

  private Answer ask(String identity, long ttl, Csr csr) {
    return authority.issue(
        NODE_A,
        new CertificateAuthority.Request(csr.pem(), ttl, Optional.of(identity), Optional.empty()));
  }

  private static X509Certificate leaf(Answer answer) {
    assertThat(answer.outcome()).isEqualTo(Outcome.ISSUED);
    return Pem.certificates("leaf", answer.chain().getFirst().getBytes(StandardCharsets.US_ASCII))
        .getFirst();
  }

  private static List<Object> names(X509Certificate certificate) throws Exception {
    List<Object> names = new ArrayList<>();
    certificate.getSubjectAlternativeNames().forEach(name -> names.add(name.getLast()));
    return names;
  }

  @Test
  @DisplayName("ca 16: a pod on the caller's node -> a certificate with the impersonated identity")
  void certifies_a_pod_of_the_node() throws Exception {
    X509Certificate leaf = leaf(ask(CLIENT));
    assertThat(names(leaf)).containsExactly(CLIENT);
    leaf.verify(roots.signer().getPublicKey());
  }

  @Test
  @DisplayName("ca 4: a CSR of another maker: P-256, empty subject, one critical URI")
  void takes_a_request_of_openssl(@TempDir Path files) throws Exception {
    Path openssl = Path.of("/usr/bin/openssl");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.isExecutable(openssl), "SKIPPED: needs openssl");
    String[] command = {
      openssl.toString(),
      "req",
      "-new",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "key.pem",
      "-out",
      "csr.pem",
      "-subj",
      "/",
      "-addext",
      "subjectAltName=critical,URI:" + CLIENT
    };
    Process process =
        new ProcessBuilder(command).directory(files.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    Csr csr = new Csr(Csr.ec("secp256r1"), Files.readString(files.resolve("csr.pem")));
    assertThat(names(leaf(ask(CLIENT, 0, csr)))).containsExactly(CLIENT);
  }

  @ParameterizedTest
  @DisplayName("ca 16, 17, 22: other node, failed or finished pod, other trust domain, no identity")
  @ValueSource(
      strings = {
        "spiffe://cluster.local/ns/demo/sa/elsewhere",
        "spiffe://cluster.local/ns/demo/sa/failed",
        "spiffe://cluster.local/ns/demo/sa/finished",
        "spiffe://cluster.local/ns/demo/sa/nobody",
        "spiffe://other.domain/ns/demo/sa/client",
        "spiffe://cluster.local/ns/demo/sa/client/",
        "spiffe://cluster.local/ns/demo/sa/",
        "spiffe://cluster.local/ambit/node/node-a",
        "https://cluster.local/ns/demo/sa/client",
        ""
      })
  void refuses_what_does_not_live_on_the_node(String identity) {
    Answer answer = ask(identity);
    assertThat(answer.outcome()).isEqualTo(Outcome.NOT_AUTHORIZED);
    assertThat(answer.chain()).isEmpty();
    assertThat(outcomes).containsExactly(Outcome.NOT_AUTHORIZED);
  }

  @Test
  @DisplayName("ca 18: the names of the CSR are ignored")
  void takes_only_the_key_of_the_request() throws Exception {
    Csr foreign = Csr.of("spiffe://cluster.local/ns/kube-system/sa/admin");
    X509Certificate leaf = leaf(ask(CLIENT, 0, foreign));
    assertThat(names(leaf)).containsExactly(CLIENT);
    assertThat(leaf.getPublicKey()).isEqualTo(foreign.keys().getPublic());
  }

  @ParameterizedTest(name = "{0} s -> {1}")
  @DisplayName("ca 19: lifetime; 0 is 24 h, more than 90 days is refused")
  @CsvSource({
    "0,86400",
    "-5,86400",
    "60,60",
    "7776000,7776000",
    "7776001,",
    "9223372036854775807,"
  })
  void gives_the_lifetime_asked_for_within_limits(long asked, Long expected) {
    Answer answer = ask(CLIENT, asked, Csr.of(CLIENT));
    if (expected == null) {
      assertThat(answer.outcome()).isEqualTo(Outcome.TTL_TOO_LONG);
      return;
    }
    assertThat(leaf(answer).getNotAfter().toInstant()).isEqualTo(NOW.plusSeconds(expected));
  }

  @Test
  @DisplayName("ca 19: no certificate outlives the one that signs it")
  void clamps_to_the_signer() {
    Instant late = roots.signer().getNotAfter().toInstant().minus(Duration.ofHours(1));
    authority = authority(late, roots);
    assertThat(leaf(ask(CLIENT)).getNotAfter()).isEqualTo(roots.signer().getNotAfter());
    authority = authority(late.plus(Duration.ofHours(2)), roots);
    assertThat(ask(CLIENT).outcome()).isEqualTo(Outcome.CANNOT_SIGN);
  }

  @Test
  @DisplayName("ca 20, §6.1: the attributes of an issued certificate")
  void issues_the_attributes_of_the_reference() throws Exception {
    X509Certificate leaf = leaf(ask(CLIENT));
    assertThat(leaf.getNotBefore().toInstant()).isEqualTo(NOW.minus(Duration.ofMinutes(2)));
    assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
    assertThat(leaf.getIssuerX500Principal().getName()).isEqualTo("O=cluster.local");
    assertThat(leaf.getSerialNumber().bitLength()).isBetween(120, 128);
    assertThat(leaf.getCriticalExtensionOIDs())
        .containsExactlyInAnyOrder("2.5.29.15", "2.5.29.19", "2.5.29.17");
    assertThat(leaf.getNonCriticalExtensionOIDs())
        .containsExactlyInAnyOrder("2.5.29.37", "2.5.29.35");
    assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
    assertThat(leaf.getExtendedKeyUsage())
        .containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    boolean[] usage = new boolean[9];
    usage[0] = true;
    usage[2] = true;
    assertThat(leaf.getKeyUsage()).isEqualTo(usage);
    assertThat(leaf(ask(CLIENT)).getSerialNumber()).isNotEqualTo(leaf.getSerialNumber());
  }

  @Test
  @DisplayName("ca 20: OpenSSL accepts it as client and as server")
  void openssl_verifies_it(@TempDir Path files) throws Exception {
    Path openssl = Path.of("/usr/bin/openssl");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.isExecutable(openssl), "SKIPPED: needs openssl");
    // OpenSSL knows no other clock than that of the machine.
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    authority = authority(now, RootSet.open(files.resolve("ca"), "cluster.local", () -> now));
    Answer answer = ask(CLIENT);
    Files.writeString(files.resolve("leaf.pem"), answer.chain().getFirst());
    Files.writeString(files.resolve("root.pem"), answer.chain().getLast());
    for (String purpose : List.of("sslclient", "sslserver")) {
      Process process =
          new ProcessBuilder(
                  openssl.toString(),
                  "verify",
                  "-x509_strict",
                  "-purpose",
                  purpose,
                  "-CAfile",
                  "root.pem",
                  "leaf.pem")
              .directory(files.toFile())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }

  @Test
  @DisplayName("threat-model REL-082: nothing is signed by a clock that is wrong")
  void refuses_to_sign_before_its_own_time() {
    authority = authority(Instant.EPOCH, roots);
    assertThat(ask(CLIENT).outcome()).isEqualTo(Outcome.CANNOT_SIGN);
  }

  @Test
  @DisplayName("ca §6: RSA of 2048 bits and P-384 are signed too")
  void signs_other_strong_keys() {
    assertThat(ask(CLIENT, 0, Csr.of(Csr.rsa(2048), CLIENT)).outcome()).isEqualTo(Outcome.ISSUED);
    assertThat(ask(CLIENT, 0, Csr.of(Csr.ec("secp384r1"), CLIENT)).outcome())
        .isEqualTo(Outcome.ISSUED);
  }

  @Test
  @DisplayName("ca §6: weak keys, forged signatures, garbage and giants are no CSRs")
  void refuses_bad_requests() {
    Csr good = Csr.of(CLIENT);
    List<Csr> bad =
        List.of(
            Csr.of(Csr.rsa(1024), CLIENT),
            Csr.of(Csr.ec("secp521r1"), CLIENT),
            Csr.forged(CLIENT),
            new Csr(good.keys(), ""),
            new Csr(good.keys(), "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"),
            new Csr(good.keys(), good.pem().replace("CERTIFICATE REQUEST", "CERTIFICATE")),
            new Csr(
                good.keys(),
                "-----BEGIN CERTIFICATE REQUEST-----\n"
                    + "AAAA".repeat(30)
                    + "\n-----END CERTIFICATE REQUEST-----\n"),
            new Csr(good.keys(), good.pem() + "x".repeat(20_000)));
    for (Csr csr : bad) {
      assertThat(ask(CLIENT, 0, csr).outcome()).as(csr.pem()).isEqualTo(Outcome.BAD_CSR);
    }
  }

  @Test
  @DisplayName("enrolment of nodes: a node gets its own certificate, for calling only")
  void certifies_a_node() throws Exception {
    X509Certificate leaf = leaf(join("node-a"));
    assertThat(names(leaf)).containsExactly("spiffe://cluster.local/ambit/node/node-a");
    assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
    assertThat(join("node-b").outcome()).isEqualTo(Outcome.NOT_AUTHORIZED);
  }

  private Answer join(String node) {
    return authority.issue(
        NODE_A,
        new CertificateAuthority.Request(
            Csr.of("spiffe://x/y").pem(), 0, Optional.empty(), Optional.of(node)));
  }

  @Test
  @DisplayName("ca §6: without an impersonated identity a node has none")
  void refuses_a_request_that_names_nobody() {
    Answer answer =
        authority.issue(
            NODE_A,
            new CertificateAuthority.Request(
                Csr.of(CLIENT).pem(), 0, Optional.empty(), Optional.empty()));
    assertThat(answer.outcome()).isEqualTo(Outcome.NOT_AUTHORIZED);
  }

  @Test
  void one_node_cannot_ask_without_end() {
    Csr csr = new Csr(Csr.ec("secp256r1"), "not a request");
    for (int i = 0; i < 500; i++) {
      assertThat(ask(CLIENT, 0, csr).outcome()).isEqualTo(Outcome.BAD_CSR);
    }
    assertThat(ask(CLIENT, 0, csr).outcome()).isEqualTo(Outcome.TOO_MANY);
    Caller other = new Caller("node-b", Caller.Proof.NODE_CERTIFICATE, "127.0.0.1:2");
    assertThat(
            authority
                .issue(
                    other,
                    new CertificateAuthority.Request(
                        csr.pem(), 0, Optional.of(CLIENT), Optional.empty()))
                .outcome())
        .isNotEqualTo(Outcome.TOO_MANY);
  }

  private Answer askAsPod(Optional<String> identity, Optional<String> joining) {
    Caller pod =
        new Caller(
            "node-a",
            Caller.Proof.POD_TOKEN,
            "127.0.0.1:3",
            new PodName("demo", "client", "client-a"));
    return authority.issue(
        pod, new CertificateAuthority.Request(Csr.of(CLIENT).pem(), 0, identity, joining));
  }

  @Test
  void a_pod_gets_the_certificate_of_its_own_identity_and_no_other() throws Exception {
    assertThat(names(leaf(askAsPod(Optional.of(CLIENT), Optional.empty()))))
        .containsExactly(CLIENT);
    assertThat(names(leaf(askAsPod(Optional.empty(), Optional.empty())))).containsExactly(CLIENT);
    for (String other :
        List.of(
            "spiffe://cluster.local/ns/demo/sa/elsewhere",
            "spiffe://other.domain/ns/demo/sa/client",
            "spiffe://cluster.local/ambit/node/node-a",
            "client")) {
      assertThat(askAsPod(Optional.of(other), Optional.empty()).outcome())
          .as(other)
          .isEqualTo(Outcome.NOT_AUTHORIZED);
    }
    assertThat(askAsPod(Optional.empty(), Optional.of("node-a")).outcome())
        .as("the certificate of its node")
        .isEqualTo(Outcome.NOT_AUTHORIZED);
  }
}
