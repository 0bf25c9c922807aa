package dev.ambit.cli.up.capture;

import dev.ambit.cli.up.process.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** tcpdump on one link of the underlay, from {@link #on} to {@link #stop}. */
public final class Capture implements AutoCloseable {
  private static final int BUFFER_KIB = 16_384;

  private static final int DISCARD_PORT = 9;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Process tcpdump;
  private final Path file;
  private final String beyond;

  private Capture(Process tcpdump, Path file, String beyond) {
    this.tcpdump = tcpdump;
    this.file = file;
    this.beyond = beyond;
  }

  /**
   * Captures whole TCP packets on {@code link}; the file lies in {@code folder}.
   *
   * @param beyond an address that is reached over the link
   */
  public static Capture on(String link, String beyond, Path folder) throws IOException {
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
    return new Capture(process, file, beyond);
  }

  /**
   * Ends the capture and returns what was on the link until now. tcpdump drops what it has not yet
   * written when it is ended, so it is first seen to have written a last packet sent for this.
   */
  public List<Packet> stop() throws IOException, InterruptedException {
    int mark = sendMark();
    Predicate<Packet> last = p -> p.sourcePort() == mark && p.destinationPort() == DISCARD_PORT;
    boolean caughtUp = Await.until(PATIENCE, () -> PcapFile.read(file).stream().anyMatch(last));
    tcpdump.destroyForcibly().waitFor();
    if (!caughtUp) {
      throw new IOException("capture: got no last packet of port " + mark + ", expected it");
    }
    List<Packet> packets = PcapFile.read(file);
    Files.deleteIfExists(file);
    return packets.stream().filter(p -> !p.touchesPort(DISCARD_PORT)).toList();
  }

  /** Sends a packet over the link, to a port nobody listens on; answers its source port. */
  private int sendMark() throws IOException {
    try (Socket socket = new Socket()) {
      socket.bind(null);
      int port = socket.getLocalPort();
      try {
        socket.connect(new InetSocketAddress(beyond, DISCARD_PORT), (int) PATIENCE.toMillis());
      } catch (ConnectException e) {
        // Refused, as it should be.
      }
      return port;
    }
  }

  @Override
  public void close() {
    tcpdump.destroyForcibly();
  }
}
