package dev.ambit.cli;

import dev.ambit.daemon.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/** Runs the command line in this process and keeps what it says. */
public final class Terminal {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-11-24T12:00:00Z"));

  private Terminal() {}

  /** What one command said and how it ended. */
  public record Said(int exit, String out, String err) {
    public JsonNode json() {
      return Json.read(out.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
  }

  public static Said run(String... arguments) {
    return run(Map.of(), arguments);
  }

  public static Said run(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine command = AmbitCli.commandLine(environment, CLOCK);
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    int exit = command.execute(arguments);
    return new Said(exit, out.toString(), err.toString());
  }

  /** A file recorded from Istio's ztunnel or istioctl. */
  public static Path golden(String name) {
    URL found = Terminal.class.getResource("/golden/" + name);
    if (found == null) {
      throw new IllegalArgumentException(name);
    }
    try {
      return Path.of(found.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public static JsonNode dump(String node) throws IOException {
    return Json.read(Files.readAllBytes(golden("config_dump-" + node + ".json")));
  }
}
