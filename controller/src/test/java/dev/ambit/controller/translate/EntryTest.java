package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.WaypointTest.NAMESPACE;
import static dev.ambit.controller.translate.WaypointTest.WAYPOINT;
import static dev.ambit.controller.translate.WaypointTest.pod;
import static dev.ambit.controller.translate.WaypointTest.service;
import static dev.ambit.controller.translate.WaypointTest.waypoint;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** ServiceEntries and WorkloadEntries as the mesh sees them. */
final class EntryTest {
  private static final String BOUND = "istio.io/WaypointBound";
  private static final String MISSING = "istio.io/WaypointMissing";

  static String entry(String namespace, String name, String spec) {
    return """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: %s, namespace: %s}
    spec:
      ports: [{name: http, number: 80, protocol: HTTP}, {name: db, number: 5432, protocol: TCP}]
      %s
    """
        .formatted(name, namespace, spec.replace("\n", "\n  "));
  }

  private static String uid(String namespace, String name, String address) {
    return "Kubernetes/networking.istio.io/ServiceEntry/" + namespace + "/" + name + "/" + address;
  }

  private static Service named(Written written, String namespace, String host) {
    return written.view().service(new ServiceKey(namespace, host)).orElseThrow();
  }

  @Test
  @DisplayName("control-plane 3: hosts that are resolved are services with a workload each")
  void dns_without_endpoints() {
    Written written = Written.of(entry("demo", "e", "hosts: [a.com, b.com]\nresolution: DNS"));
    for (String host : List.of("a.com", "b.com")) {
      Service service = named(written, "demo", host);
      assertThat(service.name()).isEqualTo("e");
      assertThat(service.ports().get(80).appProtocol()).isEqualTo(AppProtocol.HTTP11);
      assertThat(service.addresses()).as("one of each family").hasSize(2);
      assertThat(IpAddresses.print(service.addresses().getFirst().address()))
          .startsWith("240.240.");
      assertThat(IpAddresses.print(service.addresses().getLast().address())).startsWith("2001:2::");
      Workload workload = written.view().workload(uid("demo", "e", host)).orElseThrow();
      assertThat(workload.hostname()).isEqualTo(host);
      assertThat(workload.addresses()).isEmpty();
      assertThat(workload.services()).isEqualTo(Map.of(service.key(), Map.of(80, 80, 5432, 5432)));
    }
    assertThat(named(written, "demo", "a.com").addresses())
        .isNotEqualTo(named(written, "demo", "b.com").addresses());
    written.then(NAMESPACE);
    assertThat(written.view().services()).isEmpty();
    assertThat(written.view().workloads()).isEmpty();
  }

  @Test
  @DisplayName("control-plane 4: resolution NONE with a block passes through")
  void none_with_a_block() {
    Service service =
        named(
            Written.of(entry("demo", "e", "hosts: [x.com]\naddresses: [10.1.2.3/8]")),
            "demo",
            "x.com");
    assertThat(service.addresses()).isEmpty();
    assertThat(service.blocks())
        .extracting(each -> each.block().toString())
        .containsExactly("10.0.0.0/8");
    assertThat(service.loadBalancing().mode()).isEqualTo(LoadBalancing.Mode.PASSTHROUGH);
    assertThat(service.loadBalancing().health()).isEqualTo(LoadBalancing.HealthPolicy.ALLOW_ALL);
  }

  @Test
  @DisplayName("control-plane 5: a Service goes before an entry of its namespace, and of others")
  void the_same_host_twice() {
    String spec = "hosts: [echo.demo.svc.cluster.local]\naddresses: [10.9.9.9]\nresolution: STATIC";
    Written written =
        Written.of(
            service("demo", "echo", ""), entry("demo", "e", spec), entry("other", "e", spec));
    Service own = written.service("demo", "echo");
    assertThat(own.canonical()).isTrue();
    assertThat(own.name()).isEqualTo("echo");
    assertThat(named(written, "other", "echo.demo.svc.cluster.local").canonical()).isFalse();
  }

  @Test
  void of_two_entries_with_a_host_the_older_one_counts() {
    String older =
        entry("b", "e", "hosts: [x.com]\nresolution: DNS")
            .replace("namespace: b}", "namespace: b, creationTimestamp: 2020-01-01T00:00:00Z}");
    Written written = Written.of(entry("a", "e", "hosts: [x.com]\nresolution: DNS"), older);
    assertThat(named(written, "b", "x.com").canonical()).isTrue();
    assertThat(named(written, "a", "x.com").canonical()).isFalse();
  }

  @Test
  void addresses_of_its_status_go_before_those_that_are_made() {
    String text =
        entry("demo", "e", "hosts: [x.com]\nresolution: DNS")
            + "status: {addresses: [{host: x.com, value: 240.240.0.9}]}\n";
    assertThat(named(Written.of(text), "demo", "x.com").addresses())
        .extracting(each -> IpAddresses.print(each.address()))
        .containsExactly("240.240.0.9");
  }

  @Test
  void endpoints_pods_and_workload_entries_serve_it() {
    String machine =
        """
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: vm, namespace: demo}
        spec:
          address: 10.7.0.1
          ports: {http: 8081}
          labels: {app: legacy}
          weight: 3
          locality: r/z/s
          serviceAccount: vm
        """;
    String selecting =
        entry(
            "demo",
            "e",
            "hosts: [x.com]\nresolution: STATIC\nworkloadSelector: {labels: {app: legacy}}");
    Written written = Written.of(selecting, machine, pod("p", "app: legacy"));
    ServiceKey key = new ServiceKey("demo", "x.com");
    Workload vm =
        written
            .view()
            .workload("Kubernetes/networking.istio.io/WorkloadEntry/demo/vm")
            .orElseThrow();
    assertThat(vm.services()).isEqualTo(Map.of(key, Map.of(80, 8081, 5432, 5432)));
    assertThat(vm.capacity()).isEqualTo(3);
    assertThat(vm.locality().zone()).isEqualTo("z");
    assertThat(vm.identity().toString()).endsWith("/ns/demo/sa/vm");
    assertThat(vm.tunnel()).isEqualTo(Workload.Tunnel.NONE);
    assertThat(written.pod("demo", "p").services()).containsKey(key);
    written.then(selecting.replace("legacy", "other"), machine, pod("p", "app: legacy"));
    assertThat(written.pod("demo", "p").services()).as("selected no more").isEmpty();

    Written listed =
        Written.of(
            entry(
                "demo",
                "e",
                "hosts: [x.com]\nresolution: STATIC\n"
                    + "endpoints: [{address: 10.8.0.1, ports: {http: 9999}}]"));
    assertThat(listed.view().workload(uid("demo", "e", "10.8.0.1")).orElseThrow().services())
        .isEqualTo(Map.of(key, Map.of(80, 9999, 5432, 5432)));
  }

  @Test
  @DisplayName("waypoint-selection 18: a wildcard needs a waypoint, and its condition says so")
  void a_wildcard() {
    String text = entry("demo", "e", "hosts: [\"*.example.com\"]\nresolution: DYNAMIC_DNS");
    Written without = Written.of(text);
    assertThat(without.condition("ServiceEntry/demo/e", MISSING))
        .startsWith("true NoWaypointForWildcardService");
    assertThat(without.view().services()).as("nothing to intercept").isEmpty();

    Written with = Written.of(NAMESPACE, WAYPOINT, text);
    assertThat(with.condition("ServiceEntry/demo/e", MISSING)).isEmpty();
    assertThat(with.condition("ServiceEntry/demo/e", BOUND)).startsWith("true WaypointAccepted");
    assertThat(named(with, "demo", "*.example.com").waypoint()).isNotNull();
    assertThat(with.sentTo("demo/wp")).containsOnlyKeys("Gateway/demo/wp", "ServiceEntry/demo/e");
  }

  @Test
  @DisplayName("waypoint-selection 19: an entry is bound to a waypoint of another namespace")
  void bound_across_namespaces() {
    String selector =
        ", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {out: \"1\"}}}}";
    String egress =
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: egress, labels: {out: "1"}}
        """;
    String asks = "labels: {istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: demo}";
    String text =
        entry("egress", "e", "hosts: [x.com]\naddresses: [1.2.3.4]\nresolution: NONE")
            .replace("namespace: egress}", "namespace: egress, " + asks + "}");
    Written written = Written.of(waypoint("wp", "", selector), egress, text);
    assertThat(written.condition("ServiceEntry/egress/e", BOUND))
        .startsWith("true WaypointAccepted");
    assertThat(named(written, "egress", "x.com").waypoint()).isNotNull();

    written.then(waypoint("wp", "", selector), egress.replace("out: \"1\"", "out: \"2\""), text);
    assertThat(written.condition("ServiceEntry/egress/e", BOUND))
        .startsWith("false AttachmentDenied");
    String own = text.replace("resolution: NONE", "resolution: NONE\n  exportTo: [\".\"]");
    written.then(waypoint("wp", "", selector), egress, own);
    assertThat(written.condition("ServiceEntry/egress/e", BOUND))
        .startsWith("false CrossNamespaceWaypointForbidden");
  }

  @Test
  void its_waypoint_is_sent_what_is_attached_to_it() {
    String target = "{group: networking.istio.io, kind: ServiceEntry, name: e}";
    String policy =
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: demo}
        spec: {targetRefs: [%s]}
        """
            .formatted(target);
    String route =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: r, namespace: demo}
        spec:
          parentRefs: [%s]
          rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: x.com, port: 80}]}]
        """
            .formatted(target);
    Written written =
        Written.of(
            NAMESPACE,
            WAYPOINT,
            entry("demo", "e", "hosts: [x.com]\nresolution: DNS"),
            policy,
            route);
    assertThat(written.sentTo("demo/wp"))
        .containsOnlyKeys("Gateway/demo/wp", "AuthorizationPolicy/demo/p", "HTTPRoute/demo/r");
    assertThat(written.condition("AuthorizationPolicy/demo/p", "WaypointAccepted"))
        .startsWith("true Accepted");
    assertThat(written.condition("HTTPRoute/demo/r", "Accepted")).startsWith("true Accepted");
    assertThat(written.condition("HTTPRoute/demo/r", "ResolvedRefs")).startsWith("true");
  }

  @Test
  @DisplayName("traffic-policy §7: a secret goes to waypoints of its namespace that need it")
  void secrets() {
    String rule =
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: d, namespace: demo}
        spec:
          host: echo
          trafficPolicy: {tls: {mode: MUTUAL, credentialName: client}}
        """;
    String secret =
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: client, namespace: %s}
        data: {tls.crt: Y2VydA==, tls.key: a2V5, ca.crt: Y2E=, other: eA==}
        """;
    String echo = service("demo", "echo", "");
    assertThat(
            Written.of(NAMESPACE, WAYPOINT, echo, rule, secret.formatted("demo")).sentTo("demo/wp"))
        .hasEntrySatisfying(
            "Secret/demo/client",
            text -> assertThat(text).contains("\"tls.crt\":\"cert\"").doesNotContain("other"));
    assertThat(
            Written.of(NAMESPACE, WAYPOINT, echo, rule, secret.formatted("else")).sentTo("demo/wp"))
        .containsOnlyKeys("Gateway/demo/wp", "DestinationRule/demo/d");
    assertThat(Written.of(NAMESPACE, WAYPOINT, echo, secret.formatted("demo")).sentTo("demo/wp"))
        .containsOnlyKeys("Gateway/demo/wp");
    Written missing = Written.of(NAMESPACE, WAYPOINT, echo, rule);
    assertThat(missing.condition("DestinationRule/demo/d", "ResolvedRefs"))
        .startsWith("false SecretNotFound");
  }
}
