package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.metadata;
import static dev.ambit.controller.translate.Objects.namedPort;
import static dev.ambit.controller.translate.Objects.namespace;
import static dev.ambit.controller.translate.Objects.pod;
import static dev.ambit.controller.translate.Objects.port;
import static dev.ambit.controller.translate.Objects.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.object.Pod;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WorkloadTranslatorTest {
  private static final ServiceKey WEB = new ServiceKey("a", "web.a.svc.cluster.local");

  @Test
  @DisplayName("control-plane 1: a pod's uid has an empty group")
  void names_a_pod_by_cluster_namespace_and_name() {
    MeshSettings mesh =
        new MeshSettings("cluster.local", "c1", "cluster.local", "istio-system", false);
    Derived derived = Derived.of(mesh, Map.of(), pod("a", "p1", "10.0.0.1"));
    assertThat(derived.view().workload("c1//Pod/a/p1")).isPresent();
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @DisplayName("workload-xds 24: canonical name and revision")
  @CsvSource(
      delimiter = '|',
      value = {
        "service.istio.io/canonical-name=a app.kubernetes.io/name=b app=c|a|latest",
        "app.kubernetes.io/name=b app=c|b|latest",
        "app=c version=v3|c|v3",
        "x=y|p|latest",
        "service.istio.io/workload-name=w|w|latest",
        "app.kubernetes.io/version=v2 version=v3|p|v2",
        "service.istio.io/canonical-revision=v1 app.kubernetes.io/version=v2|p|v1"
      })
  void takes_the_canonical_name_from_the_first_label(String labels, String name, String revision) {
    Workload workload = Derived.of(pod("a", "p", "10.0.0.1", labels.split(" "))).existing("a", "p");
    assertThat(workload.canonicalName()).isEqualTo(name);
    assertThat(workload.canonicalRevision()).isEqualTo(revision);
  }

  @ParameterizedTest(name = "fact {0}, annotation {1} -> {2}")
  @DisplayName("enrolment 7: only an enabled pod is HBONE, and the agent's word counts")
  @CsvSource({
    ",,NONE",
    "PENDING,,NONE",
    "ENABLED,,HBONE",
    ",enabled,HBONE",
    ",pending,NONE",
    "PENDING,enabled,NONE"
  })
  void is_captured_when_the_agent_says_so(
      EnrolmentFacts.State fact, String annotation, Workload.Tunnel expected) {
    Pod pod =
        pod(
            metadata(
                "a",
                "p",
                labels("istio.io/dataplane-mode=ambient"),
                annotation == null ? Map.of() : Map.of("ambient.istio.io/redirection", annotation),
                Objects.LONG_AGO),
            "10.0.0.1");
    Derived derived =
        Derived.of(
            MeshSettings.DEFAULT,
            fact == null ? Map.of() : Map.of("a/p", fact),
            namespace("a", "istio.io/dataplane-mode=ambient"),
            pod);
    assertThat(derived.existing("a", "p").tunnel()).isEqualTo(expected);
  }

  @Test
  @DisplayName("enrolment 8: a pod that speaks HBONE itself")
  void knows_native_tunnels() {
    Workload workload =
        Derived.of(pod("a", "p", "10.0.0.1", "networking.istio.io/tunnel=x,http"))
            .existing("a", "p");
    assertThat(workload.tunnel()).isEqualTo(Workload.Tunnel.HBONE);
    assertThat(workload.nativeTunnel()).isTrue();
  }

  @ParameterizedTest(name = "{0} ready={1} terminating={2} -> {3}")
  @DisplayName("enrolment 9: presence and health by phase")
  @CsvSource({
    "RUNNING,true,false,HEALTHY",
    "RUNNING,false,false,UNHEALTHY",
    "RUNNING,true,true,UNHEALTHY",
    "PENDING,false,false,UNHEALTHY",
    "SUCCEEDED,false,false,",
    "FAILED,false,false,"
  })
  void is_there_until_it_is_over(
      Pod.Phase phase, boolean ready, boolean terminating, Workload.Status expected) {
    Pod pod = Objects.in(pod("a", "p", "10.0.0.1"), phase, ready, terminating);
    assertThat(Derived.of(pod).pod("a", "p").map(Workload::status))
        .isEqualTo(java.util.Optional.ofNullable(expected));
  }

  @Test
  void a_pod_without_address_is_no_workload_yet() {
    assertThat(Derived.of(pod("a", "p", "")).pod("a", "p")).isEmpty();
  }

  @Test
  @DisplayName("control-plane 2: a named port is looked up on each pod")
  void resolves_named_ports_on_each_pod() {
    Derived derived =
        Derived.of(
            service("a", "web", "10.96.0.1", namedPort("http", 80, "http"), port("tcp", 81, 8081)),
            Objects.withPorts(pod("a", "p1", "10.0.0.1", "app=web"), Map.of("http", 8080)),
            pod("a", "p2", "10.0.0.2", "app=web"));
    assertThat(derived.service("a", "web").orElseThrow().ports().get(80).targetPort()).isZero();
    assertThat(derived.existing("a", "p1").services())
        .containsEntry(WEB, Map.of(80, 8080, 81, 8081));
    assertThat(derived.existing("a", "p2").services()).containsEntry(WEB, Map.of(81, 8081));
  }

  @Test
  void is_an_endpoint_of_services_of_its_own_namespace_whose_whole_selector_it_fulfils() {
    Derived derived =
        Derived.of(
            service("a", "web", "10.96.0.1", port("tcp", 80, 8080)),
            service("b", "web", "10.96.0.2", port("tcp", 80, 8080)),
            service(
                metadata("a", "narrow", Map.of()),
                "10.96.0.3",
                labels("app=web", "tier=x"),
                port("tcp", 80, 8080)),
            service(
                metadata("a", "manual", Map.of()), "10.96.0.4", Map.of(), port("tcp", 80, 8080)),
            pod("a", "p", "10.0.0.1", "app=web"));
    assertThat(derived.existing("a", "p").services()).containsOnlyKeys(WEB);
  }

  @Test
  @DisplayName("control-plane 7: another trust domain is part of the identity")
  void carries_the_trust_domain() {
    MeshSettings mesh =
        new MeshSettings("prod", "Kubernetes", "cluster.local", "istio-system", false);
    assertThat(Derived.of(mesh, Map.of(), pod("a", "p", "10.0.0.1")).existing("a", "p").identity())
        .hasToString("spiffe://prod/ns/a/sa/default");
  }

  @Test
  void takes_locality_and_network_from_labels() {
    Derived derived =
        Derived.of(
            namespace("istio-system", "topology.istio.io/network=n1"),
            pod(
                "a",
                "p",
                "10.0.0.1",
                "topology.kubernetes.io/region=r1",
                "topology.kubernetes.io/zone=z1"),
            pod("a", "q", "10.0.0.2", "topology.istio.io/network=n2"));
    assertThat(derived.existing("a", "p").locality()).isEqualTo(new Locality("r1", "z1", ""));
    assertThat(derived.existing("a", "p").network()).isEqualTo("n1");
    assertThat(derived.existing("a", "q").network()).isEqualTo("n2");
  }

  @Test
  @DisplayName("enrolment 13: an inherited waypoint that is not ready leaves pods alone")
  void inherits_no_waypoint_condition() {
    Derived derived =
        Derived.of(namespace("a", "istio.io/use-waypoint=wp"), pod("a", "p", "10.0.0.1"));
    assertThat(derived.existing("a", "p").waypoint()).isNull();
    assertThat(derived.conditions()).isEmpty();
  }

  @Test
  @DisplayName("enrolment 14: a pod's own waypoint label without a ready waypoint")
  void says_that_a_pods_own_waypoint_is_not_ready() {
    Derived derived = Derived.of(pod("a", "p", "10.0.0.1", "istio.io/use-waypoint=wp"));
    assertThat(derived.existing("a", "p").waypoint()).isNull();
    assertThat(derived.conditions())
        .singleElement()
        .extracting(Condition::kind, Condition::type, Condition::accepted, Condition::reason)
        .containsExactly("Pod", "istio.io/WaypointBound", false, "WaypointIsNotReady");
  }

  @Test
  @DisplayName("control-plane 8: replacing a pod changes two addresses and no service")
  void a_rollout_touches_only_its_pods() {
    var service = service("a", "web", "10.96.0.1", port("tcp", 80, 8080));
    Derived derived = Derived.of(service, pod("a", "p1", "10.0.0.1", "app=web"));
    derived.then(service, pod("a", "p2", "10.0.0.2", "app=web"));
    assertThat(derived.changes())
        .extracting(change -> change.getClass().getSimpleName())
        .isEqualTo(List.of("AddressRemoved", "WorkloadPut"));
  }
}
