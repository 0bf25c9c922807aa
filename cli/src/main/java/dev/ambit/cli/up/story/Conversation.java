package dev.ambit.cli.up.story;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One TCP connection out of a pod, held by socat, spoken in lines. Its server may end it: then the
 * lines end, and {@link #complaint} tells a reset from a clean end.
 */
final class Conversation implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int MOST_LINES = 10_000;
  private static final String END = "\u0004";

  private final Process socat;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(MOST_LINES);
  private final StringBuffer complaint = new StringBuffer();

  private Conversation(Process socat) {
    this.socat = socat;
    Thread.startVirtualThread(() -> read(socat.getInputStream(), lines::add));
    Thread.startVirtualThread(() -> read(socat.getErrorStream(), complaint::append));
  }

  /** {@code command} is socat between its standard streams and the server. */
  static Conversation open(List<String> command) throws IOException {
    return new Conversation(new ProcessBuilder(command).start());
  }

  private static void read(InputStream stream, java.util.function.Consumer<String> to) {
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      reader.lines().forEach(to);
    } catch (IOException | java.io.UncheckedIOException e) {
      // The program was ended: so is what it says.
    }
    to.accept(END);
  }

  /** The next line the server says; empty when it says none in time or the connection has ended. */
  Optional<String> hear() throws InterruptedException {
    String line = lines.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (END.equals(line)) {
      lines.add(END);
      return Optional.empty();
    }
    return Optional.ofNullable(line);
  }

  /** Says a line and hears the answer. */
  String ask(String line) throws Unmet, InterruptedException {
    try {
      var out = socat.getOutputStream();
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new Unmet("open connection", "its end, " + complaint(), "it to take '" + line + "'");
    }
    Optional<String> answer = hear();
    if (answer.isEmpty()) {
      throw new Unmet("open connection", "no answer " + complaint(), "an answer to '" + line + "'");
    }
    return answer.get();
  }

  /** Whether the server ends it in time; lines that come before are dropped. */
  boolean ends(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    for (long left = limit.toNanos(); left > 0; left = end - System.nanoTime()) {
      String line = lines.poll(left, TimeUnit.NANOSECONDS);
      if (END.equals(line)) {
        lines.add(END);
        return true;
      }
    }
    return false;
  }

  /** What socat says of the end, such as {@code Connection reset by peer}; "" for a clean one. */
  String complaint() {
    return complaint.toString().replace(END, "").strip();
  }

  @Override
  public void close() {
    socat.descendants().forEach(ProcessHandle::destroyForcibly);
    socat.destroyForcibly();
  }
}
