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
 * @param folder of manifests, null when not known
 * @param controller its admin socket, null when not known
 * @param saved dumps from files; they stand for ztunnels that run no more
 */
public record RunningMesh(
    @Nullable Path folder, @Nullable Path controller, List<Node> nodes, List<Dump> saved) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  public RunningMesh {
    nodes = List.copyOf(nodes);
    saved = List.copyOf(saved);
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
    return new RunningMesh(folder, controller, some, dumps);
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
