package dev.ambit.cli.reach;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ambit.cli.reach.RunningMesh.Node;
import dev.ambit.cli.reach.RunningMesh.Waypoint;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The options by which every command that asks a mesh finds it. */
public final class MeshOptions {
  private static final String MESH_FILE = "mesh.json";

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description =
          "Folder of a mesh that 'ambit up' keeps. Default: AMBIT_MESH_STATE, /run/ambit for root,"
              + " else a folder of the user.")
  private @Nullable Path state;

  @Option(
      names = "--admin",
      paramLabel = "SOCKET",
      description =
          "Admin socket of a ztunnel, node agent, waypoint or controller; may be repeated.")
  private List<Path> sockets = List.of();

  @Option(
      names = "--dump",
      paramLabel = "FILE",
      description =
          "A saved /config_dump instead of a running ztunnel or waypoint; may be repeated.")
  private List<Path> files = List.of();

  /** The mesh these options mean; throws {@link Unreachable} when there is none. */
  public RunningMesh open() {
    return find()
        .orElseThrow(() ->
            new Unreachable(
                "no mesh is running (no "
                    + folder().resolve(MESH_FILE)
                    + "): start one with 'ambit up -f DIR', or name it with --state, --admin"
                    + " or --dump"));
  }

  /** The mesh these options mean; empty when they mean none and none stands. */
  public Optional<RunningMesh> find() {
    return sockets.isEmpty() && files.isEmpty() ? standing() : Optional.of(named());
  }

  /** The mesh that {@code ambit up} keeps; empty when there is none. */
  private Optional<RunningMesh> standing() {
    Path file = folder().resolve(MESH_FILE);
    try {
      return Optional.of(read(Json.read(Files.readAllBytes(file))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | JacksonException e) {
      throw new Unreachable(file + ": got " + e + ", expected a mesh that this user may ask");
    }
  }

  private Path folder() {
    return state == null ? StateFolders.usual() : state;
  }

  private static RunningMesh read(JsonNode mesh) {
    List<Node> nodes = new ArrayList<>();
    mesh.path("nodes")
        .forEachEntry(
            (name, node) -> nodes.add(new Node(name, path(node, "ztunnel"), path(node, "cni"))));
    List<Waypoint> waypoints = new ArrayList<>();
    mesh.path("waypoints")
        .forEachEntry((name, pod) ->
            waypoints.add(
                new Waypoint(name, pod.path("gateway").asString(""), path(pod, "admin"), null)));
    List<Path> folders = new ArrayList<>();
    for (String field : List.of("folder", "generated")) {
      Path folder = path(mesh, field);
      if (folder != null) {
        folders.add(folder);
      }
    }
    return new RunningMesh(
        folders, path(mesh.path("controller"), "admin"), nodes, waypoints, List.of());
  }

  private static @Nullable Path path(JsonNode from, String field) {
    String text = from.path(field).asString("");
    return text.isEmpty() ? null : Path.of(text);
  }

  private RunningMesh named() {
    List<Dump> dumps = new ArrayList<>();
    List<Waypoint> waypoints = new ArrayList<>();
    for (Path file : files) {
      Dump dump = saved(file);
      waypoint(dump.json(), null).ifPresentOrElse(waypoints::add, () -> dumps.add(dump));
    }
    Path controller = null;
    List<Node> nodes = new ArrayList<>();
    for (Path socket : sockets) {
      Optional<String> dump = RunningMesh.read(socket, "/config_dump").text();
      if (dump.isPresent()) {
        JsonNode json = Json.read(dump.get().getBytes(UTF_8));
        waypoint(json, socket)
            .ifPresentOrElse(
                waypoints::add, () -> nodes.add(new Node(node(json, socket), socket, null)));
      } else if (RunningMesh.read(socket, "/pods").text().isPresent()) {
        nodes.add(new Node(socket.getFileName().toString(), null, socket));
      } else {
        RunningMesh.Answer objects = RunningMesh.read(socket, "/debug/objects");
        if (objects.text().isEmpty()) {
          throw new Unreachable("--admin: " + objects.problem());
        }
        controller = socket;
      }
    }
    return new RunningMesh(List.of(), controller, nodes, waypoints, dumps);
  }

  /** A waypoint when {@code dump} is one's. */
  private static Optional<Waypoint> waypoint(JsonNode dump, @Nullable Path socket) {
    JsonNode own = dump.path("waypoint");
    if (!own.isObject()) {
      return Optional.empty();
    }
    String pod = own.path("namespace").asString("") + "/" + own.path("pod").asString("waypoint");
    return Optional.of(
        new Waypoint(pod, own.path("gateway").asString(""), socket, socket == null ? dump : null));
  }

  private static Dump saved(Path file) {
    try {
      JsonNode json = Json.read(Files.readAllBytes(file));
      return new Dump(node(json, file), json);
    } catch (IOException | JacksonException e) {
      throw new Unreachable("--dump: got " + e + ", expected a saved /config_dump");
    }
  }

  /** What a dump calls its node, else the name of where it came from. */
  private static String node(JsonNode dump, Path from) {
    String local = dump.path("config").path("localNode").asString("");
    return local.isEmpty() ? from.getFileName().toString() : local;
  }
}
