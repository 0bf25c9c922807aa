package dev.ambit.waypoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of others, started by a test and ended by closing it. */
final class Peer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Process process;
  private final Path output;

  private Peer(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts it; what it prints goes to a file in {@code work}. */
  static Peer start(Path work, List<String> command) throws IOException {
    Path output = Files.createTempFile(work, "peer-", ".out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    return new Peer(process, output);
  }

  /** Runs it to its end, which must be a good one; what it printed. */
  static String run(Path work, Duration most, List<String> command) throws Exception {
    try (Peer peer = start(work, command)) {
      boolean ended = peer.process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS);
      String said = Files.readString(peer.output);
      if (!ended || peer.process.exitValue() != 0) {
        String how = ended ? "exit " + peer.process.exitValue() : "no end within " + most;
        throw new AssertionError(command + ": got " + how + ", expected exit 0\n" + said);
      }
      return said;
    }
  }

  /** A port of every address that nobody uses now. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Waits until it takes connections at {@code port}. */
  Peer listening(int port) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return this;
      } catch (IOException e) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
          String said = Files.readString(output);
          close();
          throw new AssertionError("nothing listens at " + port + ": " + said, e);
        }
      }
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
