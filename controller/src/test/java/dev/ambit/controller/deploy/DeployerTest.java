package dev.ambit.controller.deploy;

import static dev.ambit.controller.deploy.World.gateway;
import static dev.ambit.daemon.generated.PodFacts.State.READY;
import static dev.ambit.daemon.generated.PodFacts.State.RUNNING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.GatewayAddresses;
import dev.ambit.model.workload.IpAddresses;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class DeployerTest {
  private final World world = new World();

  private static List<String> ips(Pod pod) {
    return pod.addresses().stream().map(IpAddresses::print).toList();
  }

  @Test
  @DisplayName("waypoint-selection 1: deployed, not ready yet: no address")
  void a_gateway_becomes_account_service_and_pod() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    assertThat(world.files.keySet()).containsExactly("demo.wp.yaml");
    assertThat(world.files.get("demo.wp.yaml"))
        .startsWith("# Made by the controller for Gateway demo/wp;")
        .contains("kind: ServiceAccount", "name: wp-1");

    Pod pod = world.pod("wp-1");
    assertThat(pod.ready()).isFalse();
    assertThat(pod.serviceAccount()).isEqualTo("wp");
    assertThat(pod.node()).isIn("node-a", "node-b");
    String range = pod.node().equals("node-a") ? "1" : "2";
    assertThat(ips(pod).getFirst()).startsWith("10.244." + range + ".");
    assertThat(ips(pod).getLast()).startsWith("fd00:10:244:" + range + "::");
    assertThat(pod.containers())
        .containsExactly(
            new Pod.Container(
                "waypoint",
                List.of("ambit", "waypoint"),
                Map.ofEntries(
                    Map.entry("POD_NAME", "wp-1"),
                    Map.entry("POD_NAMESPACE", "demo"),
                    Map.entry("SERVICE_ACCOUNT", "wp"),
                    Map.entry("GATEWAY_NAME", "wp"),
                    Map.entry("NODE_NAME", pod.node()),
                    Map.entry("INSTANCE_IP", ips(pod).getFirst()),
                    Map.entry("INSTANCE_IPS", String.join(",", ips(pod))),
                    Map.entry("TRUST_DOMAIN", "cluster.local"),
                    Map.entry("CLUSTER_ID", "Kubernetes"),
                    Map.entry("CLUSTER_DOMAIN", "cluster.local"),
                    Map.entry("TERMINATION_GRACE_PERIOD_SECONDS", "30"))));
    assertThat(pod.metadata().labels())
        .containsEntry("gateway.networking.k8s.io/gateway-name", "wp")
        .containsEntry("gateway.networking.k8s.io/gateway-class-name", "ambit-waypoint")
        .containsEntry("istio.io/gateway-name", "wp")
        .containsEntry("gateway.istio.io/managed", "ambit.dev-waypoint")
        .containsEntry("istio.io/dataplane-mode", "none")
        .containsEntry("service.istio.io/canonical-name", "wp");
    assertThat(pod.metadata().annotations()).containsEntry("example.com/note", "yes");

    assertThat(world.service().selector())
        .isEqualTo(Map.of("gateway.networking.k8s.io/gateway-name", "wp"));
    assertThat(world.service().ports())
        .extracting(p -> p.name() + " " + p.port() + " " + p.appProtocol())
        .containsExactly("status-port 15021 tcp", "mesh 15008 hbone");
    assertThat(IpAddresses.print(world.service().clusterIps().getFirst())).startsWith("10.96.0.");
    assertThat(IpAddresses.print(world.service().clusterIps().getLast()))
        .startsWith("fd00:10:96::");
    assertThat(world.said())
        .containsExactly("Accepted True Accepted", "Programmed False AddressNotAssigned");
    assertThat(world.conditions.getLast().message())
        .isEqualTo("no instances found for hostname wp.demo.svc.cluster.local");
  }

  @Test
  @DisplayName("waypoint-selection 2, 3: an address from the first readiness on, and for ever")
  void programmed_once_and_for_all() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.runs("wp-1", RUNNING);
    assertThat(world.state()).isEqualTo("wp-1 waiting");
    world.runs("wp-1", READY);
    assertThat(world.state()).isEqualTo("wp-1 ready");
    assertThat(world.service().metadata().annotations())
        .containsEntry(GatewayAddresses.PROGRAMMED, "true");
    assertThat(world.said()).contains("Programmed True Programmed");
    String vip = IpAddresses.print(world.service().clusterIps().getFirst());
    assertThat(world.conditions.getLast().message())
        .contains(vip + ":15008", "wp.demo.svc.cluster.local:15008", "1 pods are ready");

    world.written.put("wp.yaml", gateway("wp", "ambit.dev/replicas: \"0\""));
    world.settle();
    assertThat(world.state()).isEqualTo("wp-1 ending");
    world.gone("wp-1");
    assertThat(world.pods()).isEmpty();
    assertThat(world.said()).contains("Programmed True Programmed");
    assertThat(IpAddresses.print(world.service().clusterIps().getFirst())).isEqualTo(vip);
  }

  @Test
  void a_changed_gateway_is_replaced_one_pod_after_another() {
    world.written.put("wp.yaml", gateway("wp", "ambit.dev/replicas: \"2\""));
    world.settle();
    world.runs("wp-1", READY);
    world.runs("wp-2", READY);
    assertThat(Set.of(world.pod("wp-1").node(), world.pod("wp-2").node()))
        .containsExactlyInAnyOrder("node-a", "node-b");

    world.written.put(
        "wp.yaml", gateway("wp", "ambit.dev/replicas: \"2\"", "ambit.dev/restartedAt: \"2026\""));
    world.settle();
    assertThat(world.state()).isEqualTo("wp-1 ready, wp-2 ready, wp-3 waiting");
    world.runs("wp-3", RUNNING);
    assertThat(world.state()).isEqualTo("wp-1 ready, wp-2 ready, wp-3 waiting");
    world.runs("wp-3", READY);
    assertThat(world.state()).isEqualTo("wp-1 ready, wp-2 ending, wp-3 ready, wp-4 waiting");
    world.gone("wp-2");
    world.runs("wp-4", READY);
    assertThat(world.state()).isEqualTo("wp-1 ending, wp-3 ready, wp-4 ready");
    world.gone("wp-1");
    assertThat(world.state()).isEqualTo("wp-3 ready, wp-4 ready");
  }

  @Test
  void a_pod_that_never_got_ready_is_not_waited_for() {
    world.written.put("wp.yaml", gateway("wp", "env.ambit.dev/RUST_LOG: nonsense"));
    world.settle();
    world.runs("wp-1", RUNNING);
    world.written.put("wp.yaml", gateway("wp", "env.ambit.dev/RUST_LOG: debug"));
    world.settle();
    assertThat(world.state()).isEqualTo("wp-1 ending, wp-2 waiting");
    assertThat(world.pod("wp-2").containers().getFirst().environment())
        .containsEntry("RUST_LOG", "debug");
  }

  @Test
  void what_is_about_the_gateway_alone_replaces_nothing() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.runs("wp-1", READY);
    world.written.put(
        "wp.yaml",
        gateway("wp", "kubectl.kubernetes.io/last-applied-configuration: x")
            .replace("HBONE}", "HBONE, allowedRoutes: {namespaces: {from: All}}}"));
    world.settle();
    assertThat(world.state()).isEqualTo("wp-1 ready");
  }

  @Test
  void addresses_stay_and_never_meet_those_of_the_user() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.runs("wp-1", READY);
    String vip = IpAddresses.print(world.service().clusterIps().getFirst());
    String ip = ips(world.pod("wp-1")).getFirst();
    world.written.put("second.yaml", gateway("second"));
    world.settle();
    assertThat(IpAddresses.print(world.service().clusterIps().getFirst())).isNotEqualTo("");
    assertThat(ips(world.pod("wp-1")).getFirst()).isEqualTo(ip);
    world.written.remove("second.yaml");
    world.settle();

    world.written.put(
        "clash.yaml",
        """
        apiVersion: v1
        kind: Service
        metadata: {name: clash, namespace: x}
        spec: {clusterIP: %s, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: clash, namespace: x}
        spec: {nodeName: node-a}
        status: {podIPs: [{ip: %s}]}
        """
            .formatted(vip, ip));
    world.settle();
    assertThat(IpAddresses.print(world.service().clusterIps().getFirst())).isNotEqualTo(vip);
    assertThat(world.state()).isEqualTo("wp-1 ready, wp-2 waiting");
    assertThat(ips(world.pod("wp-2"))).doesNotContain(ip);
  }

  @Test
  void an_address_that_was_asked_for_is_had_or_refused() {
    String asked = gateway("wp").replace("spec:\n", "spec:\n  addresses: [{value: %s}]\n");
    world.written.put("wp.yaml", asked.formatted("10.96.0.77"));
    world.settle();
    assertThat(world.service().clusterIps())
        .extracting(IpAddresses::print)
        .containsExactly("10.96.0.77");
    world.written.put("wp.yaml", asked.formatted("10.96.0.10"));
    world.files = Map.of();
    world.settle();
    assertThat(world.files).isEmpty();
    assertThat(world.conditions.getLast().message()).contains("10.96.0.10", "another object");
  }

  @Test
  @DisplayName("waypoint-selection 10: a Gateway that names a Service is not deployed")
  void an_unmanaged_gateway() {
    world.written.put(
        "wp.yaml",
        gateway("wp").replace("spec:\n", "spec:\n  addresses: [{type: Hostname, value: web}]\n"));
    world.settle();
    assertThat(world.files).isEmpty();
    assertThat(world.said())
        .containsExactly("Accepted True Accepted", "Programmed True Programmed");
  }

  @Test
  @DisplayName("waypoint-selection 11: an object of the user is not touched")
  void a_name_that_is_taken() {
    world.written.put(
        "web.yaml",
        gateway("web")
            + "---\n"
            + "apiVersion: v1\nkind: ServiceAccount\n"
            + "metadata: {name: web, namespace: demo}\n");
    world.settle();
    assertThat(world.files).isEmpty();
    assertThat(world.conditions.getLast().message())
        .startsWith("Service demo/web of base.yaml:13 is not the waypoint's");
    world.written.put("web.yaml", gateway("web", "gateway.istio.io/name-override: web-waypoint"));
    world.settle();
    assertThat(world.state()).isEqualTo("web-waypoint-1 waiting");
  }

  @Test
  void two_gateways_of_one_name_are_one_and_a_problem() {
    world.written.put("a.yaml", gateway("a"));
    world.written.put("b.yaml", gateway("b", "gateway.istio.io/name-override: a"));
    world.settle();
    assertThat(world.files.keySet()).containsExactly("demo.a.yaml");
    assertThat(world.conditions.getLast().message())
        .startsWith("Service demo/a is that of Gateway demo/a;");
  }

  @Test
  @DisplayName("waypoint-selection 12: parameters that cannot be used change nothing")
  void bad_parameters() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.runs("wp-1", READY);
    Map<String, String> before = world.files;
    for (String bad :
        List.of(
            gateway("wp", "ambit.dev/replicas: many"),
            gateway("wp", "ambit.dev/replicas: \"17\""),
            gateway("wp")
                .replace(
                    "spec:\n",
                    "spec:\n  infrastructure:"
                        + " {parametersRef: {group: \"\", kind: ConfigMap, name: c}}\n"))) {
      world.written.put("wp.yaml", bad);
      world.settle();
      assertThat(world.files).isEqualTo(before);
      assertThat(world.said()).containsExactly("Accepted False InvalidParameters");
    }
    world.written.put("wp.yaml", gateway("wp").replace("HBONE", "HTTP"));
    world.settle();
    assertThat(world.files).isEqualTo(before);
    assertThat(world.said()).containsExactly("Accepted False ListenersNotValid");
  }

  @Test
  void a_gateway_that_goes_takes_everything_along() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.written.remove("wp.yaml");
    world.settle();
    assertThat(world.files).isEmpty();
  }

  @Test
  void a_typing_error_does_not_end_a_waypoint() {
    world.written.put("wp.yaml", gateway("wp"));
    world.settle();
    world.runs("wp-1", READY);
    Map<String, String> before = world.files;
    world.written.put("wp.yaml", gateway("wp").replace("gatewayClassName", "gatewayClasName"));
    world.settle();
    assertThat(world.files).isEqualTo(before);
    assertThat(world.gateways()).as("still binds").hasSize(1);
    world.written.remove("wp.yaml");
    world.plan();
    assertThat(world.gateways()).as("binds no more, before it goes").isEmpty();
    assertThat(world.state()).isEqualTo("wp-1 ready");
    world.plan();
    assertThat(world.files).isEmpty();
  }

  @Test
  void the_copy_of_a_gateway_binds_as_the_gateway_does() {
    String selector =
        ", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b},"
            + " matchExpressions: [{key: c, operator: Exists}, {key: d, operator: NotIn,"
            + " values: [e, \"1\"]}]}}}";
    for (String allowed : List.of("", ", allowedRoutes: {namespaces: {from: All}}", selector)) {
      String text = gateway("wp").replace("protocol: HBONE", "protocol: HBONE" + allowed);
      world.written.put("wp.yaml", text.replace("name: wp\n", "name: wp\n  labels: {x: \"y\"}\n"));
      world.settle();
      Gateway copy = world.gateways().getFirst();
      Gateway own = world.writtenGateway();
      assertThat(copy.listeners()).isEqualTo(own.listeners());
      assertThat(copy.className()).isEqualTo(own.className());
      assertThat(copy.metadata().labels()).isEqualTo(own.metadata().labels());
      assertThat(copy.metadata().annotations()).isEqualTo(own.metadata().annotations());
    }
  }

  private List<String> others() {
    return world.ofOthers.stream()
        .map(c ->
            c.kind()
                + " "
                + c.name()
                + " "
                + c.type()
                + (c.accepted() ? " True " : " False ")
                + c.reason())
        .toList();
  }

  @Test
  @DisplayName("waypoint-selection §8: each listener has a status of its own")
  void listeners() {
    world.written.put(
        "wp.yaml",
        gateway("wp")
            .replace(
                "protocol: HBONE}",
                "protocol: HBONE}, {name: web, port: 80, protocol: HTTP},"
                    + " {name: again, port: 15008, protocol: HBONE,"
                    + " allowedRoutes: {kinds: [{kind: HTTPRoute}]}}"));
    world.settle();
    assertThat(world.said()).contains("Accepted True ListenersNotValid");
    assertThat(others())
        .containsExactlyInAnyOrder(
            "GatewayClass ambit-waypoint Accepted True Accepted",
            "Listener wp/again Accepted False HostnameConflict",
            "Listener wp/again Conflicted True HostnameConflict",
            "Listener wp/again Programmed True Programmed",
            "Listener wp/again ResolvedRefs False InvalidRouteKinds",
            "Listener wp/mesh Accepted True Accepted",
            "Listener wp/mesh Programmed True Programmed",
            "Listener wp/mesh ResolvedRefs True ResolvedRefs",
            "Listener wp/web Accepted False UnsupportedProtocol",
            "Listener wp/web Programmed True Programmed",
            "Listener wp/web ResolvedRefs True ResolvedRefs");
  }

  @Test
  @DisplayName("waypoint-selection §1: classes of ours are accepted, others are not spoken of")
  void classes() {
    String ofClass =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: GatewayClass
        metadata: {name: %s}
        spec: {controllerName: %s%s}
        ---
        """;
    world.written.put(
        "classes.yaml",
        ofClass.formatted("mine", "ambit.dev/waypoint", "")
            + ofClass.formatted("theirs", "example.com/gateway", "")
            + ofClass.formatted(
                "odd",
                "istio.io/mesh-controller",
                ", parametersRef: {group: \"\", kind: ConfigMap, name: c}"));
    world.written.put("wp.yaml", gateway("wp").replace("ambit-waypoint", "mine"));
    world.written.put("other.yaml", gateway("other").replace("ambit-waypoint", "theirs"));
    world.settle();
    assertThat(others())
        .contains(
            "GatewayClass mine Accepted True Accepted",
            "GatewayClass odd Accepted False InvalidParameters")
        .noneMatch(each -> each.contains("theirs") || each.contains("other/"));
    assertThat(world.files.keySet()).containsExactly("demo.wp.yaml");
    assertThat(world.said()).hasSize(2);
  }

  @Test
  void a_class_nobody_knows_is_said() {
    world.written.put("wp.yaml", gateway("wp").replace("ambit-waypoint", "waypont"));
    world.settle();
    assertThat(world.files).isEmpty();
    assertThat(world.conditions.getFirst().message())
        .startsWith("gatewayClassName: got waypont, of which there is no GatewayClass");
  }
}
