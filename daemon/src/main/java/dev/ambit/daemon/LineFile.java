package dev.ambit.daemon;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A file that whole lines are appended to by a thread of its own, or the standard output of the
 * process. Adding never blocks: lines beyond 4 MiB of backlog are dropped and counted. Thread-safe.
 */
public final class LineFile {
  private final LogWriter writer;

  private LineFile(LogWriter writer) {
    this.writer = writer;
  }

  /**
   * Opens {@code path}; {@code /dev/stdout} and {@code /dev/stderr} are where {@link Log} writes.
   */
  public static LineFile open(String path) throws IOException {
    if (path.equals("/dev/stdout") || path.equals("/dev/stderr")) {
      return new LineFile(Log.writer());
    }
    FileOutputStream file = new FileOutputStream(path, true);
    return new LineFile(new LogWriter(new PrintStream(file, false, StandardCharsets.UTF_8)));
  }

  /** A line without its end. */
  public void add(String line) {
    writer.offer(line);
  }

  /** How many lines were dropped because nobody took them away in time. */
  public long dropped() {
    return writer.dropped();
  }

  /** Waits until every line so far is written, for at most {@code most}. */
  public void flush(Duration most) {
    writer.flush(most);
  }
}
