package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What YAML becomes. */
final class Written {
  private final Derivation derivation = new Derivation(MeshSettings.DEFAULT);
  private MeshView view = MeshView.empty();

  static Written of(String... yaml) {
    return new Written().then(yaml);
  }

  /** The cluster is now this; every document must be readable. */
  Written then(String... yaml) {
    ManifestReader.Content content =
        ManifestReader.read(
            "test.yaml",
            String.join("\n---\n", yaml).getBytes(StandardCharsets.UTF_8),
            Instant.parse("2026-01-01T00:00:00Z"));
    if (!content.problems().isEmpty()) {
      throw new IllegalArgumentException(content.problems().toString());
    }
    List<ClusterObject> objects = new ArrayList<>();
    Map<String, String> specs = new HashMap<>();
    for (ManifestReader.Loaded each : content.loaded()) {
      objects.add(each.object());
      specs.put(ObjectText.name(each.object()), each.spec());
    }
    view = view.with(derivation.derive(ClusterInput.of(objects, specs, Map.of())));
    return this;
  }

  Map<String, String> sentTo(String waypoint) {
    Map<String, String> sent = new HashMap<>(derivation.objects().getOrDefault(waypoint, Map.of()));
    sent.remove(WaypointObjects.LAST);
    return sent;
  }

  MeshView view() {
    return view;
  }

  Service service(String namespace, String name) {
    return view.service(new ServiceKey(namespace, name + "." + namespace + ".svc.cluster.local"))
        .orElseThrow();
  }

  Workload pod(String namespace, String name) {
    return view.workload("Kubernetes//Pod/" + namespace + "/" + name).orElseThrow();
  }

  /** {@code REASON: MESSAGE} of one condition; "" without it. */
  String condition(String object, String type) {
    return derivation.conditions().stream()
        .filter(each -> each.type().equals(type))
        .filter(each -> (each.kind() + "/" + each.namespace() + "/" + each.name()).equals(object))
        .map(each -> each.accepted() + " " + each.reason() + ": " + each.message())
        .findFirst()
        .orElse("");
  }
}
