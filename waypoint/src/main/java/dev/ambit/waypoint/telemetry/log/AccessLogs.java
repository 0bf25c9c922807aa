package dev.ambit.waypoint.telemetry.log;

import dev.ambit.daemon.LineFile;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.telemetry.EffectiveTelemetry.Logging;
import dev.ambit.model.telemetry.Expression;
import dev.ambit.waypoint.telemetry.Told;
import io.micrometer.core.instrument.FunctionCounter;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes a line for each exchange to the logs its service has (spec: l7-telemetry §3). Any thread;
 * never blocks: files are written by threads of their own, and what they cannot take is dropped and
 * counted.
 */
public final class AccessLogs {
  private static final Log LOG = Log.scope("access");

  /** Files that were opened stay open. They come from mesh config: more are not believed. */
  private static final int MOST_FILES = 64;

  /**
   * Where a provider's lines go.
   *
   * @param file {@code /dev/stdout} is the standard output of the process
   * @param collector takes them instead of a file, when it is not null; must not block
   */
  public record Target(String file, LogFormat format, @Nullable Consumer<LogEntry> collector) {
    /** Istio's provider {@code envoy}. */
    public static final Target STDOUT = new Target("/dev/stdout", LogFormat.TEXT);

    /** A file. */
    public Target(String file, LogFormat format) {
      this(file, format, null);
    }
  }

  private final Supplier<Map<String, Target>> targets;
  private final Map<String, Optional<LineFile>> files = new ConcurrentHashMap<>();

  /**
   * @param targets by the name of the provider, as mesh config has them now
   */
  public AccessLogs(Metrics metrics, Supplier<Map<String, Target>> targets) {
    this.targets = targets;
    FunctionCounter.builder("ambit_access_log_lines_dropped", this, AccessLogs::dropped)
        .description("Lines of access logs dropped because nobody took them away in time.")
        .register(metrics.registry());
  }

  /** Writes what {@code logs} want of an exchange that has ended. */
  public void write(Told told, List<Logging> logs, Expression.Facts facts) {
    for (Logging log : logs) {
      Expression filter = log.filter();
      if (filter != null && !filter.holds(facts)) {
        continue;
      }
      Target target = targets.get().get(log.provider());
      if (target != null) {
        write(told, target);
      }
    }
  }

  private void write(Told told, Target target) {
    if (target.collector() != null) {
      target.collector().accept(target.format().entry(told));
      return;
    }
    LineFile file = file(target.file());
    if (file != null) {
      file.add(target.format().line(told));
    }
  }

  private @Nullable LineFile file(String path) {
    Optional<LineFile> known = files.get(path);
    if (known == null) {
      if (files.size() >= MOST_FILES) {
        return null;
      }
      known = files.computeIfAbsent(path, AccessLogs::open);
    }
    return known.orElse(null);
  }

  private static Optional<LineFile> open(String path) {
    try {
      return Optional.of(LineFile.open(path));
    } catch (IOException e) {
      LOG.warn("an access log cannot be opened", "file", path, "error", e);
      return Optional.empty();
    }
  }

  private double dropped() {
    return files.values().stream().flatMap(Optional::stream).mapToLong(LineFile::dropped).sum();
  }

  /** Waits until every line so far is written, for at most {@code most} a file. */
  public void flush(Duration most) {
    files.values().forEach(file -> file.ifPresent(lines -> lines.flush(most)));
  }
}
