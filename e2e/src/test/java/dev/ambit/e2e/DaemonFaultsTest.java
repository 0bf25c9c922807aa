package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Sniffer;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Daemons that are not there: what goes on, what waits, and that nothing becomes plaintext. */
@Tag("kernel")
class DaemonFaultsTest {
  private MeshFixture mesh;
  private TestPod client;
  private TestPod server;
  private EchoServer echo;

  @BeforeEach
  void build() throws Exception {
    mesh = MeshFixture.network();
    client = mesh.pod("shop", "client", "node-a");
    server = mesh.pod("shop", "server", "node-b");
  }

  @AfterEach
  void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  private void serve() throws Exception {
    echo = server.echoes(8080);
  }

  @Test
  @DisplayName("controller and CA down later: what is there goes on, new pods wait, no plaintext")
  void controller_down_later() throws Exception {
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    assertThat(client.reaches(server, 8080)).isTrue();
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();

      mesh.stopController();

      assertThat(open.echoes("two")).isTrue();
      assertThat(client.reaches(server, 8080)).isTrue();
      TestPod late = mesh.pod("shop", "late", "node-a");
      Until.holds(
          "captured",
          () -> late.run("nft", "list", "ruleset").output().contains("redirect to :15001"));
      try (Sniffer sniffer = Sniffer.on(mesh)) {
        assertThat(late.reaches(server, 8080)).isFalse();
        assertThat(sniffer.saw("ping")).isFalse();
        assertThat(echo.callers()).doesNotContain(late.ipv4());
      }

      mesh.startController();

      Until.holds("the late pod is served", () -> late.reaches(server, 8080));
      assertThat(echo.callers()).contains(late.ipv4());
      assertThat(open.echoes("three")).isTrue();
    }
  }

  @Test
  @DisplayName("controller down at the start: pods wait closed, and all comes up when it does")
  void controller_down_at_start() throws Exception {
    // Once, so that there are a root and join tokens.
    mesh.startController();
    mesh.stopController();
    mesh.mode("shop", "ambient");
    mesh.startNodes();
    Until.holds(
        "pending",
        () -> mesh.facts().toString(),
        () -> mesh.facts().get("shop/client") == EnrolmentFacts.State.PENDING);
    serve();
    assertThat(client.reaches(server, 8080)).isFalse();
    assertThat(echo.callers()).isEmpty();
    assertThat(mesh.node("node-a").agentPage("/pods")).contains("no ztunnel is connected");

    mesh.startController();

    mesh.awaitCaptured("shop");
    mesh.awaitReady();
    assertThat(client.reaches(server, 8080)).isTrue();
    assertThat(echo.callers()).containsOnly(client.ipv4());
  }

  @Test
  @DisplayName(
      "ztunnel killed with -9: connections end, nothing becomes plaintext, a new one serves")
  void ztunnel_killed() throws Exception {
    mesh.startController();
    mesh.node("node-a").startAgent();
    mesh.node("node-a").startZtunnel();
    mesh.node("node-b").startAgent();
    mesh.node("node-b").startZtunnelProcess();
    serve();
    mesh.enrols("shop");
    Until.holds("a way through", () -> client.reaches(server, 8080));
    int before = echo.callers().size();
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();

      mesh.node("node-b").killZtunnelProcess();

      assertThat(open.end()).isIn("FIN", "RST");
    }
    try (Sniffer sniffer = Sniffer.on(mesh)) {
      assertThat(client.reaches(server, 8080)).isFalse();
      assertThat(sniffer.saw("ping")).isFalse();
    }
    assertThat(echo.callers()).hasSize(before + 1);
    assertThat(mesh.facts()).containsEntry("shop/server", EnrolmentFacts.State.ENABLED);

    mesh.node("node-b").startZtunnelProcess();

    Until.holds(
        "a way through again", mesh.node("node-b")::processLog, () -> client.reaches(server, 8080));
  }

  @Test
  @DisplayName("ztunnel absent where the client runs: its connections are refused, not plaintext")
  void no_ztunnel_at_the_client() throws Exception {
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    mesh.node("node-a").stopZtunnel();
    try (Sniffer sniffer = Sniffer.on(mesh)) {
      assertThat(client.reaches(server, 8080)).isFalse();
      assertThat(sniffer.segments()).isEmpty();
    }

    mesh.node("node-a").startZtunnel();

    Until.holds("a way through", () -> client.reaches(server, 8080));
  }

  @Test
  @DisplayName("port 15008 blocked on the way: the client is told, nothing becomes plaintext")
  void tunnel_port_blocked() throws Exception {
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    mesh.inNode(
        "node-b",
        "nft",
        "add table inet wall; "
            + "add chain inet wall forward { type filter hook forward priority 0; }; "
            + "add rule inet wall forward tcp dport 15008 drop");
    try (Sniffer sniffer = Sniffer.on(mesh);
        Talk talk = client.connects(server, 8080)) {
      talk.says("a secret");
      talk.socket().setSoTimeout(30_000);
      assertThat(talk.end()).isIn("FIN", "RST");
      assertThat(sniffer.saw("a secret")).isFalse();
      assertThat(echo.callers()).isEmpty();
    }

    mesh.inNode("node-b", "nft", "delete table inet wall");

    Until.holds("a way through", () -> client.reaches(server, 8080));
  }

  @Test
  @DisplayName("certificates are renewed before they end, and no connection notices")
  void certificates_are_renewed() throws Exception {
    mesh.node("node-a").with("SECRET_TTL", "12s");
    mesh.node("node-b").with("SECRET_TTL", "12s");
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();
      String first = mesh.node("node-a").serials();
      assertThat(first).isNotEmpty();

      Until.holds("renewed", () -> !mesh.node("node-a").serials().equals(first));

      assertThat(open.echoes("two")).isTrue();
      assertThat(client.reaches(server, 8080)).isTrue();
    }
  }

  @Test
  @DisplayName("hbone 47: a ztunnel that ends lets open connections finish until the deadline")
  void graceful_end() throws Exception {
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();
      var drained = mesh.node("node-b").ztunnel().drain();
      assertThat(open.echoes("two")).isTrue();
      assertThat(open.end()).isIn("FIN", "RST");
      drained.get(Until.DEADLINE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
    }
  }

  @Test
  @DisplayName("broken manifests: named, and the last good state stays")
  void broken_manifests() throws Exception {
    mesh.startAll();
    serve();
    mesh.enrols("shop");
    mesh.apply("policy", deny("cluster.local/ns/shop/sa/client"));
    Until.holds("denied", () -> !client.reaches(server, 8080));
    String[] broken = {
      "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n  metadata: {{{\n",
      "kind: Sandwich\napiVersion: food/v1\nmetadata: {name: x}\n",
      deny("x").replace("principals: [\"x\"]", "ipBlocks: [\"10.0.0.0/77\"]"),
    };
    for (String text : broken) {
      mesh.apply("policy", text);
      Until.holds(
          "named",
          () -> {
            try {
              return mesh.controllerPage("/problems");
            } catch (IOException e) {
              return e.toString();
            }
          },
          () -> mesh.controllerPage("/problems").contains("policy.yaml"));
      assertThat(client.reaches(server, 8080)).as(text).isFalse();
    }
    mesh.apply("again", deny("cluster.local/ns/shop/sa/nobody"));
    mesh.apply("policy", deny("cluster.local/ns/shop/sa/client"));
    Until.holds(
        "the duplicate is named", () -> mesh.controllerPage("/problems").contains("policy"));
    mesh.delete("again");
    mesh.delete("policy");
    Until.holds("allowed", () -> client.reaches(server, 8080));
  }

  private static String deny(String principal) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata:
      name: deny
      namespace: shop
    spec:
      action: DENY
      selector:
        matchLabels:
          app: server
      rules:
      - from:
        - source:
            principals: ["%s"]
    """
        .formatted(principal);
  }
}
