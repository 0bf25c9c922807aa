package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.PeerAuthentication.Mode;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.Pod.Phase;
import dev.ambit.model.object.ServiceAccount;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  private static final Instant MODIFIED = Instant.parse("2026-11-24T01:02:03Z");
  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: echo-a
        namespace: demo
        labels: {app: echo}
        annotations:
          ambit.dev/netns: /run/netns/x
      spec:
        nodeName: a
        serviceAccountName: echo
        containers:
        - name: web
          image: nginx
          command: ["nginx", "-g"]
          args: ["daemon off;"]
          env:
          - {name: PORT, value: "8080"}
          - {name: FROM, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
          ports:
          - {name: http, containerPort: 8080}
          - {containerPort: 9090}
      status:
        podIPs:
        - ip: 10.244.1.11
        - ip: fd44:0:0:1::11
      """;

  private static Content read(String text) {
    return ManifestReader.read("a.yaml", text.getBytes(StandardCharsets.UTF_8), MODIFIED);
  }

  private static <T extends ClusterObject> T one(Class<T> type, String text) {
    Content content = read(text);
    assertThat(content.problems()).isEmpty();
    assertThat(content.objects()).hasSize(1);
    return type.cast(content.objects().getFirst());
  }

  private static List<String> problems(String text) {
    return read(text).problems().stream().map(ManifestProblem::toString).toList();
  }

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
    assertThat(policy.targetRefs()).containsExactly("Gateway/waypoint", "Service/echo");
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
        "ipBlocks: [10.0.0.0/8]|ipBlocks: [10.0.0.0/33]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"10.0.0.0/33\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: [300.0.0.0/8]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"300.0.0.0/8\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: [\"fd00::/129\"]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"fd00::/129\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: [\"::ffff:1.2.3.4/120\"]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"::ffff:1.2.3.4/120\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: [10.0.0.0/-1]|9|spec.rules[0].from[0].source.ipBlocks[0]|\"10.0.0.0/-1\"",
        "ipBlocks: [10.0.0.0/8]|ipBlocks: []|9|spec.rules[0].from[0].source.ipBlocks|no value",
        "ipBlocks: [10.0.0.0/8]|ipBlock: [10.0.0.0/8]|9|spec.rules[0].from[0].source.ipBlock|an unknown field",
        "{serviceAccounts: [demo/client]}|{}|10|spec.rules[0].from[1].source|nothing",
        "{serviceAccounts: [demo/client]}|{serviceAccounts: [a/b/c]}|10|spec.rules[0].from[1].source.serviceAccounts[0]|\"a/b/c\"",
        "source: {serviceAccounts|sources: {serviceAccounts|10|spec.rules[0].from[1].sources|an unknown field",
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
        "mtls: {mode: strict}|spec.mtls.mode: got \"strict\", expected one of DISABLE, PERMISSIVE, STRICT, UNSET",
        "mtls: {mod: STRICT}|spec.mtls.mod: got an unknown field",
        "mtls: STRICT|spec.mtls: got \"STRICT\", expected a mapping",
        "portLevelMtls: {8080: {mode: STRICT}}|spec.portLevelMtls: got one without selector",
        "portLevelMtls: {80800: {mode: STRICT}}|spec.portLevelMtls.80800: got 80800, expected a port",
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "  nodeName: a|  nodeNam: a|a.yaml:10: spec.nodeName: got nothing, expected the name of the pod's node",
        "nodeName: a|nodeName: ../a|a.yaml:10: spec.nodeName: got \"../a\", expected the name of the pod's node",
        "10.244.1.11|10.244.1.256|a.yaml:25: status.podIPs[0].ip: got \"10.244.1.256\", expected an IPv4 or IPv6 address",
        "10.244.1.11|10.1|a.yaml:25: status.podIPs[0].ip: got the number 10.1, expected text, such as \"10.1\"",
        "  podIPs:|  ips:|a.yaml:24: status.podIPs: got nothing, expected a list of - ip: ADDRESS",
        "containerPort: 8080|containerPort: 80800|a.yaml:21: spec.containers[0].ports[0].containerPort: got the number 80800, expected a port from 1 to 65535",
        "containerPort: 8080|containerPort: \"8080\"|a.yaml:21: spec.containers[0].ports[0].containerPort: got \"8080\", expected a port from 1 to 65535",
        "containerPort: 8080|containerPort: http|a.yaml:21: spec.containers[0].ports[0].containerPort: got \"http\", expected a port from 1 to 65535",
        "value: \"8080\"|value: 8080|a.yaml:18: spec.containers[0].env[0].value: got the number 8080, expected text, such as \"8080\"",
        "{app: echo}|{app: 1}|a.yaml:6: metadata.labels.app: got the number 1, expected text, such as \"1\"",
        "{app: echo}|echo|a.yaml:6: metadata.labels: got \"echo\", expected a mapping",
        "serviceAccountName: echo|serviceAccountName: [echo]|a.yaml:11: spec.serviceAccountName: got a list, expected text",
        "serviceAccountName: echo|hostNetwork: yes|a.yaml:11: spec.hostNetwork: got \"yes\", expected true or false",
        "name: echo-a|name: Echo_A|a.yaml:4: metadata.name: got \"Echo_A\", expected lower-case letters, digits, '-' and '.', at most 253",
        "name: echo-a|nmae: echo-a|a.yaml:4: metadata.name: got nothing, expected lower-case letters, digits, '-' and '.', at most 253",
        "namespace: demo|namespace: a.b|a.yaml:5: metadata.namespace: got \"a.b\", expected lower-case letters, digits and '-', at most 63",
        "kind: Pod|kind: Pdo|a.yaml:2: kind: got unknown kind Pdo of v1, expected a kind of Kubernetes or Istio",
        "apiVersion: v1|apiVersion: v2|a.yaml:2: kind: got unknown kind Pod of v2, expected a kind of Kubernetes or Istio",
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
        "'clusterIP: None, ports: [{port: 80, targetPort: 65536}]'|spec.ports[0].targetPort: got the number 65536",
        "'clusterIP: None, ports: [{port: 80, targetPort: \"a b\"}]'|spec.ports[0].targetPort: got \"a b\"",
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
            "gateway.networking.k8s.io/v1 HTTPRoute",
            "gateway.networking.k8s.io/v1beta1 Gateway",
            "networking.istio.io/v1 VirtualService",
            "security.istio.io/v1 RequestAuthentication",
            "rbac.authorization.k8s.io/v1 ClusterRole",
            "networking.k8s.io/v1 NetworkPolicy")) {
      String[] words = each.split(" ");
      Content content =
          read("apiVersion: " + words[0] + "\nkind: " + words[1] + "\nmetadata: {name: x}\n");
      assertThat(content.problems()).as(each).isEmpty();
      assertThat(content.nameless()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kind: Pod\\n\\tname: x|2|found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)",
        "a: 'x\\n|2|found unexpected end of stream",
        "a:\\n  b: 1\\n c: 2\\n|3|expected <block end>, but found '<block mapping start>'",
        "a: 1\\na: 2|2|key a again",
        "? [a]\\n: b|1|a list or mapping as a key",
        "a: *x|1|alias *x",
        "a: &x [*x]|1|alias *x",
        "- a|1|a list",
        "just text|1|\"just text\"",
        "{{ .Values.x }}|1|a list or mapping as a key",
      })
  void what_is_not_a_manifest_is_named_with_its_line(String text, int line, String got) {
    Content content = read(text.replace("\\n", "\n").replace("\\t", "\t"));

    assertThat(content.nameless()).isTrue();
    assertThat(content.problems())
        .singleElement()
        .satisfies(problem -> {
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.got())
              .isEqualTo(
                  got.replace("\\t", "\t").replace("'\t", "'\\t").replace("use \t", "use \\t"));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "- ", "? "})
  void too_deep_nesting_is_refused(String opening) {
    Content content = read(opening.repeat(50_000));

    assertThat(content.problems()).hasSize(1);
    assertThat(content.problems().getFirst().got())
        .isIn("deeper nesting", "a list or mapping as a key");
  }

  @Test
  void an_alias_bomb_is_refused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    assertThat(problems(bomb.toString()))
        .containsExactly("a.yaml:27: : got more aliases, expected at most 50 a document");
  }

  @Test
  void aliases_within_bounds_cost_no_more_than_their_text() {
    StringBuilder spec = new StringBuilder("  x0: &x0 [x, x]\n");
    for (int i = 1; i < 24; i++) {
      spec.append("  x%d: &x%d [*x%d, *x%d]\n".formatted(i, i, i - 1, i - 1));
    }
    Content content = read(POD.replace("spec:\n", "spec:\n" + spec));

    assertThat(content.objects()).hasSize(1);
    assertThat(content.loaded().getFirst().spec()).hasSizeLessThan(1024 * 1024);
  }

  @Test
  void text_that_is_not_utf8_is_named_with_its_line() {
    Content content =
        ManifestReader.read("b.yaml", new byte[] {'a', ':', '\n', (byte) 0xc3, '('}, MODIFIED);

    assertThat(content.problems())
        .map(ManifestProblem::toString)
        .containsExactly("b.yaml:2: : got a byte that is not UTF-8, expected text in UTF-8");
    byte[] marked = ("\ufeff" + POD).getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestReader.read("b.yaml", marked, MODIFIED).objects()).hasSize(1);
    byte[] binary = new byte[1000];
    assertThat(ManifestReader.read("b.yaml", binary, MODIFIED).problems()).hasSize(1);
  }

  @Test
  void a_file_of_5_megabytes_is_read() {
    StringBuilder text = new StringBuilder();
    int count = 0;
    while (text.length() < 5 * 1024 * 1024) {
      text.append(POD.replace("echo-a", "echo-" + count++)).append("---\n");
    }
    Content content = read(text.toString());

    assertThat(content.problems()).isEmpty();
    assertThat(content.objects()).hasSize(count);
  }
}
