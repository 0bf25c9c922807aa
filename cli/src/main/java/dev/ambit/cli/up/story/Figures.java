package dev.ambit.cli.up.story;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a step has measured, in order. One thread. */
final class Figures {
  private final Map<String, Object> values = new LinkedHashMap<>();

  void put(String name, Object value) {
    values.put(name, value);
  }

  /** Milliseconds from {@code from} to {@code to}. */
  void millis(String name, Instant from, Instant to) {
    values.put(name, Duration.between(from, to).toMillis());
  }

  Map<String, Object> all() {
    return values;
  }
}
