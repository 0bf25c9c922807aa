package dev.ambit.daemon;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Log lines of one scope, in the layout of ztunnel: time, level, scope, message, then {@code
 * key=value} pairs, separated by tabs; or JSON (spec: ztunnel-observability §2). Levels are those
 * of RUST_LOG. Thread-safe; lines of one process never interleave. A line is formatted by the
 * caller and written by a thread of its own, so that a slow reader never holds up an event loop:
 * lines beyond 4 MiB of backlog are dropped and counted. Lines of java.util.logging (Netty, gRPC,
 * the JDK) come out the same way once {@link #configure} was called.
 */
public final class Log {
  private static final Map<String, Log> SCOPES = new ConcurrentHashMap<>();
  private static final List<Consumer<String>> FOLLOWERS = new CopyOnWriteArrayList<>();
  private static final LogWriter WRITER = new LogWriter(System.err);
  private static volatile LogFilter start = LogFilter.INFO;
  private static volatile LogFilter filter = LogFilter.INFO;
  private static volatile Layout layout = Layout.PLAIN;

  private final String name;
  private volatile Level least;

  /** Severity, and OFF. */
  public enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    OFF
  }

  /** How a line looks. */
  public enum Layout {
    PLAIN,
    JSON
  }

  /** A value printed without quotes, as numbers, addresses and identities of the access log are. */
  public record Plain(Object value) {}

  private Log(String name) {
    this.name = name;
    this.least = filter.level(name);
  }

  public static Log scope(String name) {
    Log log = SCOPES.computeIfAbsent(name, Log::new);
    log.least = filter.level(name);
    return log;
  }

  public boolean enabled(Level level) {
    return level.compareTo(least) >= 0;
  }

  /**
   * {@code fields}: key, value, key, value …; a null value leaves the pair out; text and exceptions
   * are quoted, numbers and {@link Plain} are not. An exception at level ERROR brings its stack.
   */
  public void log(Level level, String message, @Nullable Object... fields) {
    if (enabled(level) && level != Level.OFF) {
      emit(InstantSource.system().instant(), level, name, message, fields);
    }
  }

  public void debug(String message, @Nullable Object... fields) {
    log(Level.DEBUG, message, fields);
  }

  public void info(String message, @Nullable Object... fields) {
    log(Level.INFO, message, fields);
  }

  public void warn(String message, @Nullable Object... fields) {
    log(Level.WARN, message, fields);
  }

  public void error(String message, @Nullable Object... fields) {
    log(Level.ERROR, message, fields);
  }

  /**
   * For the start of a daemon: reads RUST_LOG ({@code level} or {@code target=level,…}, default
   * info) and LOG_FORMAT (plain, json), sends lines to standard output, takes over the lines of
   * java.util.logging, and sees to it that what is queued is written at exit.
   */
  public static void configure(Settings settings) {
    layout = settings.choice("LOG_FORMAT", Layout.class, Layout.PLAIN);
    String text = settings.text("RUST_LOG", "info");
    try {
      start = LogFilter.INFO.with(text);
    } catch (IllegalArgumentException e) {
      settings.mistake("RUST_LOG", text, LogFilter.EXPECTED);
    }
    apply(start);
    WRITER.redirect(System.out);
    LogBridge.install();
    WRITER.flushAtExit();
  }

  /** The admin page {@code /logging} (spec: ztunnel-observability §3). */
  public static AdminServer.Page page() {
    return LogPage::answer;
  }

  /** Waits until every line so far is written, for at most {@code most}. */
  public static void flush(Duration most) {
    WRITER.flush(most);
  }

  /** How many lines were dropped because nobody took them away in time. */
  public static long dropped() {
    return WRITER.dropped();
  }

  /**
   * Hands every later line (without line end) to {@code follower} too, on the thread that logs,
   * until the returned handle is run.
   */
  public static Runnable follow(Consumer<String> follower) {
    FOLLOWERS.add(follower);
    return () -> FOLLOWERS.remove(follower);
  }

  /** Where lines go; others may add lines of their own. */
  static LogWriter writer() {
    return WRITER;
  }

  static LogFilter filter() {
    return filter;
  }

  static LogFilter start() {
    return start;
  }

  static synchronized void apply(LogFilter next) {
    filter = next;
    SCOPES.values().forEach(log -> log.least = next.level(log.name));
    LogBridge.apply(next);
  }

  static void emit(
      Instant time, Level level, String scope, String message, @Nullable Object[] fields) {
    String line =
        switch (layout) {
          case PLAIN -> LogLine.plain(time, level, scope, message, fields);
          case JSON -> LogLine.json(time, level, scope, message, fields);
        };
    for (Consumer<String> follower : FOLLOWERS) {
      follower.accept(line);
    }
    WRITER.offer(line);
  }
}
