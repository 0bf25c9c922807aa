package dev.ambit.cli;

import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.daemon.Json;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;

/** {@code ambit version}. */
@Command(name = "version", description = "Prints the versions of this client and the daemons.")
final class VersionCommand implements Runnable {
  @Mixin private final MeshOptions mesh = new MeshOptions();

  @Option(names = "--client", description = "Asks no daemon.")
  private boolean clientOnly;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    out.println("client: " + ClientVersion.text());
    Optional<RunningMesh> running = clientOnly ? Optional.empty() : mesh.find();
    running.ifPresent(found -> {
      print(out, "controller", found.controller());
      for (RunningMesh.Node node : found.nodes()) {
        print(out, "ztunnel of " + node.name(), node.ztunnel());
        print(out, "node agent of " + node.name(), node.cni());
      }
    });
    if (!clientOnly && running.isEmpty()) {
      out.println("daemons: none is running here");
    }
    out.flush();
  }

  private static void print(PrintWriter out, String who, @Nullable Path socket) {
    if (socket != null) {
      RunningMesh.Answer answer = RunningMesh.read(socket, "/version");
      String otherwise =
          answer.problem().contains("status 404") ? "runs, and does not say" : "does not answer";
      out.println(who + ": " + answer.text().map(VersionCommand::version).orElse(otherwise));
    }
  }

  /** Daemons answer with an object; a plain line will do as well. */
  private static String version(String page) {
    try {
      return Json.read(page.getBytes(StandardCharsets.UTF_8)).path("version").asString(page);
    } catch (JacksonException plain) {
      return page.strip();
    }
  }
}
