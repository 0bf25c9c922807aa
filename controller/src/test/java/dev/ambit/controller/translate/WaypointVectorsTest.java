package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.WaypointTest.NAMESPACE;
import static dev.ambit.controller.translate.WaypointTest.WAYPOINT;
import static dev.ambit.controller.translate.WaypointTest.pod;
import static dev.ambit.controller.translate.WaypointTest.service;
import static dev.ambit.controller.translate.WaypointTest.waypoint;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What operators meet when a waypoint comes, goes, or is not the only one. */
final class WaypointVectorsTest {
  private static final String ECHO = service("demo", "echo", "");
  private static final String POD = pod("p", "app: echo");

  private static String policy(String namespace, String name, String spec) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: %s, namespace: %s}
    spec: {%s}
    """
        .formatted(name, namespace, spec);
  }

  private static String allow(String account) {
    return policy(
        "demo",
        "only",
        "selector: {matchLabels: {app: echo}}, rules: [{from: [{source: {principals:"
            + " [cluster.local/ns/demo/sa/"
            + account
            + "]}}]}]");
  }

  /** Whether the proxy of the pod lets {@code account} of namespace demo in. */
  private static boolean lets(Written written, String account) {
    Peer peer =
        new Peer(
            InetAddress.ofLiteral("10.244.0.99"),
            new SpiffeId("cluster.local", "demo", account),
            new InetSocketAddress(InetAddress.ofLiteral("10.244.0.7"), 8080));
    return Authorizer.decide(written.view(), written.pod("demo", "p"), peer)
        instanceof Verdict.Allowed;
  }

  @Test
  @DisplayName("waypoint-selection 8: root policies at the destination and at the waypoint")
  void root_policies() {
    String nothing = policy("istio-system", "nothing", "");
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, POD, nothing);
    assertThat(lets(written, "wp")).as("allow-nothing holds for the waypoint, too").isFalse();
    written.then(NAMESPACE, WAYPOINT, ECHO, POD, nothing, allow("wp"));
    assertThat(lets(written, "wp")).isTrue();
    assertThat(lets(written, "client")).as("the client itself is not listed").isFalse();

    String ofClass =
        policy(
            "istio-system",
            "class",
            "targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass,"
                + " name: ambit-waypoint}]");
    written.then(NAMESPACE, WAYPOINT, ECHO, POD, nothing, allow("wp"), ofClass);
    assertThat(written.sentTo("demo/wp"))
        .containsKey("AuthorizationPolicy/istio-system/class")
        .doesNotContainKey("AuthorizationPolicy/istio-system/nothing");
    assertThat(lets(written, "wp")).as("the proxy of the pod does not obey it").isTrue();
  }

  @Test
  @DisplayName("waypoint-selection 21: a canary with another account must be listed, too")
  void account_of_the_canary() {
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, POD, allow("wp"));
    assertThat(lets(written, "wp")).isTrue();
    assertThat(lets(written, "can")).isFalse();
    written.then(
        NAMESPACE,
        WAYPOINT,
        ECHO,
        POD,
        allow("wp").replace("sa/wp]", "sa/wp, cluster.local/ns/demo/sa/can]"));
    assertThat(lets(written, "can")).isTrue();
  }

  @ParameterizedTest(name = "namespace {0}, service {1}: {2}")
  @DisplayName("waypoint-selection 14: who lets ingress gateways pass the waypoint")
  @CsvSource({
    "'', '', false",
    "'', true, true",
    "true, '', true",
    "true, false, false",
    "false, true, true"
  })
  void ingress(String ofNamespace, String own, boolean expected) {
    String namespace =
        ofNamespace.isEmpty()
            ? NAMESPACE
            : NAMESPACE.replace(
                "wp}", "wp, istio.io/ingress-use-waypoint: \"" + ofNamespace + "\"}");
    String labels =
        own.isEmpty() ? "" : ", labels: {istio.io/ingress-use-waypoint: \"" + own + "\"}";
    Written written = Written.of(namespace, WAYPOINT, service("demo", "echo", labels));
    assertThat(written.service("demo", "echo").ingressUseWaypoint()).isEqualTo(expected);
  }

  @Test
  @DisplayName("waypoint-selection 20: the canary is programmed like the primary")
  void canary() {
    String canaried =
        service(
            "demo",
            "echo",
            ", labels: {istio.io/use-waypoint: wp, istio.io/use-waypoint-canary: can},"
                + " annotations: {istio.io/use-waypoint-canary-weight: \"100\"}");
    String deny =
        policy(
            "demo",
            "deny",
            "action: DENY, rules: [{}], targetRefs: [{kind: Service, group: \"\", name: echo}]");
    Written written = Written.of(WAYPOINT, waypoint("can", "", ""), canaried, deny, ROUTE, V2);
    for (String each : new String[] {"demo/wp", "demo/can"}) {
      assertThat(written.sentTo(each))
          .containsKeys("AuthorizationPolicy/demo/deny", "HTTPRoute/demo/r");
    }
  }

  private static final String V2 = service("demo", "v2", ", labels: {istio.io/use-waypoint: none}");
  private static final String ROUTE =
      """
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: r, namespace: demo}
      spec:
        parentRefs: [{group: "", kind: Service, name: echo}]
        rules: [{backendRefs: [{name: v2, port: 80, weight: 1}]}]
      """;

  @Test
  @DisplayName("gamma 26: a route is accepted, resolved and has its waypoint")
  void status_of_a_route() {
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, V2, ROUTE);
    for (String type : new String[] {"Accepted", "ResolvedRefs", "ResolvedWaypoints"}) {
      assertThat(written.condition("HTTPRoute/demo/r", type)).as(type).startsWith("true " + type);
    }
    String missing = ROUTE.replace("weight: 1}", "weight: 1}, {name: no, port: 80, weight: 0}");
    written.then(NAMESPACE, WAYPOINT, ECHO, V2, missing);
    assertThat(written.condition("HTTPRoute/demo/r", "Accepted")).startsWith("true Accepted");
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedRefs"))
        .as("a missing backend of weight 0 is nobody's")
        .startsWith("true ResolvedRefs");
  }

  @Test
  @DisplayName("gamma 28: without its waypoint a service is reached directly, route or not")
  void waypoint_removed() {
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, V2, ROUTE, POD);
    assertThat(written.service("demo", "echo").waypoint()).isNotNull();
    written.then(NAMESPACE, ECHO, V2, ROUTE, POD);
    assertThat(written.service("demo", "echo").waypoint()).isNull();
    assertThat(written.view().endpoints(written.service("demo", "echo").key())).hasSize(1);
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedWaypoints"))
        .contains("will not be respected");
  }

  @Test
  @DisplayName("l7-authorization 22: from selector to targetRefs it is the waypoint's only")
  void from_selector_to_targets() {
    String before = policy("demo", "x", "selector: {matchLabels: {app: echo}}, rules: [{}]");
    String after =
        policy("demo", "x", "targetRefs: [{kind: Service, group: \"\", name: echo}], rules: [{}]");
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, POD, before);
    assertThat(written.view().policies()).hasSize(1);
    assertThat(written.condition("AuthorizationPolicy/demo/x", "ZtunnelAccepted")).isNotEmpty();
    written.then(NAMESPACE, WAYPOINT, ECHO, POD, after);
    assertThat(written.view().policies()).isEmpty();
    assertThat(written.condition("AuthorizationPolicy/demo/x", "ZtunnelAccepted")).isEmpty();
    assertThat(written.condition("AuthorizationPolicy/demo/x", "WaypointAccepted"))
        .startsWith("true Accepted");
  }

  @Test
  @DisplayName("http-routing §9: a VirtualService beside a route is told of on both")
  void overlap() {
    String virtual =
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: v, namespace: demo}
        spec: {hosts: [echo], http: [{route: [{destination: {host: v2}}]}]}
        """;
    Written written = Written.of(NAMESPACE, WAYPOINT, ECHO, V2, ROUTE, virtual);
    assertThat(written.condition("VirtualService/demo/v", "ambit.dev/Overlapping"))
        .startsWith("true OlderObjectFirst")
        .contains("HTTPRoute/demo/r");
    assertThat(written.condition("HTTPRoute/demo/r", "ambit.dev/Overlapping"))
        .contains("VirtualService/demo/v");
    written.then(NAMESPACE, WAYPOINT, ECHO, V2, virtual);
    assertThat(written.condition("VirtualService/demo/v", "ambit.dev/Overlapping")).isEmpty();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @DisplayName("l7-telemetry 7: what is said of Telemetry that waypoints do not obey")
  @CsvSource({
    "'targetRefs: [{kind: Service, group: \"\", name: echo}]', true Accepted",
    "'targetRefs: [{kind: Service, group: \"\", name: gone}]', false TargetNotFound",
    "'targetRefs: [{kind: Service, group: \"\", name: v2}]', false AncestorNotBound",
    "'selector: {matchLabels: {a: b}}', false Invalid",
  })
  void telemetry(String spec, String expected) {
    String telemetry =
        """
        apiVersion: telemetry.istio.io/v1
        kind: Telemetry
        metadata: {name: t, namespace: demo}
        spec: {%s}
        """
            .formatted(spec);
    assertThat(
            Written.of(NAMESPACE, WAYPOINT, ECHO, V2, telemetry)
                .condition("Telemetry/demo/t", "WaypointAccepted"))
        .startsWith(expected);
  }

  @Test
  void a_route_that_is_attached_to_a_waypoint_is_told_where_routes_attach() {
    String attached = ROUTE.replace("{group: \"\", kind: Service, name: echo}", "{name: wp}");
    assertThat(
            Written.of(NAMESPACE, WAYPOINT, ECHO, V2, attached)
                .condition("HTTPRoute/demo/r", "Accepted"))
        .startsWith("false NotAllowedByListeners");
  }
}
