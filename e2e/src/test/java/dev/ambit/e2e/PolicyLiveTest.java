package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Policies as YAML in the folder, enforced on real connections between pods, also open ones. */
@Tag("kernel")
class PolicyLiveTest {
  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod other;
  private static TestPod server;
  private static TestPod outside;
  private static EchoServer echo;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.start();
    client = mesh.pod("shop", "client", "node-a");
    other = mesh.pod("shop", "other", "node-a");
    server = mesh.pod("shop", "server", "node-b");
    outside = mesh.pod("outside", "host", "node-a");
    echo = server.echoes(8080);
    server.echoes(8081);
    server.echoes(9090);
    mesh.enrols("shop");
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  @AfterEach
  void noPolicy() throws IOException {
    for (String name : new String[] {"policy", "peers", "peers-2"}) {
      mesh.delete(name);
    }
    Until.holds("open again", () -> client.reaches(server, 8080) && outside.reaches(server, 8080));
  }

  @Test
  @DisplayName(
      "hbone 25, l4 28: a DENY closes the client's connection; the application sees nothing")
  void deny() throws Exception {
    policy("DENY", "server", "cluster.local/ns/shop/sa/client");
    Until.holds("denied", () -> !client.reaches(server, 8080));
    int before = echo.callers().size();
    mesh.forgetLog();

    try (Talk talk = client.connects(server, 8080)) {
      assertThat(talk.end()).isIn("FIN", "RST");
    }

    assertThat(echo.callers()).hasSize(before);
    assertThat(other.reaches(server, 8080)).isTrue();
    Until.holds(
        "a line names the policy",
        () -> mesh.logged().toString(),
        () -> !mesh.logged("direction=\"inbound\"", "denied by: shop/policy").isEmpty());
  }

  @Test
  @DisplayName("l4 5: an ALLOW lets in whom it names and nobody else")
  void allow() throws Exception {
    policy("ALLOW", "server", "cluster.local/ns/shop/sa/client");
    Until.holds("the other is denied", () -> !other.reaches(server, 8080));

    assertThat(client.reaches(server, 8080)).isTrue();
    assertThat(outside.reaches(server, 8080)).isFalse();
  }

  @Test
  @DisplayName("hbone 27, l4 16: a new DENY cuts the open tunnel it forbids, and only that")
  void a_new_deny_cuts() throws Exception {
    try (Talk cut = client.connects(server, 8080);
        Talk stays = other.connects(server, 8080)) {
      assertThat(cut.echoes("one")).isTrue();
      assertThat(stays.echoes("one")).isTrue();

      policy("DENY", "server", "cluster.local/ns/shop/sa/client");

      assertThat(cut.end()).isIn("FIN", "RST");
      assertThat(stays.echoes("two")).isTrue();
    }
  }

  @Test
  @DisplayName("hbone 27: a DENY of the whole namespace cuts what is open")
  void a_namespace_wide_deny_cuts() throws Exception {
    try (Talk cut = client.connects(server, 8080)) {
      assertThat(cut.echoes("one")).isTrue();
      policy("DENY", "", "cluster.local/ns/shop/sa/client");
      assertThat(cut.end()).isIn("FIN", "RST");
    }
  }

  @Test
  @DisplayName("hbone 27: an edit of a policy cuts what it now forbids")
  void an_edit_cuts() throws Exception {
    policy("DENY", "server", "cluster.local/ns/shop/sa/nobody");
    mesh.awaitPolicy("shop", "policy");
    try (Talk cut = client.connects(server, 8080)) {
      assertThat(cut.echoes("one")).isTrue();
      policy("DENY", "server", "cluster.local/ns/shop/sa/client");
      assertThat(cut.end()).isIn("FIN", "RST");
    }
  }

  @Test
  @DisplayName("hbone 27: a switch to STRICT cuts open plaintext, and no tunnel")
  void strict_cuts_plaintext() throws Exception {
    try (Talk plain = outside.connects(server, 8080);
        Talk tunnel = client.connects(server, 8080)) {
      assertThat(plain.echoes("one")).isTrue();
      assertThat(tunnel.echoes("one")).isTrue();

      peers("peers", "", "STRICT", "");

      assertThat(plain.end()).isIn("FIN", "RST");
      assertThat(tunnel.echoes("two")).isTrue();
      assertThat(outside.reaches(server, 8080)).isFalse();
      assertThat(client.reaches(server, 8080)).isTrue();
    }
  }

  @Test
  @DisplayName("l4 18: a policy that goes allows again, and leaves what is open alone")
  void a_policy_that_goes() throws Exception {
    policy("DENY", "server", "cluster.local/ns/shop/sa/client");
    Until.holds("denied", () -> !client.reaches(server, 8080));
    try (Talk open = other.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();
      mesh.delete("policy");
      Until.holds("allowed", () -> client.reaches(server, 8080));
      assertThat(open.echoes("two")).isTrue();
    }
  }

  @Test
  @DisplayName("l4 25: PERMISSIVE with one STRICT port")
  void one_strict_port() throws Exception {
    peers("peers", "server", "PERMISSIVE", "8080: STRICT");
    Until.holds("8080 is strict", () -> !outside.reaches(server, 8080));

    assertThat(outside.reaches(server, 9090)).isTrue();
    assertThat(client.reaches(server, 8080)).isTrue();
    assertThat(client.reaches(server, 9090)).isTrue();
  }

  @Test
  @DisplayName("l4 26: STRICT with two PERMISSIVE ports")
  void two_permissive_ports() throws Exception {
    peers("peers", "server", "STRICT", "8080: PERMISSIVE", "8081: PERMISSIVE");
    Until.holds("9090 is strict", () -> !outside.reaches(server, 9090));

    assertThat(outside.reaches(server, 8080)).isTrue();
    assertThat(outside.reaches(server, 8081)).isTrue();
    assertThat(client.reaches(server, 9090)).isTrue();
  }

  @Test
  @DisplayName("l4 27: of two namespace-wide ones the oldest wins")
  void the_oldest_wins() throws Exception {
    peersSince("peers", "2024-01-01T00:00:00Z", "PERMISSIVE");
    peersSince("peers-2", "2025-01-01T00:00:00Z", "STRICT");
    assertThat(outside.reaches(server, 8080)).isTrue();

    peersSince("peers-2", "2023-01-01T00:00:00Z", "STRICT");

    Until.holds("strict", () -> !outside.reaches(server, 8080));
  }

  @Test
  @DisplayName("a changed policy decides on the next connection within 100 ms")
  void a_change_is_live_soon() {
    Duration best = Duration.ofSeconds(10);
    for (int i = 0; i < 3; i++) {
      policy("DENY", "server", "cluster.local/ns/shop/sa/client");
      Duration took = Until.holds("denied", () -> !client.reaches(server, 8080));
      best = took.compareTo(best) < 0 ? took : best;
      try {
        mesh.delete("policy");
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      Until.holds("allowed", () -> client.reaches(server, 8080));
    }
    assertThat(best).isLessThan(Duration.ofMillis(100));
  }

  private static void policy(String action, String app, String principal) {
    mesh.apply(
        "policy",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: policy
          namespace: shop
        spec:
          action: %s
        %s
          rules:
          - from:
            - source:
                principals: ["%s"]
        """
            .formatted(
                action,
                app.isEmpty() ? "" : "  selector:\n    matchLabels:\n      app: " + app,
                principal));
  }

  private static void peers(String name, String app, String mode, String... ports) {
    StringBuilder levels = new StringBuilder();
    for (String port : ports) {
      if (!port.isEmpty()) {
        String[] parts = port.split(": ");
        levels
            .append("    ")
            .append(parts[0])
            .append(":\n      mode: ")
            .append(parts[1])
            .append('\n');
      }
    }
    mesh.apply(
        name,
        """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata:
          name: %s
          namespace: shop
        spec:
        %s
          mtls:
            mode: %s
        %s
        """
            .formatted(
                name,
                app.isEmpty() ? "" : "  selector:\n    matchLabels:\n      app: " + app,
                mode,
                levels.isEmpty() ? "" : "  portLevelMtls:\n" + levels));
  }

  private static void peersSince(String name, String created, String mode) {
    mesh.apply(
        name,
        """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata:
          name: %s
          namespace: shop
          creationTimestamp: "%s"
        spec:
          mtls:
            mode: %s
        """
            .formatted(name, created, mode));
  }
}
