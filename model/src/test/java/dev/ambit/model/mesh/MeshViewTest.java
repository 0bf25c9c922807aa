package dev.ambit.model.mesh;

import static dev.ambit.model.Mesh.gone;
import static dev.ambit.model.Mesh.in;
import static dev.ambit.model.Mesh.key;
import static dev.ambit.model.Mesh.on;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.put;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.ServiceUnderTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MeshViewTest {
  private static final ServiceKey ECHO = key("ns", "echo.ns");

  @Test
  @DisplayName("workload-xds 5: endpoints wait for their service and outlive it")
  void stages_endpoints() {
    Workload server = pod("server", "10.0.0.2").services(in(ECHO)).build();
    MeshView staged = view(server);
    assertThat(staged.service(ECHO)).isEmpty();
    MeshView whole = staged.with(put(service(ECHO, "10.9.0.1").build()));
    assertThat(whole.endpoints(ECHO)).containsExactly(server);
    MeshView without = whole.with(gone(ECHO.toString()));
    assertThat(without.service(ECHO)).isEmpty();
    assertThat(without.serviceAt(on("", "10.9.0.1"), "ns")).isEmpty();
    assertThat(without.with(put(service(ECHO).build())).endpoints(ECHO)).containsExactly(server);
  }

  @Test
  @DisplayName("workload-xds 6: unhealthy workloads are endpoints only under ALLOW_ALL")
  void applies_the_health_policy() {
    Workload sick =
        pod("sick", "10.0.0.2").services(in(ECHO)).status(Workload.Status.UNHEALTHY).build();
    Workload well = pod("well", "10.0.0.3").services(in(ECHO)).build();
    MeshView view = view(sick, well, service(ECHO).build());
    assertThat(view.endpoints(ECHO)).containsExactly(well);
    assertThat(view.members(ECHO)).containsExactlyInAnyOrder(sick, well);
    MeshView all = view.with(put(service(ECHO).allowAll().build()));
    assertThat(all.endpoints(ECHO)).containsExactlyInAnyOrder(sick, well);
  }

  @ParameterizedTest(name = "workload-xds 7: a client of {0} sees the service of {1}")
  @CsvSource({"a, a", "c, b"})
  void prefers_the_own_namespace_then_the_canonical_one(String client, String expected) {
    MeshView view =
        view(
            service(key("a", "same.host"), "10.9.0.1").notCanonical().build(),
            service(key("b", "same.host"), "10.9.0.1").build());
    assertThat(view.serviceNamed("same.host", client).map(Service::namespace)).hasValue(expected);
    assertThat(view.serviceAt(on("", "10.9.0.1"), client).map(Service::namespace))
        .hasValue(expected);
  }

  @ParameterizedTest(name = "workload-xds 8: a client of {0} gets {1}")
  @CsvSource({"c, wide", "a, exact"})
  void tries_blocks_when_the_exact_address_is_invisible(String client, String expected) {
    MeshView view =
        view(
            service(key("a", "exact"), "10.9.0.1").ofNamespaceOnly().build(),
            service(key("b", "wide")).block("10.9.0.0/16").build());
    assertThat(view.serviceAt(on("", "10.9.0.1"), client).map(Service::hostname))
        .hasValue(expected);
  }

  @Test
  @DisplayName("workload-xds 9: the longest block wins, a full-width one is exact")
  void prefers_the_longest_block() {
    MeshView view =
        view(
            service(key("a", "sixteen")).block("10.9.0.0/16").build(),
            service(key("a", "twentyfour")).block("10.9.1.0/24").build(),
            service(key("a", "single")).block("10.9.1.7/32").build());
    assertThat(hostAt(view, "10.9.1.1")).isEqualTo("twentyfour");
    assertThat(hostAt(view, "10.9.2.1")).isEqualTo("sixteen");
    assertThat(hostAt(view, "10.9.1.7")).isEqualTo("single");
    assertThat(hostAt(view, "10.10.0.1")).isEmpty();
    assertThat(hostAt(view.with(gone("a/twentyfour")), "10.9.1.1")).isEqualTo("sixteen");
    assertThat(view.serviceAt(on("other", "10.9.1.1"), "a")).isEmpty();
  }

  private static String hostAt(MeshView view, String ip) {
    return view.serviceAt(on("", ip), "x").map(Service::hostname).orElse("");
  }

  @ParameterizedTest(name = "workload-xds 14: the pod wins when it comes {0}")
  @ValueSource(strings = {"first", "last"})
  void prefers_the_pod_at_a_shared_address(String when) {
    Workload entry =
        Workload.named("Kubernetes/networking.istio.io/ServiceEntry/ns/se/10.0.0.2")
            .name("se")
            .namespace("ns")
            .addresses(List.of(dev.ambit.model.Mesh.ip("10.0.0.2")))
            .build();
    Workload pod = pod("pod", "10.0.0.2").build();
    MeshView view = when.equals("first") ? view(pod, entry) : view(entry, pod);
    assertThat(view.workloadAt(on("", "10.0.0.2"))).hasValue(pod);
    assertThat(view.with(gone(pod.uid())).workloadAt(on("", "10.0.0.2"))).hasValue(entry);
  }

  @Test
  void follows_an_address_from_pod_to_pod() {
    Workload first = pod("first", "10.0.0.2").build();
    Workload second = pod("second", "10.0.0.2").build();
    MeshView view = view(first, second, gone(first.uid()));
    assertThat(view.workloadAt(on("", "10.0.0.2"))).hasValue(second);
    MeshView moved = view.with(put(pod("second", "10.0.0.3")));
    assertThat(moved.workloadAt(on("", "10.0.0.2"))).isEmpty();
    assertThat(moved.workloadAt(on("", "10.0.0.3"))).isPresent();
  }

  @Test
  @DisplayName("workload-xds 15: a host-network workload is an endpoint but not at the node's IP")
  void hides_host_network_workloads() {
    Workload host =
        pod("host", "10.0.0.2")
            .networkMode(Workload.NetworkMode.HOST_NETWORK)
            .services(in(ECHO))
            .build();
    MeshView view = view(host, service(ECHO).build());
    assertThat(view.workloadAt(on("", "10.0.0.2"))).isEmpty();
    assertThat(view.endpoints(ECHO)).containsExactly(host);
    assertThat(view.pod("ns", "host", "host")).hasValue(host);
  }

  @Test
  @DisplayName("workload-xds 17: trust domain and service account have defaults")
  void has_default_identity() {
    assertThat(Workload.named("uid").namespace("N").build().identity())
        .isEqualTo(SpiffeId.parse("spiffe://cluster.local/ns/N/sa/default").orElseThrow());
  }

  @Test
  void finds_a_pod_as_the_node_agent_names_it() {
    Workload one = pod("one", "10.0.0.2").serviceAccount("sa").build();
    assertThat(view(one).pod("ns", "one", "sa")).hasValue(one);
    assertThat(view(one).pod("ns", "one", "other")).isEmpty();
    assertThat(view(one, put(pod("one", "10.0.0.2").serviceAccount("new"))).pod("ns", "one", "sa"))
        .isEmpty();
  }

  @Test
  void finds_a_workload_behind_a_hostname() {
    Workload named = pod("named").hostname("example.org").build();
    assertThat(view(named).workloadBehind(key("ns", "example.org"))).hasValue(named);
    assertThat(view(named, gone(named.uid())).workloadBehind(key("ns", "example.org"))).isEmpty();
  }

  @Test
  void is_itself_when_nothing_changes() {
    Policy policy =
        new Policy(
            new PolicyKey("ns", "p"), Policy.Scope.NAMESPACE, Policy.Action.DENY, List.of(), false);
    MeshView view = view(pod("a", "10.0.0.2"), service(ECHO).build(), policy);
    assertThat(view.with(put(pod("a", "10.0.0.2")))).isSameAs(view);
    assertThat(view.with(put(service(ECHO).build()))).isSameAs(view);
    assertThat(view.with(put(policy))).isSameAs(view);
    assertThat(view.with(gone("nothing"))).isSameAs(view);
    assertThat(view.with(gone(new PolicyKey("ns", "q")))).isSameAs(view);
    assertThat(view.with(List.of())).isSameAs(view);
  }

  @Test
  void knows_whether_policies_changed() {
    MeshView view = view(pod("a", "10.0.0.2"));
    Policy policy =
        new Policy(
            new PolicyKey("ns", "p"), Policy.Scope.GLOBAL, Policy.Action.DENY, List.of(), false);
    assertThat(view.with(put(pod("b", "10.0.0.3"))).hasSamePolicies(view)).isTrue();
    assertThat(view.with(put(policy)).hasSamePolicies(view)).isFalse();
    assertThat(view.with(put(policy)).policies()).containsExactly(policy);
    assertThat(view.with(put(policy)).policy(policy.key())).hasValue(policy);
  }

  @Test
  void does_not_depend_on_the_order_of_arrival() {
    List<Object> members = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      ServiceKey key = key("ns" + i % 3, "host" + i % 7);
      members.add(
          pod("pod" + i, "10.0.0." + i % 20, "fd00::" + i % 9)
              .services(in(key))
              .tunnel(i % 2 == 0 ? Workload.Tunnel.HBONE : Workload.Tunnel.NONE)
              .build());
      members.add(service(key, "10.9.0." + i % 5).block("10.0.0.0/" + (8 + i % 3)).build());
    }
    Map<String, String> expected = null;
    for (int seed = 0; seed < 20; seed++) {
      Map<Object, Object> once = new HashMap<>();
      List<Object> shuffled = new ArrayList<>(members);
      // The last of two services with one key counts, so only their order among each other stays.
      shuffled.removeIf(
          member -> member instanceof Service s && once.putIfAbsent(s.key(), s) != null);
      Collections.shuffle(shuffled, new Random(seed));
      MeshView view = view(shuffled.toArray());
      for (Object member : shuffled.subList(0, 10)) {
        String name = member instanceof Workload w ? w.uid() : ((Service) member).key().toString();
        view = view.with(gone(name)).with(put(member));
      }
      Map<String, String> found = new HashMap<>();
      for (int i = 0; i < 20; i++) {
        found.put("w" + i, "" + view.workloadAt(on("", "10.0.0." + i)).map(Workload::uid));
        found.put("s" + i, "" + view.serviceAt(on("", "10.9.0." + i), "ns1").map(Service::key));
        found.put("h" + i, "" + view.serviceNamed("host" + i, "x").map(Service::key));
      }
      expected = expected == null ? found : expected;
      assertThat(found).isEqualTo(expected);
    }
  }
}
