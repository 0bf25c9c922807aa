package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.TrafficPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrafficReaderTest {
  private static final String RULE =
      """
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: d, namespace: demo}
      spec:
        host: echo
        trafficPolicy:
          loadBalancer:
            consistentHash:
              httpCookie: {name: session, ttl: 0s}
          connectionPool:
            tcp: {maxConnections: 1, connectTimeout: 100ms}
            http: {http2MaxRequests: 2, h2UpgradePolicy: UPGRADE}
          outlierDetection: {consecutive5xxErrors: 3, interval: 1s}
          portLevelSettings:
          - port: {number: 80}
            loadBalancer: {simple: RANDOM}
          tls: {mode: SIMPLE, sni: a.b}
          retryBudget: {percent: 12.5}
        subsets:
        - name: v1
          labels: {version: v1}
      """;

  @Test
  void a_destination_rule_is_read() {
    DestinationRule rule = one(DestinationRule.class, RULE);

    TrafficPolicy policy = rule.policy();
    assertThat(policy.loadBalancer())
        .isEqualTo(
            new TrafficPolicy.LoadBalancer(
                TrafficPolicy.Algorithm.LEAST_REQUEST,
                new TrafficPolicy.ConsistentHash(
                    new TrafficPolicy.CookieKey("session", "", Duration.ZERO, Map.of()), 1024, 0),
                null,
                null));
    assertThat(policy.connectionPool())
        .isEqualTo(
            new TrafficPolicy.ConnectionPool(
                1,
                Duration.ofMillis(100),
                null,
                null,
                null,
                new TrafficPolicy.HttpPool(
                    0, 2, 0, 0, 0, null, TrafficPolicy.H2Upgrade.UPGRADE, false)));
    assertThat(policy.outlierDetection())
        .isEqualTo(
            new TrafficPolicy.OutlierDetection(
                3, 0, 5, false, Duration.ofSeconds(1), Duration.ofSeconds(30), 10, 0));
    assertThat(policy.ports()).containsOnlyKeys(80);
    assertThat(policy.ports().get(80).connectionPool()).isNull();
    assertThat(policy.retryBudget())
        .isEqualTo(new TrafficPolicy.RetryBudget(12.5, 3, Duration.ZERO));
    assertThat(rule.subsets())
        .containsExactly(
            new DestinationRule.Subset("v1", Map.of("version", "v1"), TrafficPolicy.NONE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SIMPLE|simple|17|spec.trafficPolicy.tls.mode",
        "ttl: 0s|ttl: 0|9|spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl",
        "percent: 12.5|percent: 120|18|spec.trafficPolicy.retryBudget.percent",
        "interval: 1s|intervall: 1s|13|spec.trafficPolicy.outlierDetection.intervall",
        "host: echo|host: Echo|5|spec.host",
        "number: 80|number: 80000|15|spec.trafficPolicy.portLevelSettings[0].port.number",
      })
  void a_wrong_destination_rule_is_refused_with_its_line(
      String from, String to, int line, String field) {
    assertThat(read(RULE.replace(from, to)).problems())
        .anySatisfy(problem -> {
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.field()).isEqualTo(field);
        });
  }

  @Test
  void a_request_authentication_is_read() {
    RequestAuthentication object =
        one(
            RequestAuthentication.class,
            """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: {name: jwt}
            spec:
              targetRefs: [{kind: Service, name: echo}]
              jwtRules:
              - issuer: https://issuer.example
                audiences: [a]
                jwks: "{}"
                fromHeaders: [{name: X-Token, prefix: "T "}]
            """);
    assertThat(object.targetRefs()).containsExactly(new TargetReference("", "Service", "", "echo"));
    RequestAuthentication.JwtRule rule = object.rules().getFirst();
    assertThat(rule.from()).containsExactly(new RequestAuthentication.InHeader("x-token", "T "));
    assertThat(rule.output().spaceDelimited()).containsExactly("scope", "permission");
    assertThat(rule.timeout()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void gateways_classes_and_grants_are_read() {
    Gateway gateway =
        one(
            Gateway.class,
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: waypoint, namespace: demo}
            spec:
              gatewayClassName: istio-waypoint
              listeners:
              - name: mesh
                port: 15008
                protocol: HBONE
                allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: a}}}}
            status:
              addresses: [{type: Hostname, value: waypoint.demo.svc.cluster.local}]
            """);
    Gateway.Listener listener = gateway.listeners().getFirst();
    assertThat(listener.allowed())
        .isEqualTo(
            new Gateway.SelectedNamespaces(
                List.of(new Gateway.Requirement("team", Gateway.Operator.IN, List.of("a")))));
    assertThat(gateway.assigned())
        .containsExactly(new Gateway.Address("Hostname", "waypoint.demo.svc.cluster.local"));
    GatewayClass type =
        one(
            GatewayClass.class,
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: GatewayClass
            metadata: {name: istio-waypoint}
            spec: {controllerName: istio.io/mesh-controller}
            """);
    assertThat(type.metadata().namespace()).isEmpty();
    ReferenceGrant grant =
        one(
            ReferenceGrant.class,
            """
            apiVersion: gateway.networking.k8s.io/v1beta1
            kind: ReferenceGrant
            metadata: {name: g, namespace: demo}
            spec:
              from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: other}]
              to: [{group: "", kind: Service}]
            """);
    assertThat(
            grant.allows(
                new ReferenceGrant.From("gateway.networking.k8s.io", "HTTPRoute", "other"),
                new ReferenceGrant.To("", "Service", "x")))
        .isTrue();
  }
}
