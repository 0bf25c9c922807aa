package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.MODIFIED;
import static dev.ambit.daemon.manifest.Manifests.POD;
import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.problems;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.Pod.Phase;
import dev.ambit.model.object.ServiceAccount;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  @Test
  void a_pod_is_read() throws Exception {
    Pod pod = one(Pod.class, POD);

    assertThat(pod.metadata().namespace()).isEqualTo("demo");
    assertThat(pod.metadata().labels()).isEqualTo(Map.of("app", "echo"));
    assertThat(pod.metadata().annotations()).isEqualTo(Map.of("ambit.dev/netns", "/run/netns/x"));
    assertThat(pod.metadata().created()).isEqualTo(MODIFIED);
    assertThat(pod.metadata().origin()).isEqualTo("a.yaml:1");
    assertThat(pod.node()).isEqualTo("a");
    assertThat(pod.serviceAccount()).isEqualTo("echo");
    assertThat(pod.addresses())
        .containsExactly(
            InetAddress.getByName("10.244.1.11"), InetAddress.getByName("fd44:0:0:1::11"));
    assertThat(pod.containerPorts()).isEqualTo(Map.of("http", 8080));
    assertThat(pod.containers())
        .containsExactly(
            new Pod.Container(
                "web", List.of("nginx", "-g", "daemon off;"), Map.of("PORT", "8080")));
    assertThat(pod.phase()).isEqualTo(Phase.RUNNING);
    assertThat(pod.ready()).isTrue();
    assertThat(pod.terminating()).isFalse();
    assertThat(pod.hostNetwork()).isFalse();
    assertThat(pod.owner()).isEqualTo("echo-a");
  }

  @Test
  @DisplayName("enrolment §7: what the API server would add")
  void defaults_are_those_of_the_api_server() {
    Pod pod =
        one(
            Pod.class,
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec: {nodeName: a}
            status: {podIP: 10.0.0.1}
            """);
    assertThat(pod.metadata().namespace()).isEqualTo("default");
    assertThat(pod.serviceAccount()).isEqualTo("default");
    assertThat(pod.metadata().uid())
        .isEqualTo(
            one(Pod.class, POD.replace("echo-a", "p").replace("demo", "default")).metadata().uid())
        .isNotEqualTo(one(Pod.class, POD).metadata().uid());

    Namespace namespace =
        one(
            Namespace.class,
            """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: demo
              labels: {istio.io/dataplane-mode: ambient, kubernetes.io/metadata.name: other}
              creationTimestamp: "2020-01-01T00:00:00Z"
              uid: u-1
            """);
    assertThat(namespace.metadata().namespace()).isEmpty();
    assertThat(namespace.metadata().uid()).isEqualTo("u-1");
    assertThat(namespace.metadata().created()).isEqualTo("2020-01-01T00:00:00Z");
    assertThat(namespace.metadata().labels())
        .isEqualTo(
            Map.of("istio.io/dataplane-mode", "ambient", "kubernetes.io/metadata.name", "demo"));
  }

  @ParameterizedTest
  @DisplayName("enrolment 9: phase and readiness of pods")
  @CsvSource(
      delimiter = '|',
      value = {
        "phase: Running|RUNNING|true",
        "phase: Pending|PENDING|false",
        "phase: Succeeded|SUCCEEDED|false",
        "phase: Failed|FAILED|false",
        "conditions: [{type: Ready, status: \"True\"}]|RUNNING|true",
        "conditions: [{type: Ready, status: \"False\"}]|RUNNING|false",
        "conditions: [{type: Initialized, status: \"True\"}]|RUNNING|false",
      })
  void phase_and_readiness(String status, Phase phase, boolean ready) {
    Pod pod = one(Pod.class, POD + "  " + status + "\n");

    assertThat(pod.phase()).isEqualTo(phase);
    assertThat(pod.ready()).isEqualTo(ready);
  }

  @ParameterizedTest
  @DisplayName("control-plane: the owner is the Deployment or CronJob behind it")
  @CsvSource({
    "ReplicaSet,echo-5d8f,5d8f,true,echo",
    "ReplicaSet,echo-5d8f,other,true,echo-5d8f",
    "StatefulSet,db,5d8f,true,db",
    "Job,nightly-28123456,5d8f,true,nightly",
    "Job,once,5d8f,true,once",
    "ReplicaSet,echo-5d8f,5d8f,false,echo-a",
  })
  void owners(String kind, String name, String hash, boolean controller, String owner) {
    String reference =
        "  ownerReferences: [{kind: %s, name: %s, controller: %s}]\n"
            .formatted(kind, name, controller);
    String pod =
        POD.replace("{app: echo}", "{app: echo, pod-template-hash: \"" + hash + "\"}")
            .replace("spec:\n", reference + "  deletionTimestamp: 2026-01-01T00:00:00Z\nspec:\n");

    assertThat(one(Pod.class, pod).owner()).isEqualTo(owner);
    assertThat(one(Pod.class, pod).terminating()).isTrue();
  }

  @Test
  void a_service_is_read() throws Exception {
    KubernetesService service =
        one(
            KubernetesService.class,
            """
            apiVersion: v1
            kind: Service
            metadata: {name: echo, namespace: demo}
            spec:
              clusterIP: 10.96.1.1
              clusterIPs: [10.96.1.1, "fd44::1"]
              ipFamilies: [IPv4, IPv6]
              selector: {app: echo}
              internalTrafficPolicy: Local
              trafficDistribution: PreferClose
              publishNotReadyAddresses: true
              ports:
              - {name: tcp, port: 80, targetPort: 8080}
              - {name: web, port: 85, targetPort: http, appProtocol: HTTP, protocol: TCP}
              - {name: dns, port: 53, protocol: UDP}
            """);

    assertThat(service.clusterIps())
        .containsExactly(InetAddress.getByName("10.96.1.1"), InetAddress.getByName("fd44::1"));
    assertThat(service.ports())
        .containsExactly(
            new KubernetesService.Port("tcp", "TCP", 80, 8080, "", ""),
            new KubernetesService.Port("web", "TCP", 85, 0, "http", "HTTP"),
            new KubernetesService.Port("dns", "UDP", 53, 53, "", ""));
    assertThat(service.ipFamilies()).containsExactly("IPv4", "IPv6");
    assertThat(service.localTrafficOnly()).isTrue();
    assertThat(service.trafficDistribution()).isEqualTo("PreferClose");
    assertThat(service.publishNotReadyAddresses()).isTrue();
    assertThat(service.kind()).isEqualTo("Service");
  }

  @ParameterizedTest
  @ValueSource(strings = {"clusterIP: None", "clusterIPs: [None]", "type: ExternalName"})
  void services_without_addresses(String spec) {
    KubernetesService service =
        one(
            KubernetesService.class,
            "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {" + spec + "}\n");

    assertThat(service.clusterIps()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "  nodeName: a|  nodeNam: a|a.yaml:10: spec.nodeName: got nothing, expected the name of the"
            + " pod's node",
        "nodeName: a|nodeName: ../a|a.yaml:10: spec.nodeName: got \"../a\", expected the name of"
            + " the pod's node",
        "10.244.1.11|10.244.1.256|a.yaml:25: status.podIPs[0].ip: got \"10.244.1.256\", expected an"
            + " IPv4 or IPv6 address",
        "10.244.1.11|10.1|a.yaml:25: status.podIPs[0].ip: got the number 10.1, expected text, such"
            + " as \"10.1\"",
        "  podIPs:|  ips:|a.yaml:24: status.podIPs: got nothing, expected a list of - ip: ADDRESS",
        "containerPort: 8080|containerPort: 80800|a.yaml:21:"
            + " spec.containers[0].ports[0].containerPort: got the number 80800, expected a port"
            + " from 1 to 65535",
        "containerPort: 8080|containerPort: \"8080\"|a.yaml:21:"
            + " spec.containers[0].ports[0].containerPort: got \"8080\", expected a port from 1 to"
            + " 65535",
        "containerPort: 8080|containerPort: http|a.yaml:21:"
            + " spec.containers[0].ports[0].containerPort: got \"http\", expected a port from 1 to"
            + " 65535",
        "value: \"8080\"|value: 8080|a.yaml:18: spec.containers[0].env[0].value: got the number"
            + " 8080, expected text, such as \"8080\"",
        "{app: echo}|{app: 1}|a.yaml:6: metadata.labels.app: got the number 1, expected text, such"
            + " as \"1\"",
        "{app: echo}|echo|a.yaml:6: metadata.labels: got \"echo\", expected a mapping",
        "serviceAccountName: echo|serviceAccountName: [echo]|a.yaml:11: spec.serviceAccountName:"
            + " got a list, expected text",
        "serviceAccountName: echo|hostNetwork: yes|a.yaml:11: spec.hostNetwork: got \"yes\","
            + " expected true or false",
        "name: echo-a|name: Echo_A|a.yaml:4: metadata.name: got \"Echo_A\", expected lower-case"
            + " letters, digits, '-' and '.', at most 253",
        "name: echo-a|nmae: echo-a|a.yaml:4: metadata.name: got nothing, expected lower-case"
            + " letters, digits, '-' and '.', at most 253",
        "namespace: demo|namespace: a.b|a.yaml:5: metadata.namespace: got \"a.b\", expected"
            + " lower-case letters, digits and '-', at most 63",
        "kind: Pod|kind: Pdo|a.yaml:2: kind: got unknown kind Pdo of v1, expected a kind of"
            + " Kubernetes or Istio",
        "apiVersion: v1|apiVersion: v2|a.yaml:2: kind: got unknown kind Pod of v2, expected a kind"
            + " of Kubernetes or Istio",
        "kind: Pod|x: y|a.yaml:1: kind: got nothing, expected such as Pod",
      })
  void mistakes_have_line_field_got_and_expected(String from, String to, String problem) {
    Content content = read(POD.replace(from, to));

    assertThat(content.objects()).isEmpty();
    assertThat(content.problems()).map(ManifestProblem::toString).contains(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "clusterIP: 10.96.0|spec.clusterIP: got \"10.96.0\"",
        "selector: {}|spec.clusterIP: got nothing, expected an address, or None",
        "clusterIPs: []|",
        "'clusterIP: None, ports: [{name: a}]'|spec.ports[0].port: got nothing, expected a port",
        "'clusterIP: None, ports: [{port: 0}]'|spec.ports[0].port: got the number 0",
        "'clusterIP: None, ports: [{port: 80, targetPort: 65536}]'|spec.ports[0].targetPort: got"
            + " the number 65536",
        "'clusterIP: None, ports: [{port: 80, targetPort: \"a b\"}]'|spec.ports[0].targetPort: got"
            + " \"a b\"",
        "'clusterIP: None, ports: [{port: 80, protocol: tcp}]'|spec.ports[0].protocol: got \"tcp\"",
        "'clusterIP: None, type: Clusterip'|spec.type: got \"Clusterip\"",
        "'clusterIP: None, ipFamilies: [v4]'|spec.ipFamilies[0]: got \"v4\"",
      })
  void mistakes_in_services(String spec, String problem) {
    List<String> problems =
        problems("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {" + spec + "}\n");
    if (problem == null) {
      assertThat(problems).isEmpty();
    } else {
      assertThat(problems).singleElement().asString().startsWith("a.yaml:4: " + problem);
    }
  }

  @Test
  void every_mistake_of_an_object_is_named_and_the_others_are_read() {
    Content content =
        read(
            POD.replace("nodeName: a", "nodeName: A!").replace("10.244.1.11", "x")
                + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n");

    assertThat(content.problems()).hasSize(2);
    assertThat(content.objects()).singleElement().isInstanceOf(ServiceAccount.class);
    assertThat(content.refused()).containsExactly(new Refused("Pod", "demo", "echo-a", false));
    assertThat(content.nameless()).isFalse();
  }

  @Test
  void lists_are_read_like_documents() {
    Content content =
        read(
            """
            # comment
            ---
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: Namespace
              metadata: {name: a}
            - apiVersion: apps/v1
              kind: Deployment
              metadata: {name: d}
            - apiVersion: v1
              kind: List
              items:
              - {apiVersion: v1, kind: ServiceAccount, metadata: {name: b}}
              - {apiVersion: v1, kind: ServiceAccount, metadata: {nme: b}}
            ---
            """);
    assertThat(content.objects()).hasSize(2);
    assertThat(content.problems())
        .map(ManifestProblem::field)
        .containsExactly("items[2].items[1].metadata.name");
  }

  @Test
  void ordinary_kinds_are_passed_over_without_a_word() {
    for (String each :
        List.of(
            "v1 ConfigMap",
            "v1 Secret",
            "apps/v1 Deployment",
            "batch/v1 CronJob",
            "gateway.networking.k8s.io/v1alpha2 UDPRoute",
            "networking.istio.io/v1 Gateway",
            "networking.istio.io/v1 EnvoyFilter",
            "rbac.authorization.k8s.io/v1 ClusterRole",
            "networking.k8s.io/v1 NetworkPolicy")) {
      String[] words = each.split(" ");
      Content content =
          read("apiVersion: " + words[0] + "\nkind: " + words[1] + "\nmetadata: {name: x}\n");
      assertThat(content.problems()).as(each).isEmpty();
      assertThat(content.nameless()).isFalse();
    }
  }
}
