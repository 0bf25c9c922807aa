package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.PeerAuthentication.Mode;
import dev.ambit.model.object.TargetReference;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyReaderTest {
  private static final String POLICY =
      """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: p, namespace: demo}
      spec:
        selector: {matchLabels: {app: echo}}
        action: DENY
        rules:
        - from:
          - source: {principals: ["*"], notNamespaces: ["a", "b*"], ipBlocks: [10.0.0.0/8]}
          - source: {serviceAccounts: [demo/client]}
          to:
          - operation: {ports: ["80"], methods: [GET]}
          when:
          - {key: "request.headers[x]", values: [a]}
          - {key: destination.port, notValues: ["443"]}
        - {}
      """;

  @Test
  void a_policy_is_read_with_the_names_of_its_lists() {
    AuthorizationPolicy policy = one(AuthorizationPolicy.class, POLICY);

    assertThat(policy.action()).isEqualTo(Action.DENY);
    assertThat(policy.selector()).isEqualTo(Map.of("app", "echo"));
    assertThat(policy.targetRefs()).isEmpty();
    assertThat(policy.rules()).hasSize(2);
    AuthorizationPolicy.Rule rule = policy.rules().getFirst();
    assertThat(rule.from())
        .containsExactly(
            new AuthorizationPolicy.Source(
                Map.of(
                    "principals", List.of("*"),
                    "notNamespaces", List.of("a", "b*"),
                    "ipBlocks", List.of("10.0.0.0/8"))),
            new AuthorizationPolicy.Source(Map.of("serviceAccounts", List.of("demo/client"))));
    assertThat(rule.to())
        .containsExactly(
            new AuthorizationPolicy.Operation(
                Map.of("ports", List.of("80"), "methods", List.of("GET"))));
    assertThat(rule.when())
        .containsExactly(
            new AuthorizationPolicy.Condition("request.headers[x]", List.of("a"), List.of()),
            new AuthorizationPolicy.Condition("destination.port", List.of(), List.of("443")));
    assertThat(policy.rules().get(1))
        .isEqualTo(new AuthorizationPolicy.Rule(List.of(), List.of(), List.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"spec: {}", "spec:", "", "status: {}"})
  @DisplayName("l4-authorization §4: an empty policy allows nothing")
  void an_empty_policy_is_one(String rest) {
    AuthorizationPolicy policy =
        one(
            AuthorizationPolicy.class,
            "apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\n"
                + "metadata: {name: none}\n"
                + rest
                + "\n");
    assertThat(policy.action()).isEqualTo(Action.ALLOW);
    assertThat(policy.rules()).isEmpty();
    assertThat(policy.selector()).isEmpty();
  }

  @Test
  void a_policy_of_a_waypoint_names_its_targets() {
    AuthorizationPolicy policy =
        one(
            AuthorizationPolicy.class,
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p}
            spec:
              targetRefs:
              - {group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}
              - {kind: Service, name: echo}
              action: CUSTOM
              provider: {name: opa}
            """);
    assertThat(policy.targetRefs())
        .containsExactly(
            new TargetReference("gateway.networking.k8s.io", "Gateway", "", "waypoint"),
            new TargetReference("", "Service", "", "echo"));
    assertThat(policy.provider()).isEqualTo("opa");
    assertThat(policy.action()).isEqualTo(Action.CUSTOM);
  }

  @Test
  void a_peer_authentication_is_read() {
    PeerAuthentication object =
        one(
            PeerAuthentication.class,
            """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: p}
            spec:
              selector: {matchLabels: {app: echo}}
              mtls: {mode: STRICT}
              portLevelMtls:
                8080: {mode: PERMISSIVE}
                "9090": {mode: DISABLE}
            """);
    assertThat(object.mode()).isEqualTo(Mode.STRICT);
    assertThat(object.portModes()).isEqualTo(Map.of(8080, Mode.PERMISSIVE, 9090, Mode.DISABLE));
    assertThat(
            one(
                    PeerAuthentication.class,
                    "apiVersion: security.istio.io/v1beta1\nkind: PeerAuthentication\n"
                        + "metadata: {name: p}\n")
                .mode())
        .isEqualTo(Mode.UNSET);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ipBlocks: [10.0.0.0/8]|ipBlocks:"
            + " [10.0.0.0/33]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"10.0.0.0/33\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks:"
            + " [300.0.0.0/8]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"300.0.0.0/8\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks:"
            + " [\"fd00::/129\"]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"fd00::/129\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks:"
            + " [\"::ffff:1.2.3.4/120\"]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"::ffff:1.2.3.4/120\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks:"
            + " [10.0.0.0/-1]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"10.0.0.0/-1\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: []|9|spec.rules[0].from[0].source.ipBlocks|no value",
        "ipBlocks: [10.0.0.0/8]|ipBlock: [10.0.0.0/8]|9|spec.rules[0].from[0].source.ipBlock|an"
            + " unknown field",
        "{serviceAccounts: [demo/client]}|{}|10|spec.rules[0].from[1].source|nothing",
        "{serviceAccounts: [demo/client]}|{serviceAccounts:"
            + " [a/b/c]}|10|spec.rules[0].from[1].source.serviceAccounts[0]|\"a/b/c\"",
        "source: {serviceAccounts|sources: {serviceAccounts|10|spec.rules[0].from[1].sources|an"
            + " unknown field",
        "[\"80\"]|[80]|12|spec.rules[0].to[0].operation.ports[0]|the number 80",
        "[\"80\"]|[\"80000\"]|12|spec.rules[0].to[0].operation.ports[0]|\"80000\"",
        "[\"80\"]|[\"0\"]|12|spec.rules[0].to[0].operation.ports[0]|\"0\"",
        "[\"80\"]|\"80\"|12|spec.rules[0].to[0].operation.ports|\"80\"",
        "[\"80\"]||12|spec.rules[0].to[0].operation.ports|nothing",
        "destination.port|destination.prt|15|spec.rules[0].when[1].key|\"destination.prt\"",
        "notValues: [\"443\"]|notValues: [https]|15|spec.rules[0].when[1].notValues[0]|\"https\"",
        "notValues: [\"443\"]|nothing: 1|15|spec.rules[0].when[1].nothing|an unknown field",
        "DENY|deny|6|spec.action|\"deny\"",
        "action: DENY|acton: DENY|6|spec.acton|an unknown field",
        "matchLabels: {app|matchLabel: {app|5|spec.selector.matchLabel|an unknown field",
        "{app: echo}|{app: true}|5|spec.selector.matchLabels.app|the truth value true",
        "spec:|spce:|5|spce|an unknown field",
        "- {}|-|16|spec.rules[1]|nothing",
        "- {}|- allow|16|spec.rules[1]|\"allow\"",
        "- {}|- {from: []}|16|spec.rules[1].from|an empty list",
        "- {}|- {from: }|16|spec.rules[1].from|nothing",
      })
  void a_policy_that_says_something_else_is_refused(
      String from, String to, int line, String field, String got) {
    Content content = read(POLICY.replace(from, to == null ? "" : to));

    assertThat(content.objects()).isEmpty();
    assertThat(content.refused())
        .containsExactly(new Refused("AuthorizationPolicy", "demo", "p", false));
    assertThat(content.problems())
        .anySatisfy(problem -> {
          assertThat(problem.file()).isEqualTo("a.yaml");
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.field()).isEqualTo(field);
          assertThat(problem.got()).isEqualTo(got);
          assertThat(problem.expected()).isNotBlank();
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mtls: {mode: strict}|spec.mtls.mode: got \"strict\", expected one of DISABLE, PERMISSIVE,"
            + " STRICT, UNSET",
        "mtls: {mod: STRICT}|spec.mtls.mod: got an unknown field",
        "mtls: STRICT|spec.mtls: got \"STRICT\", expected a mapping",
        "portLevelMtls: {8080: {mode: STRICT}}|spec.portLevelMtls: got one without selector",
        "portLevelMtls: {80800: {mode: STRICT}}|spec.portLevelMtls.80800: got 80800, expected a"
            + " port",
      })
  void a_peer_authentication_that_says_something_else_is_refused(String spec, String problem) {
    Content content =
        read(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"
                + "metadata: {name: p}\nspec: {"
                + spec
                + "}\n");
    assertThat(content.objects()).isEmpty();
    assertThat(content.refused()).hasSize(1);
    assertThat(content.problems()).anyMatch(each -> each.toString().contains(problem));
  }
}
