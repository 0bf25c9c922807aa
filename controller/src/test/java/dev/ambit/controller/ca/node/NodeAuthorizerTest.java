package dev.ambit.controller.ca.node;

import static dev.ambit.controller.translate.Objects.on;
import static dev.ambit.controller.translate.Objects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.translate.Objects;
import dev.ambit.model.object.Gateway;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodeAuthorizerTest {
  private static final String LABEL = "gateway.networking.k8s.io/gateway-name=";

  private final NodeAuthorizer authorizer = new NodeAuthorizer("cluster.local");

  @BeforeEach
  void cluster() {
    Gateway gateway =
        new Gateway(
            Objects.metadata("demo", "wp", Map.of()),
            "ambit-waypoint",
            List.of(),
            List.of(),
            List.of(),
            Gateway.Infrastructure.NONE);
    authorizer.update(
        ClusterInput.of(
            List.of(
                gateway,
                on(pod("demo", "wp-1", "10.0.0.1", LABEL + "wp"), "n", "wp"),
                on(pod("demo", "stray", "10.0.0.2", LABEL + "gone"), "n", "wp"),
                on(pod("demo", "echo", "10.0.0.3"), "n", "echo")),
            Map.of()));
  }

  @ParameterizedTest(name = "node {0}, pod {1}, {2}: {3}")
  @DisplayName("a waypoint is known by its pod, which must be the caller's")
  @CsvSource({
    "n, '', waypoint~10.0.0.1~wp-1.demo~demo.svc.cluster.local, demo/wp",
    "n, demo/wp-1, waypoint~10.0.0.1~wp-1.demo~demo.svc.cluster.local, demo/wp",
    "n, demo/echo, waypoint~10.0.0.1~wp-1.demo~demo.svc.cluster.local, ''",
    "m, '', waypoint~10.0.0.1~wp-1.demo~demo.svc.cluster.local, ''",
    "n, '', waypoint~10.0.0.3~echo.demo~demo.svc.cluster.local, ''",
    "n, '', waypoint~10.0.0.2~stray.demo~demo.svc.cluster.local, ''",
    "n, '', waypoint~10.0.0.2~none.demo~demo.svc.cluster.local, ''",
    "n, '', nonsense, ''",
    "n, '', a~b~c~d, ''",
  })
  void waypoints(String node, String pod, String nodeId, String expected) {
    assertThat(authorizer.waypoint(node, pod, nodeId).orElse("")).isEqualTo(expected);
  }
}
