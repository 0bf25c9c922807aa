package dev.ambit.cli;

import static dev.ambit.cli.FakeMesh.json;
import static dev.ambit.cli.FakeMesh.text;
import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.Terminal.Said;
import dev.ambit.daemon.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The commands against sockets that answer as the daemons do. */
final class RunningMeshTest {
  private static final String CLIENT_A = "dcdc7661-6544-4be4-b45e-11ef9785f525";
  private static final String PODS =
      """
      [{"uid": "1", "namespace": "demo", "name": "client-a", "node": "node-a", "state": "enabled",
        "reason": "its namespace is labelled", "since": "2026-11-24T11:58:30Z", "unprotected": 1},
       {"uid": "2", "namespace": "demo", "name": "new", "node": "node-a", "state": "pending",
        "reason": "ztunnel does not answer", "since": "2026-11-24T11:59:59Z", "unprotected": 0}]
      """;
  private static final String UNPROTECTED =
      """
      [{"pod": "demo/client-a", "local": "10.244.1.10:4000", "remote": "10.244.2.11:8080",
        "since": "2026-11-24T11:00:00Z"}]
      """;
  private static final String TUNNELS =
      """
      [{"podUid": "%s", "direction": "outbound", "local": "10.244.1.10:5000",
        "remote": "10.244.2.11:15008", "sourceIdentity": "spiffe://cluster.local/ns/demo/sa/client",
        "destinationIdentity": "spiffe://cluster.local/ns/demo/sa/echo", "streams": 3,
        "openedEpochSeconds": %d, "state": "open"}]
      """;

  @TempDir private Path state;

  private FakeMesh mesh() throws Exception {
    ObjectNode dump = (ObjectNode) Terminal.dump("node-a");
    ObjectNode connections =
        (ObjectNode) dump.path("workloadState").path(CLIENT_A).path("connections");
    connections
        .putArray("outbound")
        .addObject()
        .put("src", "10.244.1.10:4711")
        .put("originalDst", "10.96.1.1:80")
        .put("actualDst", "10.244.2.11:15008")
        .put("protocol", "HBONE");
    connections
        .putArray("inbound")
        .addObject()
        .put("src", "9.9.9.9:99")
        .putNull("originalDst")
        .put("actualDst", "10.244.1.10:8080")
        .put("protocol", "TCP");
    ((ObjectNode) dump.path("workloadState").path("c0293ea2-fc47-4e97-9026-c67d8758cc82"))
        .put("state", "Pending");
    long opened = java.time.Instant.parse("2026-11-24T09:59:00Z").getEpochSecond();
    return new FakeMesh(state, state)
        .node(
            "node-a",
            Map.of(
                "/config_dump",
                json(new String(Json.write(dump), StandardCharsets.UTF_8)),
                "/tunnels",
                json(TUNNELS.formatted(CLIENT_A, opened)),
                "/version",
                json("{\"version\": \"0.1.0\"}")),
            Map.of("/pods", json(PODS), "/unprotected", json(UNPROTECTED)));
  }

  private Said ambit(String... words) {
    String[] all = java.util.Arrays.copyOf(words, words.length + 2);
    all[words.length] = "--state";
    all[words.length + 1] = state.toString();
    return run(all);
  }

  private static String squeezed(Said said) {
    return said.out().replaceAll(" +", " ");
  }

  @Test
  void lists_connections_with_those_past_the_mesh() throws Exception {
    try (FakeMesh _ = mesh()) {
      assertThat(squeezed(ambit("connections")))
          .contains(
              "client-a.demo Outbound client-a.demo:4711 echo-b.demo:15008 echo.demo:80 HBONE mTLS"
                  + " node-a",
              "client-a.demo Inbound client-a.demo:8080 9.9.9.9:99 - TCP plaintext node-a",
              "client-a.demo Unproxied client-a.demo:4000 echo-b.demo:8080 - TCP unprotected"
                  + " node-a");
      assertThat(squeezed(ambit("connections", "--raw", "--direction", "outbound")))
          .contains("10.244.1.10:4711 10.244.2.11:15008 10.96.1.1:80")
          .doesNotContain("Inbound");
      assertThat(ambit("connections", "-o", "json").json()).hasSize(3);
    }
  }

  @Test
  void lists_tunnels_and_pods() throws Exception {
    try (FakeMesh _ = mesh()) {
      assertThat(squeezed(ambit("tunnels")))
          .contains(
              "client-a.demo outbound 10.244.1.10:5000 10.244.2.11:15008 3 open 2h1m"
                  + " spiffe://cluster.local/ns/demo/sa/client"
                  + " spiffe://cluster.local/ns/demo/sa/echo node-a");
      assertThat(ambit("tunnels", "-o", "json").json().path(0).path("streams").asInt())
          .isEqualTo(3);
      assertThat(squeezed(ambit("pods")))
          .contains(
              "demo client-a node-a enabled 1m30s 1 its namespace is labelled",
              "demo new node-a pending 1s 0 ztunnel does not answer");
      assertThat(ambit("version").out())
          .contains("ztunnel of node-a: 0.1.0", "node agent of node-a: runs, and does not say");
    }
  }

  @Test
  void finds_programs_by_their_sockets() throws Exception {
    try (FakeMesh _ = mesh()) {
      String ztunnel = state.resolve("node-a.ztunnel").toString();
      String cni = state.resolve("node-a.cni").toString();
      assertThat(run("workloads", "--admin", ztunnel).out()).contains("client-a");
      assertThat(run("pods", "--admin", cni).out()).contains("client-a");
      assertThat(run("why", "demo/client-a", "demo/echo-b:80", "--admin", ztunnel).exit()).isZero();
    }
  }

  @Test
  void checks_every_program() throws Exception {
    try (FakeMesh mesh = mesh()) {
      mesh.controller(
          Map.of(
              "/problems",
              json(
                  """
                  [{"file": "web.yaml", "line": 7, "field": "spec.clusterIP", "got": "x",
                    "expected": "an IP address"}]
                  """),
              "/conditions",
              json(
                  """
                  [{"kind": "AuthorizationPolicy", "namespace": "demo", "name": "l7",
                    "type": "ZtunnelAccepted", "status": "False", "reason": "UnsupportedValue",
                    "message": "methods are not enforced at L4"}]
                  """),
              "/clients",
              json("[]")));
      Said said = ambit("check");
      assertThat(said.exit()).isEqualTo(1);
      assertThat(said.out())
          .contains(
              "ok    controller: ready",
              "wrong web.yaml:7: spec.clusterIP: got x, expected an IP address",
              "wrong AuthorizationPolicy demo/l7: ZtunnelAccepted=False (UnsupportedValue):"
                  + " methods are not enforced at L4",
              "wrong ztunnel of node-a: the controller does not know its connection",
              "wrong ztunnel of node-a: pod demo/solo-a is pending",
              "wrong node agent of node-a: pod demo/new is pending: ztunnel does not answer",
              "note  node agent of node-a: 1 connections are older",
              "5 things are wrong");
      assertThat(ambit("check", "-o", "json").json()).hasSizeGreaterThan(5);
    }
  }

  @Test
  void checks_programs_that_are_not_ready_or_gone() throws Exception {
    FakeMesh mesh =
        new FakeMesh(state, state)
            .node(
                "node-a",
                Map.of("/healthz/ready", text(500, "not ready, pending: state manager\n")),
                Map.of("/pods", json("[]"), "/unprotected", json("[]")));
    assertThat(ambit("check").out())
        .contains(
            "wrong ztunnel of node-a: not ready, pending: state manager",
            "is the controller ready",
            "ok    node agent of node-a: ready");
    mesh.close();
    Said gone = ambit("check");
    assertThat(gone.exit()).isEqualTo(1);
    assertThat(gone.out()).contains("wrong ztunnel of node-a: GET /healthz/ready of");
    assertThat(ambit("workloads").err()).contains("no program of the mesh answers /config_dump");
  }

  @Test
  void is_content_with_a_mesh_that_is_well() throws Exception {
    try (FakeMesh mesh = new FakeMesh(state, state)) {
      mesh.controller(
          Map.of(
              "/problems", json("[]"),
              "/conditions", json("[]"),
              "/clients", json("[{\"node\": \"node-a\"}]")));
      mesh.node(
          "node-a",
          Map.of("/config_dump", json("{}")),
          Map.of("/pods", json("[]"), "/unprotected", json("[]")));
      Said said = ambit("check");
      assertThat(said.out()).contains("all is well");
      assertThat(said.exit()).isZero();
    }
  }
}
