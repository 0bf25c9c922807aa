package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.WaypointTest.NAMESPACE;
import static dev.ambit.controller.translate.WaypointTest.WAYPOINT;
import static dev.ambit.controller.translate.WaypointTest.pod;
import static dev.ambit.controller.translate.WaypointTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a waypoint is sent, and what is said of it. */
final class WaypointObjectsTest {
  private static String route(String namespace, String parent, String backend) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: r, namespace: %s}
    spec:
      parentRefs: [{group: "", kind: Service, name: %s, namespace: demo}]
      rules:
      - backendRefs: [{%s}]
    """
        .formatted(namespace, parent, backend);
  }

  private static final String ROUTE = route("demo", "echo", "name: v2, port: 80");
  private static final String RULE =
      """
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: d, namespace: demo}
      spec:
        host: v2
        subsets: [{name: one, labels: {version: "1"}}]
      """;

  private static String policy(String namespace, String target) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: %s}
    spec:
      targetRefs: [{%s}]
      action: DENY
      rules: [{from: [{source: {principals: ["a", "b*"]}}], to: [{operation: {paths: ["/x"]}}],
        when: [{key: "request.headers[a]", notValues: ["c"]}]}]
    """
        .formatted(namespace, target);
  }

  private final String echo = service("demo", "echo", "");
  private final String second = service("demo", "v2", ", labels: {istio.io/use-waypoint: none}");

  private Map<String, String> sent(String... more) {
    String[] all = new String[more.length + 4];
    all[0] = NAMESPACE;
    all[1] = WAYPOINT;
    all[2] = echo;
    all[3] = second;
    System.arraycopy(more, 0, all, 4, more.length);
    return Written.of(all).sentTo("demo/wp");
  }

  @Test
  void routes_of_its_services_and_what_they_reach() {
    assertThat(sent()).containsOnlyKeys("Gateway/demo/wp");
    assertThat(sent(ROUTE)).containsOnlyKeys("Gateway/demo/wp", "HTTPRoute/demo/r");
    assertThat(sent(RULE)).containsOnlyKeys("Gateway/demo/wp");
    assertThat(sent(ROUTE, RULE, pod("one", "app: v2, version: \"1\""), pod("other", "app: x")))
        .containsOnlyKeys(
            "Gateway/demo/wp", "HTTPRoute/demo/r", "DestinationRule/demo/d", "Pod/demo/one");
    assertThat(sent(route("demo", "v2", "name: echo, port: 80")))
        .containsOnlyKeys("Gateway/demo/wp");
    assertThat(sent(route("consumer", "echo", "name: v2, port: 80")))
        .containsOnlyKeys("Gateway/demo/wp");
  }

  @ParameterizedTest(name = "{0} {1}: {2}")
  @CsvSource({
    "demo, 'kind: Service, group: \"\", name: echo', true",
    "demo, 'kind: Service, group: \"\", name: v2', false",
    "other, 'kind: Service, group: \"\", name: echo', false",
    "demo, 'kind: Gateway, group: gateway.networking.k8s.io, name: wp', true",
    "istio-system, 'kind: GatewayClass, group: gateway.networking.k8s.io, name: ambit-waypoint',"
        + " true",
    "demo, 'kind: GatewayClass, group: gateway.networking.k8s.io, name: ambit-waypoint', false",
  })
  @DisplayName("l7-authorization §1: policies that are attached")
  void policies(String namespace, String target, boolean expected) {
    Map<String, String> found = sent(policy(namespace, target));
    assertThat(found.containsKey("AuthorizationPolicy/" + namespace + "/p")).isEqualTo(expected);
  }

  @Test
  void what_is_sent_reads_back_as_the_object() {
    String policy = policy("demo", "kind: Service, group: \"\", name: echo");
    Map<String, String> found = sent(ROUTE, RULE, policy, pod("one", "app: v2"));
    String written = String.join("\n---\n", ROUTE, RULE, policy, WAYPOINT);
    for (var each : read("test.yaml", written).objects()) {
      String name = ObjectText.name(each);
      ManifestReader.Content back = read("wire", String.valueOf(found.get(name)));
      assertThat(back.problems()).as(name).isEmpty();
      assertThat(back.objects().getFirst().withMetadata(each.metadata())).isEqualTo(each);
      assertThat(back.objects().getFirst().metadata().created())
          .isEqualTo(each.metadata().created());
    }
    assertThat(read("wire", String.valueOf(found.get("Pod/demo/one"))).problems()).isEmpty();
  }

  private static ManifestReader.Content read(String file, String text) {
    return ManifestReader.read(
        file, text.getBytes(StandardCharsets.UTF_8), Instant.parse("2026-01-01T00:00:00Z"));
  }

  @Test
  void the_text_of_an_object_that_stays_is_not_written_again() {
    Written written = Written.of(NAMESPACE, WAYPOINT, echo, second, ROUTE);
    String before = written.sentTo("demo/wp").get("HTTPRoute/demo/r");
    written.then(NAMESPACE, WAYPOINT, echo, second, ROUTE, pod("p", "app: echo"));
    assertThat(written.sentTo("demo/wp").get("HTTPRoute/demo/r")).isSameAs(before);
  }

  @ParameterizedTest(name = "{0}, {1}: {2} {3}")
  @DisplayName("http-routing §10: conditions of routes")
  @CsvSource({
    "echo, 'name: v2, port: 80', true Accepted, true ResolvedRefs",
    "gone, 'name: v2, port: 80', false NoMatchingParent, true ResolvedRefs",
    "echo, 'name: missing, port: 80', true Accepted, false BackendNotFound",
    "echo, 'name: x, namespace: other, port: 80', true Accepted, false RefNotPermitted",
    "echo, 'kind: Bucket, name: x, port: 80', true Accepted, false InvalidKind",
  })
  void conditions(String parent, String backend, String accepted, String resolved) {
    Written written = Written.of(NAMESPACE, WAYPOINT, echo, second, route("demo", parent, backend));
    assertThat(written.condition("HTTPRoute/demo/r", "Accepted")).startsWith(accepted);
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedRefs")).startsWith(resolved);
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedWaypoints")).startsWith("true");
  }

  @Test
  void an_expression_that_is_not_re2_is_named() {
    String bad =
        ROUTE.replace(
            "- backendRefs",
            "- matches: [{path: {type: RegularExpression, value: \"/a(?=b)\"}}]\n    backendRefs");
    Written written = Written.of(NAMESPACE, WAYPOINT, echo, second, bad);
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedRefs"))
        .startsWith("false InvalidConfiguration")
        .contains("/a(?=b)");
  }

  @ParameterizedTest(name = "{0}: {1}")
  @DisplayName("l7-authorization §8: conditions of policies")
  @CsvSource({
    "'kind: Service, group: \"\", name: echo', true Accepted",
    "'kind: Service, group: \"\", name: v2', false AncestorNotBound",
    "'kind: Service, group: \"\", name: gone', false TargetNotFound",
    "'kind: Gateway, group: gateway.networking.k8s.io, name: wp', true Accepted",
    "'kind: GatewayClass, group: gateway.networking.k8s.io, name: ambit-waypoint', false Invalid",
  })
  void conditions_of_policies(String target, String expected) {
    Written written = Written.of(NAMESPACE, WAYPOINT, echo, second, policy("demo", target));
    assertThat(written.condition("AuthorizationPolicy/demo/p", "WaypointAccepted"))
        .startsWith(expected);
  }
}
