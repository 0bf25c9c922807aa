package dev.ambit.cli.up.mesh;

import dev.ambit.cli.up.process.Launch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How the programs of the mesh are started. */
final class Daemons {
  static final int CONTROLLER_PORT = 15012;

  private Daemons() {}

  /** {@code ambit ROLE} with {@code with} set on top of this process's own environment. */
  static Launch launch(
      MeshSettings settings,
      String name,
      List<String> prefix,
      String role,
      Map<String, String> with) {
    var command = new ArrayList<>(prefix);
    command.add(settings.launcher().toString());
    command.add(role);
    var environment = new HashMap<>(System.getenv());
    environment.put("AMBIT_MESH", settings.id());
    environment.put("TMPDIR", settings.state().resolve("tmp").toString());
    environment.putAll(with);
    return new Launch(name, command, environment, settings.log(name));
  }

  /** Where the nodes and the pods of waypoints find the controller. */
  static String controllerAddress() {
    return "https://" + NetScripts.UNDERLAY_IPV4 + ":" + CONTROLLER_PORT;
  }

  static Launch controller(MeshSettings settings) {
    var with = new HashMap<String, String>();
    with.put("AMBIT_MANIFESTS", settings.folder().toString());
    with.put("AMBIT_GENERATED", settings.generated().toString());
    with.put("AMBIT_FACTS", settings.facts().toString());
    with.put("AMBIT_STATE", settings.controllerState().toString());
    with.put("AMBIT_LISTEN", "0.0.0.0:" + CONTROLLER_PORT);
    with.put("AMBIT_SERVER_NAMES", NetScripts.UNDERLAY_IPV4 + "," + NetScripts.UNDERLAY_IPV6);
    with.put("AMBIT_ADMIN_SOCKET", settings.socket("controller").toString());
    return launch(settings, "controller", List.of(), "controller", with);
  }
}
