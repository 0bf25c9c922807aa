package dev.ambit.e2e.mesh;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What passes over the cable between the nodes, as tcpdump sees it. */
public final class Sniffer implements AutoCloseable {
  private static final Pattern TCP =
      Pattern.compile("IP6? (\\S+)\\.(\\d+) > (\\S+)\\.(\\d+): Flags \\[([^]]*)]");

  /** One TCP segment. */
  public record Segment(String from, int fromPort, String to, int toPort, String flags) {}

  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private final Thread reader;

  private Sniffer(Process process, BufferedReader output) {
    this.process = process;
    this.reader =
        Thread.ofVirtual()
            .name("sniffer")
            .start(() -> {
              try {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                  synchronized (lines) {
                    lines.add(line);
                  }
                }
              } catch (IOException e) {
                // Ended.
              }
            });
  }

  /** Listens on the cable; returns when it does. */
  public static Sniffer on(MeshFixture mesh) throws IOException {
    Process process =
        new ProcessBuilder(
                "nsenter",
                "--net=/run/netns/" + mesh.wires().namespace("node-a"),
                "tcpdump",
                "-i",
                "cable",
                "-nn",
                "-l",
                "-A",
                "-s",
                "0",
                "--immediate-mode",
                "tcp")
            .redirectErrorStream(true)
            .start();
    BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.contains("listening on")) {
        return new Sniffer(process, output);
      }
    }
    throw new IOException("tcpdump ended");
  }

  /** What was seen so far. */
  public List<Segment> segments() {
    List<Segment> segments = new ArrayList<>();
    for (String line : text()) {
      Matcher match = TCP.matcher(line);
      if (match.find()) {
        segments.add(
            new Segment(
                match.group(1),
                Integer.parseInt(match.group(2)),
                match.group(3),
                Integer.parseInt(match.group(4)),
                match.group(5)));
      }
    }
    return segments;
  }

  /** Whether a payload so far held {@code text} readably. */
  public boolean saw(String text) {
    return text().stream().anyMatch(line -> line.contains(text));
  }

  private List<String> text() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      reader.join(Until.DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
