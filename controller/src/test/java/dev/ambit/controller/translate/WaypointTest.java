package dev.ambit.controller.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.WeightedWaypoint;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which waypoints things are bound to, and what is said of it. */
final class WaypointTest {
  private static final String BOUND = "istio.io/WaypointBound";

  static final String NAMESPACE =
      """
      apiVersion: v1
      kind: Namespace
      metadata: {name: demo, labels: {istio.io/use-waypoint: wp}}
      """;

  static String waypoint(String name, String marks, String listener) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {name: %s, namespace: demo%s}
    spec:
      gatewayClassName: ambit-waypoint
      listeners: [{name: mesh, port: 15008, protocol: HBONE%s}]
    status:
      addresses:
      - {type: IPAddress, value: 10.96.9.9}
      - {type: Hostname, value: %s.demo.svc.cluster.local}
    """
        .formatted(name, marks, listener, name);
  }

  static final String WAYPOINT = waypoint("wp", "", "");

  static String service(String namespace, String name, String marks) {
    return """
    apiVersion: v1
    kind: Service
    metadata: {name: %s, namespace: %s%s}
    spec:
      clusterIP: 10.96.0.1
      selector: {app: %s}
      ports: [{name: http, port: 80, targetPort: 8080}]
    """
        .formatted(name, namespace, marks, name);
  }

  static String pod(String name, String labels) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s, namespace: demo, labels: {%s}}
    spec: {nodeName: n}
    status: {podIPs: [{ip: 10.244.0.7}]}
    """
        .formatted(name, labels);
  }

  private static GatewayAddress address(String name) {
    return new GatewayAddress(
        new GatewayAddress.ByHostname(new ServiceKey("demo", name + ".demo.svc.cluster.local")),
        15008);
  }

  @Test
  @DisplayName("waypoint-selection 1: a Gateway without an address binds nothing")
  void not_ready() {
    String bare = WAYPOINT.substring(0, WAYPOINT.indexOf("status:"));
    Written written = Written.of(NAMESPACE, bare, service("demo", "echo", ""));
    assertThat(written.service("demo", "echo").waypoint()).isNull();
    assertThat(written.condition("Service/demo/echo", BOUND))
        .startsWith("false WaypointIsNotReady");
  }

  @Test
  @DisplayName("waypoint-selection 2: with addresses services get its host name, port 15008")
  void ready() {
    Written written = Written.of(NAMESPACE, WAYPOINT, service("demo", "echo", ""));
    assertThat(written.service("demo", "echo").waypoint()).isEqualTo(address("wp"));
    assertThat(written.condition("Service/demo/echo", BOUND)).startsWith("true WaypointAccepted");
  }

  @Test
  @DisplayName("control-plane 19: a namespace that asks for a waypoint changes its services only")
  void relabelled() {
    String plain = NAMESPACE.replace(", labels: {istio.io/use-waypoint: wp}", "");
    Written written =
        Written.of(plain, WAYPOINT, service("demo", "echo", ""), pod("p", "app: echo"));
    assertThat(written.service("demo", "echo").waypoint()).isNull();
    written.then(NAMESPACE, WAYPOINT, service("demo", "echo", ""), pod("p", "app: echo"));
    assertThat(written.service("demo", "echo").waypoint()).isEqualTo(address("wp"));
    assertThat(written.pod("demo", "p").waypoint()).isNull();
  }

  @ParameterizedTest(name = "from {0}: {1}")
  @DisplayName("waypoint-selection 4, 5: which namespaces may attach")
  @CsvSource({
    "from: Same, false AttachmentDenied",
    "from: All, true WaypointAccepted",
    "'from: Selector, selector: {matchLabels: {team: a}}', true WaypointAccepted",
    "'from: Selector, selector: {matchLabels: {team: b}}', false AttachmentDenied",
  })
  void other_namespaces(String from, String expected) {
    String other =
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: other, labels: {team: a}}
        """;
    String asks = ", labels: {istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: demo}";
    Written written =
        Written.of(
            other,
            waypoint("wp", "", ", allowedRoutes: {namespaces: {" + from + "}}"),
            service("other", "s", asks));
    assertThat(written.condition("Service/other/s", BOUND)).startsWith(expected);
    assertThat(written.service("other", "s").waypoint() != null)
        .isEqualTo(expected.startsWith("true"));
  }

  @Test
  @DisplayName("waypoint-selection 9: none asks for none, whatever Gateways are called")
  void none() {
    Written written =
        Written.of(
            NAMESPACE,
            waypoint("none", "", ""),
            service("demo", "echo", ", labels: {istio.io/use-waypoint: none}"));
    assertThat(written.service("demo", "echo").waypoint()).isNull();
    assertThat(written.condition("Service/demo/echo", BOUND)).isEmpty();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @DisplayName("waypoint-selection 13: canaries")
  @CsvSource({
    "can, '30', 30, true WaypointAccepted",
    "can, '', 0, true WaypointAccepted",
    "can, '130', -1, true CanaryInvalidWeight",
    "wp, '30', -1, true CanarySameAsPrimary",
    "gone, '50', -1, true WaypointIsNotReady",
  })
  void canary(String canary, String weight, int expected, String condition) {
    String annotations =
        weight.isEmpty()
            ? ""
            : ", annotations: {istio.io/use-waypoint-canary-weight: \"" + weight + "\"}";
    Written written =
        Written.of(
            waypoint("can", "", ""),
            WAYPOINT,
            service(
                "demo",
                "echo",
                ", labels: {istio.io/use-waypoint: wp, istio.io/use-waypoint-canary: "
                    + canary
                    + "}"
                    + annotations));
    assertThat(written.service("demo", "echo").waypoint()).isEqualTo(address("wp"));
    if (expected < 0) {
      assertThat(written.service("demo", "echo").weightedWaypoints()).isEmpty();
    } else {
      assertThat(written.service("demo", "echo").weightedWaypoints())
          .containsExactly(
              new WeightedWaypoint(address("wp"), 100 - expected),
              new WeightedWaypoint(address("can"), expected));
    }
    assertThat(written.condition("Service/demo/echo", BOUND)).startsWith(condition);
  }

  @Test
  @DisplayName("waypoint-selection 17: the pods of a sandwiched waypoint say how to reach it")
  void sandwich() {
    String marks = ", annotations: {ambient.istio.io/waypoint-inbound-binding: %s}";
    String instance = pod("wp-1", "gateway.networking.k8s.io/gateway-name: wp");
    assertThat(
            Written.of(waypoint("wp", marks.formatted("PROXY/15088"), ""), instance)
                .pod("demo", "wp-1")
                .applicationTunnel())
        .isEqualTo(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088));
    assertThat(
            Written.of(waypoint("wp", marks.formatted("TLS/1"), ""), instance)
                .pod("demo", "wp-1")
                .applicationTunnel())
        .isNull();
  }

  @ParameterizedTest(name = "waypoint-for {0}")
  @DisplayName("waypoint-selection §2: which traffic a waypoint is for")
  @CsvSource({
    "service, true, false",
    "workload, false, true",
    "all, true, true",
    "none, false, false"
  })
  void traffic_types(String traffic, boolean services, boolean pods) {
    Written written =
        Written.of(
            NAMESPACE,
            waypoint("wp", ", labels: {istio.io/waypoint-for: " + traffic + "}", ""),
            service("demo", "echo", ""),
            pod("p", "app: echo"),
            pod("wp-1", "gateway.networking.k8s.io/gateway-name: wp"));
    assertThat(written.service("demo", "echo").waypoint() != null).isEqualTo(services);
    assertThat(written.pod("demo", "p").waypoint() != null).isEqualTo(pods);
    assertThat(written.pod("demo", "wp-1").waypoint()).isNull();
    assertThat(written.condition("Service/demo/echo", BOUND))
        .startsWith(services ? "true WaypointAccepted" : "false UnsupportedTrafficType");
  }
}
