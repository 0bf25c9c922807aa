package dev.ambit.cli.waypoint;

import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.FakeMesh;
import dev.ambit.cli.Terminal.Said;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WaypointCommandsTest {
  private static final String NAMESPACE =
      """
      apiVersion: v1
      kind: Namespace
      metadata:
        name: shop # ours
      """;
  private static final String DUMP =
      """
      {"workloads": [], "policies": [], "services": [
        {"name": "web", "namespace": "shop", "hostname": "web.shop.svc.cluster.local",
         "vips": ["/10.96.0.10"], "ports": {"80": 8080}, "endpoints": {},
         "waypoint": {"destination": "shop/waypoint.shop.svc.cluster.local",
                      "hboneMtlsPort": 15008}}]}
      """;

  @TempDir private Path state;
  @TempDir private Path manifests;
  @TempDir private Path generated;
  private String folder = "";

  @BeforeEach
  void folder() throws IOException {
    folder = manifests.toString();
    Files.writeString(manifests.resolve("shop.yaml"), NAMESPACE);
  }

  private Said waypoint(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "waypoint";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[all.length - 2] = "--state";
    all[all.length - 1] = state.toString();
    return run(all);
  }

  @Test
  void generatePrintsWhatApplyWrites() throws IOException {
    Said printed = run("waypoint", "generate", "-n", "shop", "--for", "all");
    assertThat(printed.exit()).isZero();
    assertThat(printed.out())
        .isEqualTo(
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata:
              name: waypoint
              namespace: shop
              labels:
                istio.io/waypoint-for: all
            spec:
              gatewayClassName: ambit-waypoint
              listeners:
                - name: mesh
                  port: 15008
                  protocol: HBONE
            """);
    Said applied = waypoint("apply", "-n", "shop", "--for", "all", "-f", folder);
    assertThat(applied.exit()).isZero();
    assertThat(applied.out())
        .contains("shop/waypoint: created in waypoint.shop.waypoint.yaml")
        .contains("no running mesh follows");
    assertThat(manifests.resolve("waypoint.shop.waypoint.yaml")).hasContent(printed.out());
  }

  @Test
  void applyChangesOnlyWhatIsSaid() throws IOException {
    assertThat(waypoint("apply", "-n", "shop", "-f", folder).exit()).isZero();
    assertThat(waypoint("apply", "-n", "shop", "-f", folder).out()).contains("unchanged in");
    assertThat(waypoint("apply", "-n", "shop", "--for", "workload", "-f", folder).out())
        .contains("now istio.io/waypoint-for=workload in waypoint.shop.waypoint.yaml");
    assertThat(waypoint("list", "-f", folder).out())
        .containsPattern("shop +waypoint +default +Unknown +- +workload +0/0 +0");
  }

  @Test
  void enrolsTheNamespaceAndSaysWhatIsMissing() throws IOException {
    Said said = waypoint("apply", "-n", "shop", "--enroll-namespace", "-f", folder);
    assertThat(said.exit()).isZero();
    assertThat(said.out())
        .contains("namespace shop: istio.io/use-waypoint=waypoint in shop.yaml")
        .contains("is not in the mesh");
    assertThat(manifests.resolve("shop.yaml"))
        .content()
        .contains("istio.io/use-waypoint: waypoint")
        .contains("# ours");
    Said other = waypoint("apply", "-n", "shop", "--name", "b", "--enroll-namespace", "-f", folder);
    assertThat(other.exit()).isOne();
    assertThat(other.err()).contains("use-waypoint=waypoint").contains("--overwrite");
    assertThat(manifests.resolve("waypoint.shop.b.yaml")).doesNotExist();
    assertThat(
            waypoint(
                    "apply",
                    "-n",
                    "shop",
                    "--name",
                    "b",
                    "--enroll-namespace",
                    "--overwrite",
                    "-f",
                    folder)
                .exit())
        .isZero();
  }

  @Test
  void withoutItsNamespaceNothingIsLabelled() {
    Said said = waypoint("apply", "-n", "nowhere", "--enroll-namespace", "-f", folder);
    assertThat(said.exit()).isOne();
    assertThat(said.err()).contains("got no Namespace nowhere");
  }

  @Test
  void deleteTakesOneDocumentOutOfAFile() throws IOException {
    String gateway = run("waypoint", "generate", "-n", "shop").out();
    String other = run("waypoint", "generate", "-n", "shop", "--name", "other").out();
    Path file = manifests.resolve("all.yaml");
    Files.writeString(file, NAMESPACE + "---\n" + gateway + "---\n# kept\n" + other);
    Said said = waypoint("delete", "waypoint", "-n", "shop", "-f", folder);
    assertThat(said.exit()).isZero();
    assertThat(file).hasContent(NAMESPACE + "---\n# kept\n" + other);
    assertThat(waypoint("delete", "waypoint", "-n", "shop", "-f", folder).exit()).isOne();
    assertThat(waypoint("delete", "-n", "shop", "-f", folder).exit()).isEqualTo(2);
    waypoint("apply", "-n", "shop", "-f", folder);
    assertThat(waypoint("delete", "--all", "-n", "shop", "-f", folder).exit()).isZero();
    assertThat(manifests.resolve("waypoint.shop.waypoint.yaml")).doesNotExist();
    assertThat(file).hasContent(NAMESPACE);
  }

  @Test
  void listAndStatusSayHowItFares() throws IOException {
    waypoint("apply", "-n", "shop", "-f", folder);
    Files.writeString(
        generated.resolve("waypoint.yaml"),
        """
        apiVersion: v1
        kind: Service
        metadata: {name: waypoint, namespace: shop}
        spec:
          clusterIPs: [10.96.128.1]
          ports: [{name: mesh, port: 15008}]
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: waypoint-1
          namespace: shop
          labels: {gateway.networking.k8s.io/gateway-name: waypoint}
        spec: {nodeName: node-a, containers: [{name: waypoint, image: ambit}]}
        status: {podIPs: [{ip: 10.77.1.200}]}
        """);
    try (FakeMesh mesh = new FakeMesh(state, manifests)) {
      mesh.generated(generated)
          .controller(Map.of("/conditions", FakeMesh.json(conditions("True", "Programmed", ""))))
          .node("node-a", Map.of("/config_dump", FakeMesh.json(DUMP)), Map.of())
          .waypoint("shop/waypoint-1", "waypoint", Map.of());
      assertThat(waypoint("list", "-o", "wide").out())
          .containsPattern(
              "shop +waypoint +default +True +10.96.128.1 +service +1/1 +1 +ambit-waypoint"
                  + " +10.96.128.1 +shop/web +-");
      assertThat(waypoint("status").exit()).isZero();
      assertThat(waypoint("apply", "-n", "shop", "--wait").out()).contains("up after");
      assertThat(waypoint("list", "-o", "json").json().path(0).path("bound").path(0).asString())
          .isEqualTo("shop/web");
    }
  }

  @Test
  void waitsForPodsThatJoinTheMeshMeanwhile() throws IOException {
    Files.writeString(
        generated.resolve("waypoint.yaml"),
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: waypoint-1
          namespace: shop
          labels: {gateway.networking.k8s.io/gateway-name: waypoint}
        spec: {nodeName: node-a, containers: [{name: waypoint, image: ambit}]}
        status: {podIPs: [{ip: 10.77.1.200}]}
        """);
    AtomicInteger asked = new AtomicInteger();
    try (FakeMesh mesh = new FakeMesh(state, manifests)) {
      mesh.generated(generated)
          .controller(
              Map.of(
                  "/conditions",
                  FakeMesh.json(() -> {
                    if (asked.incrementAndGet() == 2) {
                      joins(mesh);
                    }
                    return conditions("True", "Programmed", "");
                  })));
      Said said = waypoint("apply", "-n", "shop", "--wait", "--waypoint-timeout", "20s");
      assertThat(said.out()).contains("up after");
    }
  }

  private static void joins(FakeMesh mesh) {
    try {
      mesh.waypoint("shop/waypoint-1", "waypoint", Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @DisplayName("waypoint-selection 1: without ready pods the reason is shown")
  void aWaypointThatDoesNotComeUpSaysWhy() throws IOException {
    waypoint("apply", "-n", "shop", "-f", folder);
    try (FakeMesh mesh = new FakeMesh(state, manifests)) {
      mesh.generated(generated)
          .controller(
              Map.of(
                  "/conditions",
                  FakeMesh.json(conditions("False", "AddressNotAssigned", "address pending"))));
      Said status = waypoint("status", "waypoint", "-n", "shop");
      assertThat(status.exit()).isOne();
      assertThat(status.out()).contains("False").contains("AddressNotAssigned");
      Said waited = waypoint("apply", "-n", "shop", "-w", "--waypoint-timeout", "0s");
      assertThat(waited.exit()).isOne();
      assertThat(waited.out())
          .contains("not up after 0s: AddressNotAssigned: address pending, 0 of 0 pods ready");
      assertThat(waypoint("status", "nothing").exit()).isOne();
    }
  }

  private static String conditions(String programmed, String reason, String message) {
    return """
    [{"kind": "Gateway", "namespace": "shop", "name": "waypoint", "type": "Accepted",
      "status": "True", "reason": "Accepted", "message": ""},
     {"kind": "Gateway", "namespace": "shop", "name": "waypoint", "type": "Programmed",
      "status": "%s", "reason": "%s", "message": "%s"}]
    """
        .formatted(programmed, reason, message);
  }
}
