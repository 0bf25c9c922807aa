package dev.ambit.dataplane.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.controlplane.ClientCertificate;
import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.controlplane.TrustRoots;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a node gets, keeps and renews the certificate that proves it. */
final class NodeIdentityTest {
  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
  private static final String URI = "spiffe://cluster.local/ambit/node/node-a";

  @TempDir Path state;

  private final ManualTime time = new ManualTime(START);
  private TestCa root = TestCa.root("root", START);
  private int joins;
  private boolean down;

  private List<String> sign(String request, Duration validity, Map<String, String> metadata) {
    assertThat(metadata).containsExactly(Map.entry("AmbitNode", "node-a"));
    joins++;
    if (down) {
      throw new IllegalStateException("CA answered UNAVAILABLE");
    }
    return List.of(
        Pem.encode(
            List.of(
                root.leaf(
                    key(request), time.instant(), time.instant().plus(validity), List.of(URI)))),
        root.rootPem());
  }

  /** The public key of a request, found by the form every P-256 key has. */
  static PublicKey key(String request) {
    byte[] der = Base64.getDecoder().decode(request.replaceAll("-----[A-Z ]+-----|\\s", ""));
    byte[] head = Arrays.copyOf(TestCa.newKeys().getPublic().getEncoded(), 27);
    for (int at = 0; at + 91 <= der.length; at++) {
      if (Arrays.equals(der, at, at + head.length, head, 0, head.length)) {
        try {
          return KeyFactory.getInstance("EC")
              .generatePublic(new X509EncodedKeySpec(Arrays.copyOfRange(der, at, at + 91)));
        } catch (java.security.GeneralSecurityException e) {
          throw new AssertionError(e);
        }
      }
    }
    throw new AssertionError("no key in " + request + new ByteArrayInputStream(der).available());
  }

  @BeforeEach
  void writeRoots() throws Exception {
    Files.writeString(state.resolve("root-cert.pem"), root.rootPem());
  }

  private NodeIdentity node() {
    return new NodeIdentity(
        new NodeIdentity.Node(
            "node-a",
            "cluster.local",
            state,
            new TrustRoots(state.resolve("root-cert.pem").toString())),
        this::sign,
        Duration.ofHours(24),
        time);
  }

  @Test
  void a_node_joins_once_and_keeps_key_and_certificate_to_itself() throws Exception {
    ClientCertificate joined = node().current().orElseThrow();
    assertThat(joins).isEqualTo(1);
    for (String file : List.of("node-key.pem", "node-cert.pem")) {
      assertThat(Files.getPosixFilePermissions(state.resolve(file)))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
    ClientCertificate again = node().current().orElseThrow();
    assertThat(joins).as("the next life of the process uses what was kept").isEqualTo(1);
    assertThat(again.chain()).isEqualTo(joined.chain());
    assertThat(again.key()).isEqualTo(joined.key());
  }

  @Test
  void it_renews_at_half_life_and_bridges_an_outage() {
    NodeIdentity node = node();
    ClientCertificate first = node.current().orElseThrow();
    time.advance(Duration.ofHours(11));
    assertThat(node.current()).contains(first);
    down = true;
    time.advance(Duration.ofHours(2));
    assertThat(node.current()).contains(first);
    down = false;
    assertThat(node.current()).isNotEqualTo(java.util.Optional.of(first));
    down = true;
    time.advance(Duration.ofHours(25));
    assertThatThrownBy(node::current)
        .isInstanceOf(NodeIdentity.NotJoined.class)
        .hasMessage("node node-a has not joined: CA answered UNAVAILABLE");
  }

  @Test
  void it_joins_again_when_it_was_rejected_or_the_roots_are_others() throws Exception {
    NodeIdentity node = node();
    node.current();
    node.rejected();
    node.current();
    assertThat(joins).isEqualTo(2);
    root = TestCa.root("other", START);
    writeRoots();
    node().current();
    assertThat(joins).isEqualTo(3);
  }

  @Test
  void what_was_kept_is_not_used_with_another_key_or_as_another_node() throws Exception {
    node().current();
    Files.writeString(
        state.resolve("node-key.pem"),
        Pem.encode("PRIVATE KEY", TestCa.newKeys().getPrivate().getEncoded()));
    node().current();
    assertThat(joins).isEqualTo(2);
    Files.writeString(state.resolve("node-cert.pem"), "garbage");
    node().current();
    assertThat(joins).isEqualTo(3);
  }
}
