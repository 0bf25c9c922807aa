package dev.ambit.cli.check;

import dev.ambit.cli.objects.KnownObjects;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import java.util.ArrayList;
import java.util.List;

/** Labels that ask for a waypoint there is no Gateway for: its traffic passes by unseen. */
final class WaypointLabels {
  private static final String USE = "istio.io/use-waypoint";
  private static final String IN = "istio.io/use-waypoint-namespace";
  private static final String NONE = "none";

  private WaypointLabels() {}

  static List<Finding> findings(RunningMesh mesh) {
    if (mesh.folder() == null) {
      return List.of();
    }
    KnownObjects objects = KnownObjects.of(mesh);
    List<Finding> findings = new ArrayList<>();
    for (ClusterObject object : objects.all()) {
      boolean mayAsk =
          object instanceof Namespace
              || object instanceof KubernetesService
              || object instanceof Pod;
      Metadata metadata = object.metadata();
      String name = metadata.labels().getOrDefault(USE, "");
      if (!mayAsk || name.isEmpty() || name.equals(NONE)) {
        continue;
      }
      String own = object instanceof Namespace ? metadata.name() : metadata.namespace();
      String namespace = metadata.labels().getOrDefault(IN, own);
      if (objects.find(Gateway.class, namespace, name).isEmpty()) {
        findings.add(
            Finding.wrong(
                object.kind()
                    + " "
                    + (object instanceof Namespace ? own : own + "/" + metadata.name()),
                "label " + USE + ": got " + name + ", expected a Gateway of namespace " + namespace,
                "'ambit waypoint apply -n "
                    + namespace
                    + " --name "
                    + name
                    + "' makes one; until"
                    + " then requests pass no waypoint, its routes and policies do nothing"));
      }
    }
    return findings;
  }
}
