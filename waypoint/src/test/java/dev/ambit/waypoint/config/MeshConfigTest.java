package dev.ambit.waypoint.config;

import static dev.ambit.waypoint.config.Town.authority;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.traffic.LocalRateLimit;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the mesh's own configuration and annotations change at a waypoint. */
final class MeshConfigTest {
  private static final String MESH =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: NAMESPACE}
      data:
        mesh: |
          trustDomainAliases: [old.domain]
          pathNormalization: {normalization: MERGE_SLASHES}
          extensionProviders:
          - name: ext
            envoyExtAuthzGrpc: {service: ext.demo.svc.cluster.local, port: 9000}
          - name: prometheus
            prometheus: {}
      """;
  private static final String POLICIES =
      """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: ask, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: echo}]
        action: CUSTOM
        provider: {name: ext}
        rules: [{to: [{operation: {paths: [/ask]}}]}]
      ---
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: friends, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: echo}]
        rules: [{from: [{source: {principals: [cluster.local/ns/demo/sa/friend]}}]}]
      """;

  private final Town town = new Town().service("echo", 1).pod("echo-1", "echo");

  private Snapshot snapshot(String... yaml) {
    return town.with(yaml);
  }

  private static HttpSubject subject(String trustDomain, String path) {
    HttpAttributes request = new HttpAttributes("GET", "http", "echo", path, "", _ -> null);
    InetSocketAddress address = new InetSocketAddress("10.0.0.1", 80);
    return new HttpSubject(
        request,
        new SpiffeId(trustDomain, "demo", "friend"),
        address.getAddress(),
        address.getAddress(),
        address,
        "",
        null);
  }

  private static HttpAuthorizer authorizer(Snapshot snapshot) {
    return snapshot.destination(authority("10.96.0.1:80")).orElseThrow().http();
  }

  @Test
  void providers_aliases_and_normalization_come_from_the_root_namespace() {
    Snapshot snapshot = snapshot(MESH.replace("NAMESPACE", "istio-system"), POLICIES);

    assertThat(snapshot.providers())
        .map(ExtensionProvider::name)
        .containsExactly("ext", "prometheus");
    assertThat(snapshot.normalization()).contains(PathNormalization.MERGE_SLASHES);
    HttpAuthorizer authorizer = authorizer(snapshot);
    assertThat(authorizer.custom(subject("cluster.local", "/ask")))
        .isEqualTo(new HttpAuthorizer.Ask(List.of("ext")));
    assertThat(authorizer.decide(subject("old.domain", "/")).verdict())
        .isInstanceOf(Verdict.Allowed.class);
  }

  @DisplayName("l7-authorization 16: a provider that the mesh does not know refuses")
  @Test
  void one_of_another_namespace_means_nothing() {
    Snapshot snapshot = snapshot(MESH.replace("NAMESPACE", "demo"), POLICIES);

    assertThat(snapshot.providers()).isEmpty();
    assertThat(snapshot.normalization()).isEmpty();
    HttpAuthorizer authorizer = authorizer(snapshot);
    assertThat(authorizer.custom(subject("cluster.local", "/ask")))
        .isInstanceOf(HttpAuthorizer.CannotAsk.class);
    assertThat(authorizer.decide(subject("old.domain", "/")).verdict())
        .isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void rate_limits_come_from_annotations_of_routes_and_of_the_gateway() {
    Snapshot snapshot =
        snapshot(
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata:
              name: login
              namespace: demo
              annotations: {ambit.dev/local-rate-limit: 5/m, ambit.dev/local-rate-limit-by: source}
            spec:
              parentRefs: [{group: "", kind: Service, name: echo}]
              rules: [{backendRefs: [{name: echo, port: 80}]}]
            """,
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: wp, namespace: demo, annotations: {ambit.dev/local-rate-limit: 100/s burst 50}}
            spec:
              gatewayClassName: ambit-waypoint
              listeners: [{name: mesh, port: 15008, protocol: HBONE}]
            """);

    assertThat(snapshot.destination(authority("10.96.0.1:80")).orElseThrow().limits())
        .isEqualTo(
            new Destination.RateLimits(
                LocalRateLimit.parse("100/s burst 50", "").orElseThrow(),
                Map.of(
                    "HTTPRoute demo/login", LocalRateLimit.parse("5/m", "source").orElseThrow())));
  }
}
