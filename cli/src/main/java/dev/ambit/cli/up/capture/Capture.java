package dev.ambit.cli.up.capture;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** tcpdump on one link of the underlay, from {@link #on} to {@link #stop}. */
public final class Capture implements AutoCloseable {
  private static final int BUFFER_KIB = 16_384;

  private final Process tcpdump;
  private final Path file;

  private Capture(Process tcpdump, Path file) {
    this.tcpdump = tcpdump;
    this.file = file;
  }

  /** Captures whole TCP packets on {@code link}; the file lies in {@code folder}. */
  public static Capture on(String link, Path folder) throws IOException {
    Path file = Files.createTempFile(folder, "link", ".pcap");
    // To standard output: tcpdump gives up root before it would open a file.
    Process process =
        new ProcessBuilder(
                "tcpdump",
                "-i",
                link,
                "-s0",
                "-U",
                "--immediate-mode",
                "-B",
                Integer.toString(BUFFER_KIB),
                "-w",
                "-",
                "tcp")
            .redirectOutput(file.toFile())
            .start();
    var said =
        new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
    String line = said.readLine();
    while (line != null && !line.contains("listening on")) {
      line = said.readLine();
    }
    if (line == null) {
      throw new IOException("tcpdump on " + link + ": got no start, expected 'listening on'");
    }
    return new Capture(process, file);
  }

  /** Ends the capture and returns what was on the link. */
  public List<Packet> stop() throws IOException, InterruptedException {
    if (tcpdump.isAlive()) {
      tcpdump.destroy();
      if (!tcpdump.waitFor(5, TimeUnit.SECONDS)) {
        tcpdump.destroyForcibly().waitFor();
      }
    }
    List<Packet> packets = PcapFile.read(file);
    Files.deleteIfExists(file);
    return packets;
  }

  @Override
  public void close() {
    tcpdump.destroyForcibly();
  }
}
