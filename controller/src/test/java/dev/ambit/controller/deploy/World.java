package dev.ambit.controller.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.translate.Condition;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.generated.PodFacts;
import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Pod;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Both folders and the runtime of a mesh, without files; a plan is read back as it is written. */
final class World {
  static final String BASE =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: web, namespace: demo, labels: {app: web}}
      spec: {nodeName: node-a, serviceAccountName: web}
      status: {podIPs: [{ip: 10.244.1.10}, {ip: "fd00:10:244:1::a"}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: other, namespace: demo, labels: {app: web}}
      spec: {nodeName: node-b, serviceAccountName: web}
      status: {podIPs: [{ip: 10.244.2.10}, {ip: "fd00:10:244:2::a"}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: demo}
      spec: {clusterIPs: [10.96.0.10, "fd00:10:96::a"], selector: {app: web}, ports: [{port: 80}]}
      """;

  final Map<String, String> written = new TreeMap<>(Map.of("base.yaml", BASE));
  final Map<String, PodFacts.State> facts = new TreeMap<>();
  Map<String, String> files = Map.of();
  List<Condition> conditions = List.of();
  List<Condition> ofOthers = List.of();

  static String gateway(String name, String... annotations) {
    StringBuilder text =
        new StringBuilder(
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata:
              name: %s
              namespace: demo
              annotations:
                example.com/note: "yes"
            """
                .formatted(name));
    for (String annotation : annotations) {
      text.append("    ").append(annotation).append('\n');
    }
    text.append(
        """
        spec:
          gatewayClassName: ambit-waypoint
          listeners: [{name: mesh, port: 15008, protocol: HBONE}]
        """);
    return text.toString();
  }

  private static Snapshot snapshot(Map<String, String> files) {
    List<ClusterObject> objects = new ArrayList<>();
    List<ManifestProblem> problems = new ArrayList<>();
    files.forEach((name, text) -> {
      ManifestReader.Content content =
          ManifestReader.read(name, text.getBytes(StandardCharsets.UTF_8), Instant.EPOCH);
      objects.addAll(content.objects());
      problems.addAll(content.problems());
    });
    return new Snapshot(objects, problems);
  }

  /** One plan; its files become the generated folder. */
  World plan() {
    Deployer.Plan plan =
        new Deployer(MeshSettings.DEFAULT)
            .plan(
                new Deployer.Known(
                    new ManifestFolders.Both(snapshot(written), snapshot(files)),
                    facts,
                    Instant.parse("2026-11-25T02:00:00Z")));
    files = plan.files();
    conditions = plan.conditions().stream().filter(each -> each.kind().equals("Gateway")).toList();
    ofOthers = plan.conditions().stream().filter(each -> !conditions.contains(each)).toList();
    assertThat(snapshot(files).problems()).isEmpty();
    return this;
  }

  /** Plans until nothing changes. */
  World settle() {
    for (int i = 0; i < 10; i++) {
      Map<String, String> before = files;
      plan();
      if (before.equals(files)) {
        return this;
      }
    }
    throw new AssertionError("the plan does not settle: " + files);
  }

  List<Pod> pods() {
    return Deployer.pick(snapshot(files).objects(), Pod.class);
  }

  List<Gateway> gateways() {
    return Deployer.pick(snapshot(files).objects(), Gateway.class);
  }

  Gateway writtenGateway() {
    return Deployer.pick(snapshot(written).objects(), Gateway.class).getFirst();
  }

  Pod pod(String name) {
    return pods().stream().filter(p -> p.metadata().name().equals(name)).findFirst().orElseThrow();
  }

  KubernetesService service() {
    return Deployer.pick(snapshot(files).objects(), KubernetesService.class).getFirst();
  }

  /** As {@code wp-1 ready, wp-2 ending}. */
  String state() {
    List<String> all = new ArrayList<>();
    for (Pod pod : pods()) {
      all.add(
          pod.metadata().name()
              + (pod.terminating() ? " ending" : pod.ready() ? " ready" : " waiting"));
    }
    return String.join(", ", all);
  }

  World runs(String pod, PodFacts.State state) {
    facts.put("demo/" + pod, state);
    return settle();
  }

  World gone(String pod) {
    facts.remove("demo/" + pod);
    return settle();
  }

  /** As {@code Accepted True Accepted}. */
  List<String> said() {
    return conditions.stream()
        .map(c -> c.type() + " " + (c.accepted() ? "True" : "False") + " " + c.reason())
        .toList();
  }
}
