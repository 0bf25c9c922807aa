package dev.ambit.cli.up.mesh;

import dev.ambit.daemon.Json;
import dev.ambit.model.waypoint.WaypointClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code mesh.json} in the state folder: where the command line finds the programs of a mesh that
 * stands. Process ids are those of the mesh's own namespace, {@code root} is its first process as
 * the surrounding system numbers it.
 */
public final class MeshFile {
  public static final String NAME = "mesh.json";

  private MeshFile() {}

  static void write(MeshSettings settings, Collection<NodeHost> nodes, Collection<PodSandbox> pods)
      throws IOException {
    ObjectNode mesh = JsonNodeFactory.instance.objectNode();
    mesh.put("id", settings.id());
    mesh.put("root", settings.rootPid());
    mesh.put("folder", settings.folder().toString());
    mesh.put("generated", settings.generated().toString());
    mesh.putObject("controller").put("admin", settings.socket("controller").toString());
    ObjectNode nodeMap = mesh.putObject("nodes");
    for (NodeHost node : nodes) {
      nodeMap
          .putObject(node.name())
          .put("ztunnel", node.ztunnelAdmin().toString())
          .put("cni", node.cniAdmin().toString());
    }
    ObjectNode podMap = mesh.putObject("pods");
    for (PodSandbox pod : pods) {
      podMap
          .putObject(pod.pod().metadata().namespace() + "/" + pod.pod().metadata().name())
          .put("pid", pod.pid())
          .put("node", pod.node().name())
          .put("netns", "/run/netns/" + pod.network());
    }
    ObjectNode waypoints = mesh.putObject("waypoints");
    for (PodSandbox pod : pods) {
      if (pod.isWaypoint()) {
        waypoints
            .putObject(pod.pod().metadata().namespace() + "/" + pod.pod().metadata().name())
            .put("gateway", pod.pod().metadata().labels().get(WaypointClass.GATEWAY))
            .put("admin", WaypointHost.admin(settings, pod).toString());
      }
    }
    Path file = settings.state().resolve(NAME);
    Path fresh = settings.state().resolve(NAME + ".new");
    Files.write(fresh, Json.write(mesh));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
