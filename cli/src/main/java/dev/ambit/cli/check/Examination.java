package dev.ambit.cli.check;

import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.RunningMesh.Answer;
import dev.ambit.cli.reach.RunningMesh.Node;
import dev.ambit.daemon.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Looks at every program of a mesh. A program that does not answer is a finding, not the end. */
final class Examination {
  private static final String GONE = "see its log; 'ambit up' starts it again when it has died";

  private final RunningMesh mesh;
  private final List<Finding> findings = new ArrayList<>();

  Examination(RunningMesh mesh) {
    this.mesh = mesh;
  }

  List<Finding> findings() {
    Set<String> connected = new HashSet<>();
    Path controller = mesh.controller();
    if (controller != null && isReady("controller", controller)) {
      problems(controller);
      conditions(controller);
      page("controller", controller, "/clients")
          .ifPresent(page -> page.forEach(each -> connected.add(each.path("node").asString(""))));
    }
    for (Node node : mesh.nodes()) {
      ztunnel(node, controller != null ? connected : null);
      agent(node);
    }
    for (RunningMesh.Waypoint pod : mesh.waypoints()) {
      Path admin = pod.admin();
      if (admin != null) {
        isReady("waypoint " + pod.name(), admin);
      }
    }
    findings.addAll(WaypointLabels.findings(mesh));
    return findings;
  }

  private boolean isReady(String subject, Path socket) {
    Answer answer = RunningMesh.read(socket, "/healthz/ready");
    if (answer.text().isPresent()) {
      findings.add(Finding.ok(subject, "ready"));
      return true;
    }
    boolean answers = answer.problem().contains("not ready");
    findings.add(
        Finding.wrong(
            subject,
            answers
                ? answer.problem().substring(answer.problem().indexOf("not ready"))
                : answer.problem(),
            answers ? pendingHint(answer.problem()) : GONE));
    return answers;
  }

  private static String pendingHint(String problem) {
    if (problem.contains("state manager")) {
      return "it has no configuration yet: is the controller ready, and is its address right?";
    }
    return problem.contains("workload proxy manager")
        ? "it has no pods yet: is the node agent of this node ready?"
        : "";
  }

  private Optional<JsonNode> page(String subject, Path socket, String page) {
    Answer answer = RunningMesh.read(socket, page);
    try {
      if (answer.text().isPresent()) {
        return Optional.of(Json.read(answer.text().get().getBytes(StandardCharsets.UTF_8)));
      }
      findings.add(Finding.wrong(subject, answer.problem(), ""));
    } catch (JacksonException e) {
      findings.add(Finding.wrong(subject, page + ": " + e.getMessage(), ""));
    }
    return Optional.empty();
  }

  private void problems(Path controller) {
    page("controller", controller, "/problems")
        .ifPresent(page -> {
          for (JsonNode problem : page) {
            findings.add(
                Finding.wrong(
                    text(problem, "file") + ":" + text(problem, "line"),
                    text(problem, "field")
                        + ": got "
                        + text(problem, "got")
                        + ", expected "
                        + text(problem, "expected"),
                    "mend the file; until then its last good state holds"));
          }
        });
  }

  private void conditions(Path controller) {
    page("controller", controller, "/conditions")
        .ifPresent(page -> {
          for (JsonNode condition : page) {
            if (Set.of("Gateway", "GatewayClass", "Listener").contains(text(condition, "kind"))
                && text(condition, "status").equals("True")) {
              continue; // As it should be; 'ambit waypoint status' shows it.
            }
            String subject =
                text(condition, "kind")
                    + " "
                    + text(condition, "namespace")
                    + "/"
                    + text(condition, "name");
            String sentence =
                text(condition, "type")
                    + "="
                    + text(condition, "status")
                    + " ("
                    + text(condition, "reason")
                    + "): "
                    + text(condition, "message");
            findings.add(
                text(condition, "status").equals("False")
                    ? Finding.wrong(subject, sentence, "it does not do what it says; change it")
                    : Finding.note(subject, sentence, ""));
          }
        });
  }

  private void ztunnel(Node node, @Nullable Set<String> connected) {
    String subject = "ztunnel of " + node.name();
    Path socket = node.ztunnel();
    if (socket == null || !isReady(subject, socket)) {
      return;
    }
    if (connected != null && !connected.contains(node.name())) {
      findings.add(
          Finding.wrong(
              subject,
              "the controller does not know its connection",
              "what it has stays in force, but changes do not reach it; see both logs"));
    }
    page(subject, socket, "/config_dump")
        .ifPresent(dump -> {
          for (JsonNode entry : dump.path("certificates")) {
            if (text(entry, "state").startsWith("Unavailable")) {
              findings.add(
                  Finding.wrong(
                      subject,
                      "no certificate for " + text(entry, "identity") + ": " + text(entry, "state"),
                      "is the controller ready, and is the pod on this node?"));
            }
          }
          dump.path("workloadState").forEach(state -> pending(subject, state));
        });
  }

  private void pending(String subject, JsonNode state) {
    if (text(state, "state").equals("Pending")) {
      findings.add(
          Finding.wrong(
              subject,
              "pod "
                  + text(state.path("info"), "namespace")
                  + "/"
                  + text(state.path("info"), "name")
                  + " is pending: its listeners are not up",
              "its traffic is held back until they are; see the log of ztunnel"));
    }
  }

  private void agent(Node node) {
    String subject = "node agent of " + node.name();
    Path socket = node.cni();
    if (socket == null || !isReady(subject, socket)) {
      return;
    }
    page(subject, socket, "/pods")
        .ifPresent(page -> {
          for (JsonNode pod : page) {
            if (text(pod, "state").equals("pending")) {
              findings.add(
                  Finding.wrong(
                      subject,
                      "pod "
                          + text(pod, "namespace")
                          + "/"
                          + text(pod, "name")
                          + " is pending: "
                          + text(pod, "reason"),
                      "its traffic is held back until ztunnel has it"));
            }
          }
        });
    page(subject, socket, "/unprotected")
        .filter(page -> !page.isEmpty())
        .ifPresent(page ->
            findings.add(
                Finding.note(
                    subject,
                    page.size()
                        + " connections are older than their pod's enrolment and go"
                        + " on unprotected",
                    "'ambit connections' lists them; they end when their programs end them")));
  }

  private static String text(JsonNode from, String field) {
    return from.path(field).asString("");
  }
}
