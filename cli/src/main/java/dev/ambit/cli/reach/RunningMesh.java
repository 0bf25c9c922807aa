package dev.ambit.cli.reach;

import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The admin sockets of a mesh, or dumps somebody saved of one.
 *
 * @param folders of manifests: the one people write, then those made for them; empty when not known
 * @param controller its admin socket, null when not known
 * @param saved dumps from files; they stand for ztunnels that run no more
 */
public record RunningMesh(
    List<Path> folders,
    @Nullable Path controller,
    List<Node> nodes,
    List<Waypoint> waypoints,
    List<Dump> saved) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  public RunningMesh {
    folders = List.copyOf(folders);
    nodes = List.copyOf(nodes);
    waypoints = List.copyOf(waypoints);
    saved = List.copyOf(saved);
  }

  /** The folder people write; null when not known. */
  public @Nullable Path folder() {
    return folders.isEmpty() ? null : folders.getFirst();
  }

  /**
   * One pod of a waypoint.
   *
   * @param name namespace and name of the pod
   * @param gateway whose waypoint it is, without namespace
   * @param admin its admin socket; null for a dump somebody saved
   * @param saved its {@code /config_dump} from a file; null when it can be asked
   */
  public record Waypoint(
      String name, String gateway, @Nullable Path admin, @Nullable JsonNode saved) {
    public String namespace() {
      return name.substring(0, Math.max(0, name.indexOf('/')));
    }

    /** {@code page} of it; throws when it does not answer. */
    public JsonNode ask(String page) {
      if (saved != null && page.equals("/config_dump")) {
        return saved;
      }
      if (admin == null) {
        throw new Unreachable("waypoint " + name + ": " + page + " is not part of a dump");
      }
      try {
        return Json.read(AdminClient.get(admin, page, PATIENCE));
      } catch (IOException | JacksonException e) {
        throw new Unreachable("waypoint " + name + ": " + page + ": " + e.getMessage());
      }
    }

    /** Whether it says that it is ready. */
    public boolean isReady() {
      return admin != null && read(admin, "/healthz/ready").text().isPresent();
    }
  }

  /** The admin sockets of one node's programs, null where not known. */
  public record Node(String name, @Nullable Path ztunnel, @Nullable Path cni) {}

  /** What one program said on one page. */
  public record Said(String node, JsonNode page) {}

  /** What a page of one program said, or why it did not. */
  public record Answer(Optional<String> text, String problem) {}

  /** Only the programs of {@code node}; everything when it is "". */
  public RunningMesh only(String node) {
    if (node.isEmpty()) {
      return this;
    }
    List<Node> some = nodes.stream().filter(each -> each.name().equals(node)).toList();
    List<Dump> dumps = saved.stream().filter(dump -> dump.node().equals(node)).toList();
    if (some.isEmpty() && dumps.isEmpty()) {
      List<String> known = new ArrayList<>();
      nodes.forEach(each -> known.add(each.name()));
      saved.forEach(dump -> known.add(dump.node()));
      throw new Unreachable("--node: got " + node + ", expected one of " + known);
    }
    return new RunningMesh(folders, controller, some, waypoints, dumps);
  }

  /** The dump of every ztunnel that answers; throws when none does. */
  public List<Dump> dumps() {
    List<Dump> dumps = new ArrayList<>(saved);
    for (Said said : ask(Node::ztunnel, "/config_dump")) {
      dumps.add(new Dump(said.node(), said.page()));
    }
    return dumps;
  }

  /** {@code page} of every ztunnel that answers; throws when none does. */
  public List<Said> askZtunnels(String page) {
    return ask(Node::ztunnel, page);
  }

  /** {@code page} of every node agent that answers; throws when none does. */
  public List<Said> askAgents(String page) {
    return ask(Node::cni, page);
  }

  /** Which program of a node is meant. */
  private interface Program {
    @Nullable Path socket(Node node);
  }

  private List<Said> ask(Program program, String page) {
    List<Said> said = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Node node : nodes) {
      Path socket = program.socket(node);
      if (socket == null) {
        continue;
      }
      try {
        said.add(new Said(node.name(), Json.read(AdminClient.get(socket, page, PATIENCE))));
      } catch (IOException | JacksonException e) {
        problems.add(node.name() + ": " + e.getMessage());
      }
    }
    if (said.isEmpty() && !problems.isEmpty()) {
      throw new Unreachable(
          "no program of the mesh answers " + page + ": " + String.join("; ", problems));
    }
    problems.forEach(problem -> System.err.println("ambit: left out " + problem));
    return said;
  }

  /** {@code page} of the program at {@code socket}, as text. */
  public static Answer read(Path socket, String page) {
    try {
      byte[] body = AdminClient.get(socket, page, PATIENCE);
      return new Answer(Optional.of(new String(body, StandardCharsets.UTF_8)), "");
    } catch (IOException e) {
      return new Answer(Optional.empty(), String.valueOf(e.getMessage()));
    }
  }
}
