package dev.ambit.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.model.identity.SpiffeId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Envoy in a pod of its own, which speaks HBONE by itself, and whole ztunnels at the other end. */
@Tag("kernel")
@Tag("peers")
class EnvoyMeshTest {
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "shop", "client");
  private static final SpiffeId SERVER = new SpiffeId("cluster.local", "shop", "server");
  private static final SpiffeId ENVOY = new SpiffeId("cluster.local", "edge", "envoy");
  private static final int LISTEN = 9000;

  @TempDir private static Path work;
  private static MeshFixture mesh;
  private static MeshCa ca;
  private static TestPod client;
  private static TestPod server;
  private static TestPod edge;
  private static Envoy envoy;
  private static EchoServer application;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.start();
    client = mesh.pod("shop", "client", "node-a");
    server = mesh.pod("shop", "server", "node-a");
    application = server.echoes(8080);
    edge = mesh.pod("edge", "envoy", "node-b");
    edge.echoes(8080);
    mesh.apply("pod-edge-envoy", speaksHbone(edge));
    mesh.enrols("shop");
    mesh.awaitProtocol(edge, "HBONE");
    ca = MeshCa.of(mesh, "node-b", Files.createDirectories(work.resolve("ca")));
    envoy = new Envoy(work, List.of("nsenter", "--net=" + edge.file()));
  }

  @AfterAll
  static void end() throws Exception {
    if (ca != null) {
      ca.close();
    }
    if (mesh != null) {
      mesh.close();
    }
  }

  @Test
  void envoy_tunnels_into_a_captured_pod() throws Exception {
    try (ForeignProgram calling =
            envoy.client(
                LISTEN,
                server.ipv4() + ":8080",
                server.ipv4() + ":15008",
                ca.files(ENVOY),
                SERVER.toString());
        Talk talk = edge.connects("127.0.0.1", LISTEN)) {
      assertThat(talk.echoes("hello")).as(calling.output()).isTrue();
      assertThat(application.callers()).anyMatch(caller -> caller.contains(edge.ipv4()));
    }
  }

  @Test
  void a_policy_that_names_another_identity_refuses_envoy() throws Exception {
    mesh.apply(
        "policy",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: only-client
          namespace: shop
        spec:
          selector:
            matchLabels:
              app: server
          rules:
          - from:
            - source:
                principals: ["cluster.local/ns/shop/sa/client"]
        """);
    mesh.awaitPolicy("shop", "only-client");
    try (ForeignProgram calling =
            envoy.client(
                LISTEN,
                server.ipv4() + ":8080",
                server.ipv4() + ":15008",
                ca.files(ENVOY),
                SERVER.toString());
        Talk talk = edge.connects("127.0.0.1", LISTEN)) {
      assertThat(talk.endAfter("hello")).as(calling.output()).doesNotContain("hello");
      assertThat(client.reaches(server, 8080)).isTrue();
    } finally {
      mesh.delete("policy");
      mesh.awaitNoPolicy("shop", "only-client");
    }
  }

  @Test
  @DisplayName("hbone 21: unrelated authority is refused with 400")
  void envoy_cannot_reach_a_third_pod_through_the_tunnel() throws Exception {
    try (ForeignProgram calling =
            envoy.client(
                LISTEN,
                client.ipv4() + ":8080",
                server.ipv4() + ":15008",
                ca.files(ENVOY),
                SERVER.toString());
        Talk talk = edge.connects("127.0.0.1", LISTEN)) {
      assertThat(talk.endAfter("hello")).as(calling.output()).doesNotContain("hello");
    }
  }

  @Test
  void a_captured_pod_tunnels_to_envoy() throws Exception {
    try (ForeignProgram called =
            envoy.server(edge.ipv4() + ":15008", 8080, ca.files(ENVOY), CLIENT.toString());
        Talk talk = client.connects(edge, 8080)) {
      assertThat(talk.echoes("hello")).as(called.output()).isTrue();
      assertThat(mesh.node("node-a").page("/tunnels")).contains(edge.ipv4() + ":15008");
    }
  }

  @Test
  @DisplayName("hbone 29: nothing is sent to a server that proves another identity")
  void a_captured_pod_does_not_talk_to_envoy_of_another_identity() throws Exception {
    try (ForeignProgram called =
            envoy.server(
                edge.ipv4() + ":15008",
                8080,
                ca.forged("spiffe://cluster.local/ns/edge/sa/impostor"),
                CLIENT.toString());
        Talk talk = client.connects(edge, 8080)) {
      assertThat(talk.endAfter("hello")).as(called.output()).doesNotContain("hello");
      assertThat(mesh.logged("impostor", ENVOY.toString())).isNotEmpty();
    }
  }

  /** The pod's manifest with the label that says that it speaks HBONE by itself. */
  private static String speaksHbone(TestPod pod) {
    return """
    apiVersion: v1
    kind: Pod
    metadata:
      name: %s
      namespace: %s
      labels:
        networking.istio.io/tunnel: http
    spec:
      nodeName: %s
      serviceAccountName: %s
    status:
      podIPs:
      - ip: "%s"
    """
        .formatted(pod.name(), pod.namespace(), pod.node(), pod.name(), pod.ipv4());
  }
}
