package dev.ambit.controller.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.object.ClusterObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a change costs the controller while a thousand routes stay as they are. */
final class WaypointScaleTest {
  private static final Log LOG = Log.scope("measured");
  private static final int SERVICES = 1000;

  private final Map<String, ClusterObject> objects = new LinkedHashMap<>();
  private final Map<String, String> specs = new HashMap<>();

  private void put(String yaml) {
    ManifestReader.Content content =
        ManifestReader.read(
            "test.yaml",
            yaml.getBytes(StandardCharsets.UTF_8),
            Instant.parse("2026-01-01T00:00:00Z"));
    assertThat(content.problems()).isEmpty();
    for (ManifestReader.Loaded each : content.loaded()) {
      String name = ObjectText.name(each.object());
      objects.put(name, each.object());
      specs.put(name, each.spec());
    }
  }

  private static String route(int i, String backend) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: r%d, namespace: demo}
    spec:
      parentRefs: [{group: "", kind: Service, name: s%d}]
      rules:
      - matches: [{path: {type: RegularExpression, value: "/api/v%d/.*"}}]
        backendRefs: [{name: %s, port: 80}]
    """
        .formatted(i, i, i, backend);
  }

  @Test
  @DisplayName("one route of a thousand changes: it alone is sent, and soon")
  void one_of_a_thousand() {
    put(WaypointTest.NAMESPACE);
    put(WaypointTest.WAYPOINT);
    for (int i = 0; i < SERVICES; i++) {
      put(WaypointTest.service("demo", "s" + i, ""));
      put(route(i, "s" + i));
    }
    Derivation derivation = new Derivation(MeshSettings.DEFAULT);
    derivation.derive(input());
    List<Duration> derived = new ArrayList<>();
    List<Duration> said = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Map<String, String> before = Map.copyOf(derivation.objects().get("demo/wp"));
      put(route(7, "s" + (i + 8)));
      ClusterInput next = input();
      long begin = System.nanoTime();
      assertThat(derivation.derive(next)).isEmpty();
      derived.add(Duration.ofNanos(System.nanoTime() - begin));
      begin = System.nanoTime();
      assertThat(derivation.conditions()).hasSize(4 * SERVICES);
      said.add(Duration.ofNanos(System.nanoTime() - begin));
      Map<String, String> now = derivation.objects().get("demo/wp");
      assertThat(now.keySet()).isEqualTo(before.keySet());
      assertThat(now.keySet().stream().filter(each -> !now.get(each).equals(before.get(each))))
          .containsExactly("HTTPRoute/demo/r7");
    }
    derived.sort(null);
    said.sort(null);
    LOG.info(
        "a route of 1000",
        "deriveMicros",
        derived.get(15).toNanos() / 1000,
        "conditionsMicros",
        said.get(15).toNanos() / 1000);
    assertThat(derived.get(15)).isLessThan(Duration.ofMillis(100));
  }

  private ClusterInput input() {
    return ClusterInput.of(objects.values(), specs, Map.of());
  }
}
