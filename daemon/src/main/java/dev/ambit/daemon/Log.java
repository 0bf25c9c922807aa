package dev.ambit.daemon;

/**
 * Log lines of one scope, in the layout of ztunnel: time, level, scope, message, then {@code
 * key=value} pairs, separated by tabs; or JSON (spec: ztunnel-observability §2). Levels are those
 * of RUST_LOG. Thread-safe; lines of one process never interleave.
 */
public final class Log {
  /** Severity, and OFF. */
  public enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    OFF
  }

  /** A value printed without quotes, as numbers, addresses and identities of the access log are. */
  public record Plain(Object value) {}

  private Log() {}

  public static Log scope(String name) {
    throw new UnsupportedOperationException("scope " + name);
  }

  public boolean enabled(Level level) {
    throw new UnsupportedOperationException("enabled");
  }

  /**
   * {@code fields}: key, value, key, value …; a null value leaves the pair out; strings are quoted.
   */
  public void log(
      Level level, String message, @org.jspecify.annotations.Nullable Object... fields) {
    throw new UnsupportedOperationException("log");
  }

  public void debug(String message, @org.jspecify.annotations.Nullable Object... fields) {
    log(Level.DEBUG, message, fields);
  }

  public void info(String message, @org.jspecify.annotations.Nullable Object... fields) {
    log(Level.INFO, message, fields);
  }

  public void warn(String message, @org.jspecify.annotations.Nullable Object... fields) {
    log(Level.WARN, message, fields);
  }

  public void error(String message, @org.jspecify.annotations.Nullable Object... fields) {
    log(Level.ERROR, message, fields);
  }
}
