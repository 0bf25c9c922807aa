package dev.ambit.waypoint.config;

import static dev.ambit.waypoint.config.Town.authority;
import static dev.ambit.waypoint.config.Town.chosen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a waypoint makes of objects and the mesh. */
final class SnapshotTest {
  private static final String ROUTE =
      """
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: echo, namespace: demo}
      spec:
        parentRefs: [{group: "", kind: Service, name: echo}]
        rules:
        - matches: [{path: {type: PathPrefix, value: /v2}}]
          backendRefs: [{name: echo-v2, port: 80}]
        - matches: [{path: {type: Exact, value: /gone}}]
          backendRefs: [{name: nowhere, port: 80}]
        - matches: [{path: {type: Exact, value: /far}}]
          backendRefs: [{name: far, namespace: other, port: 80}]
      """;
  private static final String DENY_ALL =
      """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: deny, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: echo}]
        action: DENY
        rules: [{}]
      """;

  private final Town town =
      new Town()
          .service("echo", 1)
          .service("echo-v2", 2)
          .unbound("plain", 3)
          .service("headless", 0)
          .pod("echo-1", "echo")
          .pod("echo-2", "echo")
          .pod("direct", "plain", Town.waypoint());

  private static Destination at(Snapshot snapshot, String authority) {
    return snapshot.destination(authority(authority)).orElseThrow();
  }

  @Test
  @DisplayName("waypoint-selection 6: only ports of services that are bound here, and bound pods")
  void serves_what_is_its_own() {
    Snapshot snapshot = town.with();
    assertThat(at(snapshot, "10.96.0.1:80").protocol()).isEqualTo(Destination.Protocol.HTTP);
    assertThat(at(snapshot, "10.96.0.1:9000").protocol()).isEqualTo(Destination.Protocol.TCP);
    assertThat(at(snapshot, "10.96.0.1:7000").protocol()).isEqualTo(Destination.Protocol.DETECT);
    assertThat(snapshot.destination(authority("10.96.0.1:12345"))).isEmpty();
    assertThat(snapshot.destination(authority("10.96.0.3:80"))).isEmpty();
    assertThat(snapshot.destination(authority("10.244.0.1:8080"))).isEmpty();
    assertThat(snapshot.destination(authority("127.0.0.1:15000"))).isEmpty();
    Destination direct = at(snapshot, "10.244.0.3:1234");
    assertThat(direct.workload()).isNotNull();
    assertThat(direct.protocol()).isEqualTo(Destination.Protocol.DETECT);
  }

  @Test
  @DisplayName("waypoint-selection 7: names lead to services that are bound here, and to no other")
  void by_name() {
    // Unlike Envoy, in a mesh of one network, too: a headless service has nothing but its name.
    Snapshot snapshot = town.with();
    assertThat(at(snapshot, "headless.demo.svc.cluster.local:80").name())
        .isEqualTo("headless.demo.svc.cluster.local");
    assertThat(snapshot.destination(authority("headless.demo.svc.cluster.local:81"))).isEmpty();
    assertThat(snapshot.destination(authority("echo-v2.demo.svc.cluster.local:12345"))).isEmpty();
    assertThat(snapshot.destination(authority("nobody.demo.svc.cluster.local:80"))).isEmpty();
    assertThat(snapshot.destination(authority("localhost:15000"))).isEmpty();
  }

  @Test
  @DisplayName("a route leads to its backends; without one the service itself is meant")
  void routes() {
    Destination plain = at(town.with(), "10.96.0.1:80");
    assertThat(chosen(plain, "/v2")).isEqualTo("echo");
    Destination routed = at(town.with(ROUTE), "10.96.0.1:80");
    assertThat(chosen(routed, "/v2/x")).isEqualTo("echo-v2");
    assertThat(chosen(routed, "/other")).isEqualTo("404");
    assertThat(chosen(routed, "/gone")).isEqualTo("500");
    assertThat(chosen(at(town.with(ROUTE), "10.96.0.2:80"), "/v2")).isEqualTo("echo-v2");
  }

  @Test
  @DisplayName("http-routing: a backend of another namespace needs a ReferenceGrant")
  void grants() {
    Town both =
        town.put(
            Service.of(
                "far",
                new ServiceKey("other", "far.other.svc.cluster.local"),
                List.of(),
                Map.of()));
    assertThat(chosen(at(both.with(ROUTE), "10.96.0.1:80"), "/far")).isEqualTo("500");
    String grant =
        """
        apiVersion: gateway.networking.k8s.io/v1beta1
        kind: ReferenceGrant
        metadata: {name: g, namespace: other}
        spec:
          from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: demo}]
          to: [{group: "", kind: Service}]
        """;
    assertThat(chosen(at(both.with(ROUTE, grant), "10.96.0.1:80"), "/far")).isEqualTo("far");
  }

  @Test
  @DisplayName("policies hold for the services they are attached to")
  void policies() {
    Snapshot snapshot = town.with(DENY_ALL);
    assertThat(verdict(at(snapshot, "10.96.0.1:80"))).isInstanceOf(Verdict.Denied.class);
    assertThat(verdict(at(snapshot, "10.96.0.2:80"))).isInstanceOf(Verdict.Allowed.class);
    assertThat(verdict(at(snapshot, "10.244.0.3:80"))).isInstanceOf(Verdict.Allowed.class);
    String everywhere =
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: nobody, namespace: demo}
        spec:
          targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: wp}]
        """;
    assertThat(verdict(at(town.with(everywhere), "10.96.0.2:80")))
        .isInstanceOf(Verdict.Denied.class);
    assertThat(verdict(at(town.with(everywhere), "10.244.0.3:80")))
        .isInstanceOf(Verdict.Denied.class);
  }

  static Verdict verdict(Destination destination) {
    HttpAttributes request =
        HttpAttributes.of("GET", "http", "echo", "/", _ -> null, PathNormalization.BASE)
            .orElseThrow();
    HttpSubject subject =
        new HttpSubject(
            request,
            new SpiffeId("cluster.local", "demo", "client"),
            Town.ip("10.244.0.9"),
            Town.ip("10.244.0.9"),
            new InetSocketAddress(Town.ip("10.96.0.1"), destination.port()),
            "",
            null);
    return destination.http().decide(subject).verdict();
  }

  @Test
  @DisplayName("clusters: endpoints with target ports, subsets by pod labels, unknown ones empty")
  void clusters() {
    String rule =
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: echo, namespace: demo}
        spec:
          host: echo
          subsets: [{name: one, labels: {version: "1"}}]
        """;
    String pod =
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: echo-1, namespace: demo, labels: {version: "1"}}
        spec: {nodeName: n}
        status: {podIPs: [{ip: 10.244.0.1}]}
        """;
    Snapshot snapshot = town.with(rule, pod);
    Destination asked = at(snapshot, "10.96.0.1:80");
    Cluster all =
        snapshot.cluster(new RouteAction.Cluster(Town.key("echo"), 80, ""), asked).orElseThrow();
    assertThat(all.endpoints()).hasSize(2).allMatch(each -> each.port() == 8080);
    assertThat(all.protocol()).isEqualTo(Cluster.Protocol.HTTP_1);
    Cluster one =
        snapshot.cluster(new RouteAction.Cluster(Town.key("echo"), 80, "one"), asked).orElseThrow();
    assertThat(one.endpoints()).singleElement().matches(e -> e.workload().name().equals("echo-1"));
    assertThat(snapshot.cluster(new RouteAction.Cluster(Town.key("echo"), 80, "x"), asked))
        .isEmpty();
    assertThat(snapshot.cluster(new RouteAction.Cluster(Town.key("none"), 80, ""), asked))
        .isEmpty();
    Destination direct = at(snapshot, "10.244.0.3:1234");
    RouteAction.Share share = direct.streams().choose(new Random(1));
    assertThat(share).isNotNull();
    Cluster itself = snapshot.cluster((RouteAction.Cluster) share.backend(), direct).orElseThrow();
    assertThat(itself.endpoints())
        .singleElement()
        .matches(each -> each.port() == 1234 && each.workload().name().equals("direct"));
  }

  @Test
  @DisplayName("the mesh configuration: aliases of its trust domain, providers, usual retries")
  void mesh_configuration() {
    String config =
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data:
          mesh: |
            trustDomainAliases: [old.example]
            defaultHttpRetryPolicy: {attempts: 7}
            extensionProviders:
            - name: asked
              envoyExtAuthzGrpc: {service: authz.demo.svc.cluster.local, port: 9000}
        """;
    String policy =
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: only-old, namespace: demo}
        spec:
          targetRefs: [{group: "", kind: Service, name: echo}]
          rules: [{from: [{source: {principals: ["old.example/ns/demo/sa/client"]}}]}]
        """;
    assertThat(verdict(at(town.with(policy), "10.96.0.1:80"))).isInstanceOf(Verdict.Denied.class);
    Destination echo = at(town.with(policy, config), "10.96.0.1:80");
    assertThat(verdict(echo)).isInstanceOf(Verdict.Allowed.class);
    assertThat(echo.routes().entries().getFirst().action())
        .isInstanceOfSatisfying(
            RouteAction.Forward.class,
            forward -> assertThat(forward.retry().retries()).isEqualTo(7));
  }
}
