package dev.ambit.controller.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.ClusterObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class RequiredWaypointsTest {
  private static final MeshSettings STRICT =
      new MeshSettings("cluster.local", "Kubernetes", "cluster.local", "istio-system", false, true);
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  private static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "wp");
  private static final String ALLOW_ALL =
      """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: all, namespace: demo}
      spec: {action: ALLOW, rules: [{}]}
      """;
  private static final String INSTANCE =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: wp-1
        namespace: demo
        labels:
          gateway.networking.k8s.io/gateway-name: wp
          gateway.istio.io/managed: ambit.dev-waypoint
      spec: {nodeName: n, serviceAccountName: wp}
      status: {podIPs: [{ip: 10.244.0.9}]}
      """;

  private final Derived strict = new Derived(STRICT);

  private static ClusterObject[] objects(String... documents) {
    String all = String.join("---\n", documents);
    return ManifestReader.read("test.yaml", all.getBytes(StandardCharsets.UTF_8), Instant.EPOCH)
        .objects()
        .toArray(ClusterObject[]::new);
  }

  private void derive(String... documents) {
    strict.then(Map.of(), objects(documents));
  }

  @Test
  @DisplayName("threat-model D9: with REQUIRE_WAYPOINT only waypoints reach a pod that has one")
  void the_way_past_is_closed() {
    String bound = WaypointTest.service("demo", "echo", ", labels: {istio.io/use-waypoint: wp}");
    derive(
        WaypointTest.WAYPOINT,
        INSTANCE,
        bound,
        WaypointTest.pod("echo", "app: echo"),
        WaypointTest.pod("free", "app: free"),
        ALLOW_ALL);
    assertThat(strict.allows("demo", "echo", 8080, WAYPOINT)).isTrue();
    assertThat(strict.allows("demo", "echo", 8080, CLIENT)).as("another identity").isFalse();
    assertThat(strict.allows("demo", "echo", 8080, null)).as("plaintext").isFalse();
    assertThat(strict.allows("demo", "free", 8080, CLIENT)).isTrue();
    assertThat(strict.allows("demo", "wp-1", 15008, CLIENT)).as("the waypoint itself").isTrue();

    derive(WaypointTest.WAYPOINT, bound, WaypointTest.pod("echo", "app: echo"), ALLOW_ALL);
    assertThat(strict.allows("demo", "echo", 8080, WAYPOINT))
        .as("a waypoint without pods has no instance that could come")
        .isFalse();

    derive(
        WaypointTest.WAYPOINT,
        INSTANCE,
        WaypointTest.service("demo", "echo", ""),
        WaypointTest.pod("echo", "app: echo"));
    assertThat(strict.allows("demo", "echo", 8080, CLIENT)).as("bound no more").isTrue();
    assertThat(strict.policy("demo", "ambit_require_waypoint_demo_wp")).isEmpty();
  }

  @Test
  void by_the_label_of_the_namespace_and_once_the_waypoint_is_ready() {
    String echo = WaypointTest.service("demo", "echo", "");
    String pod = WaypointTest.pod("echo", "app: echo");
    String bare = WaypointTest.WAYPOINT.substring(0, WaypointTest.WAYPOINT.indexOf("status:"));
    derive(WaypointTest.NAMESPACE, bare, INSTANCE, echo, pod);
    assertThat(strict.allows("demo", "echo", 8080, CLIENT)).isTrue();
    derive(WaypointTest.NAMESPACE, WaypointTest.WAYPOINT, INSTANCE, echo, pod);
    assertThat(strict.allows("demo", "echo", 8080, CLIENT)).isFalse();
    assertThat(strict.allows("demo", "echo", 8080, WAYPOINT)).isTrue();
  }

  @Test
  void off_nothing_changes() {
    Derived usual =
        Derived.of(
            MeshSettings.DEFAULT,
            Map.of(),
            objects(
                WaypointTest.NAMESPACE,
                WaypointTest.WAYPOINT,
                INSTANCE,
                WaypointTest.service("demo", "echo", ""),
                WaypointTest.pod("echo", "app: echo")));
    assertThat(usual.allows("demo", "echo", 8080, CLIENT)).isTrue();
  }
}
