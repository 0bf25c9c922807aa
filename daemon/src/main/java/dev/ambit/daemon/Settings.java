package dev.ambit.daemon;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Reads named values out of an environment and collects every mistake, so that all are reported at
 * once (spec: ztunnel-observability §6). Each package has a record of its own settings, built by a
 * static {@code from(Settings)}; a program calls {@link #finish()} when all records are built.
 */
public final class Settings {
  public Settings(Map<String, String> environment) {
    throw new UnsupportedOperationException("Settings");
  }

  public String text(String name, String otherwise) {
    throw new UnsupportedOperationException("text");
  }

  public Optional<String> text(String name) {
    throw new UnsupportedOperationException("text");
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String name, boolean otherwise) {
    throw new UnsupportedOperationException("flag");
  }

  public int number(String name, int otherwise, int least, int most) {
    throw new UnsupportedOperationException("number");
  }

  /** {@code 100ms}, {@code 10s}, {@code 5m}, {@code 24h}. */
  public Duration duration(String name, Duration otherwise) {
    throw new UnsupportedOperationException("duration");
  }

  public <E extends Enum<E>> E choice(String name, Class<E> type, E otherwise) {
    throw new UnsupportedOperationException("choice");
  }

  /** Adds a mistake found by a caller. */
  public void mistake(String name, String got, String expected) {
    throw new UnsupportedOperationException("mistake");
  }

  /** Throws {@link BadSettings}, listing every mistake, when there was one. */
  public void finish() {
    throw new UnsupportedOperationException("finish");
  }

  /** What was read: name to effective value, in reading order; secrets are the caller's to mask. */
  public Map<String, String> effective() {
    throw new UnsupportedOperationException("effective");
  }

  /** Some values cannot be used; programs print the message and exit 64. */
  public static final class BadSettings extends RuntimeException {
    public BadSettings(String message) {
      super(message);
    }
  }
}
