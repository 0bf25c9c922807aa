package dev.ambit.daemon;

import dev.ambit.daemon.Log.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Brings lines of java.util.logging into {@link Log}. Libraries follow the level for all only from
 * info upward: their debug lines are wanted only where a target names them ({@code
 * io.netty=debug}).
 */
final class LogBridge extends Handler {
  private static final Formatter MESSAGE = new SimpleFormatter();
  private static final Logger ROOT = Logger.getLogger("");

  /** Held, because java.util.logging forgets the level of a logger nobody holds. */
  private static List<Logger> named = List.of();

  private static boolean installed;

  private LogBridge() {}

  static synchronized void install() {
    if (!installed) {
      LogManager.getLogManager().reset();
      ROOT.addHandler(new LogBridge());
      installed = true;
    }
    apply(Log.filter());
  }

  static synchronized void apply(LogFilter filter) {
    if (!installed) {
      return;
    }
    named.forEach(logger -> logger.setLevel(null));
    List<Logger> next = new ArrayList<>();
    filter
        .targets()
        .forEach((target, level) -> {
          Logger logger = Logger.getLogger(target);
          logger.setLevel(julLevel(level));
          next.add(logger);
        });
    named = next;
    ROOT.setLevel(julLevel(filter.all().compareTo(Level.INFO) < 0 ? Level.INFO : filter.all()));
  }

  @Override
  public void publish(LogRecord line) {
    @Nullable Object[] fields = {"error", line.getThrown()};
    String scope = line.getLoggerName() == null ? "" : line.getLoggerName();
    Log.emit(line.getInstant(), level(line.getLevel()), scope, MESSAGE.formatMessage(line), fields);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}

  private static Level level(java.util.logging.Level level) {
    int value = level.intValue();
    if (value >= java.util.logging.Level.SEVERE.intValue()) {
      return Level.ERROR;
    } else if (value >= java.util.logging.Level.WARNING.intValue()) {
      return Level.WARN;
    } else if (value >= java.util.logging.Level.INFO.intValue()) {
      return Level.INFO;
    }
    return value >= java.util.logging.Level.FINE.intValue() ? Level.DEBUG : Level.TRACE;
  }

  private static java.util.logging.Level julLevel(Level level) {
    return switch (level) {
      case TRACE -> java.util.logging.Level.ALL;
      case DEBUG -> java.util.logging.Level.FINE;
      case INFO -> java.util.logging.Level.INFO;
      case WARN -> java.util.logging.Level.WARNING;
      case ERROR -> java.util.logging.Level.SEVERE;
      case OFF -> java.util.logging.Level.OFF;
    };
  }
}
