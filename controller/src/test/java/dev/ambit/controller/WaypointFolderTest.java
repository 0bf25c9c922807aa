package dev.ambit.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.controller.ca.Csr;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.generated.PodFacts;
import io.grpc.Channel;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WaypointFolderTest {
  private static final String GATEWAY =
      """
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: wp, namespace: demo}
      spec:
        gatewayClassName: istio-waypoint
        listeners: [{name: mesh, port: 15008, protocol: HBONE}]
      """;

  @TempDir private Path folder;
  private TestMesh mesh;
  private Path generated;

  @BeforeEach
  void start() throws Exception {
    mesh =
        TestMesh.of(
            folder,
            Yaml.join(
                Yaml.pod("demo", "q", "10.0.0.2", "node-b", "server"),
                Yaml.service("demo", "q", "10.96.0.1", "q")));
    generated = folder.resolve("state/generated/demo.wp.yaml");
  }

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static void until(String what, Callable<Boolean> holds) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!holds.call()) {
      assertThat(System.nanoTime()).as(what + " within 10 s").isLessThan(end);
      LockSupport.parkNanos(5_000_000);
    }
  }

  private String page(String path) throws IOException {
    return new String(
        AdminClient.get(folder.resolve("admin.sock"), path, Duration.ofSeconds(5)),
        StandardCharsets.UTF_8);
  }

  private boolean says(String text) throws IOException {
    return Files.exists(generated) && Files.readString(generated).contains(text);
  }

  @Test
  void the_token_of_a_pod_is_good_for_that_pod_alone() throws Exception {
    Files.writeString(folder.resolve("manifests/wp.yaml"), GATEWAY);
    Path file = folder.resolve("state/join-tokens/pods/demo.wp-1");
    until("a token", () -> Files.exists(file));
    Channel pod = mesh.withToken(Files.readString(file));
    String own = "spiffe://cluster.local/ns/demo/sa/wp";
    assertThat(TestMesh.certify(pod, Csr.of(own), "ImpersonatedIdentity", own).getCertChainCount())
        .isGreaterThan(1);
    for (String[] other :
        new String[][] {
          {"ImpersonatedIdentity", "spiffe://cluster.local/ns/demo/sa/server"},
          {"AmbitNode", "node-b"}
        }) {
      assertThatThrownBy(() -> TestMesh.certify(pod, Csr.of(own), other[0], other[1]))
          .hasMessageContaining("UNAUTHENTICATED");
    }

    String id = "waypoint~10.0.0.9~%s.demo~demo.svc.cluster.local";
    TestStream stream = TestStream.open(pod, "node-b").as(id.formatted("wp-1"));
    assertThat(stream.wildcard(ResourceType.ADDRESS).next().getResourcesCount()).isPositive();
    TestStream lie = TestStream.open(pod, "node-b").as(id.formatted("q"));
    assertThat(lie.wildcard(ResourceType.ADDRESS).end().getCode())
        .isEqualTo(Status.Code.PERMISSION_DENIED);

    String kept = Files.readString(file);
    Files.delete(folder.resolve("manifests/wp.yaml"));
    until("no token", () -> !Files.exists(file));
    assertThatThrownBy(
            () -> TestMesh.certify(mesh.withToken(kept), Csr.of(own), "ImpersonatedIdentity", own))
        .hasMessageContaining("UNAUTHENTICATED");
  }

  @Test
  void a_gateway_in_the_folder_is_deployed_followed_and_removed() throws Exception {
    Files.writeString(folder.resolve("manifests/wp.yaml"), GATEWAY);
    until("a pod", () -> says("name: wp-1"));
    until("the controller sees it", () -> page("/debug/objects").contains("\"Pod\" : 2"));
    assertThat(page("/conditions")).contains("no instances found for hostname wp.demo");

    PodFacts.write(folder.resolve("facts"), "up", Map.of("demo/wp-1", PodFacts.State.READY));
    until("readiness", () -> says("ambit.dev/programmed: \"true\""));
    until("a programmed gateway", () -> page("/conditions").contains("1 pods are ready"));
    String before = Files.readString(generated);

    mesh.stop();
    mesh.start();
    until("a restart changes nothing", () -> page("/conditions").contains("1 pods are ready"));
    assertThat(Files.readString(generated)).isEqualTo(before);

    Files.delete(folder.resolve("manifests/wp.yaml"));
    until("removal", () -> !Files.exists(generated));
    until("the controller sees it", () -> page("/debug/objects").contains("\"Pod\" : 1"));
  }
}
