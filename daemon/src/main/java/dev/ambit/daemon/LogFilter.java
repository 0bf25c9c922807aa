package dev.ambit.daemon;

import dev.ambit.daemon.Log.Level;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which level each scope logs from: one for all, others for named targets. A target covers the
 * scopes below it ({@code dns} covers {@code dns.forward} and {@code dns::forward}).
 */
record LogFilter(Level all, Map<String, Level> targets) {
  static final LogFilter INFO = new LogFilter(Level.INFO, Map.of());
  static final String EXPECTED =
      "level or target=level, separated by commas; levels: trace, debug, info, warn, error, off";

  LogFilter {
    targets = Collections.unmodifiableMap(new TreeMap<>(targets));
  }

  /** This filter changed by directives, later ones winning; {@code target:level} also counts. */
  LogFilter with(String directives) {
    Level every = all;
    Map<String, Level> named = new TreeMap<>(targets);
    for (String directive : directives.split(",", -1)) {
      String text = directive.strip();
      int cut = text.indexOf('=') >= 0 ? text.indexOf('=') : text.lastIndexOf(':');
      if (cut < 0) {
        every = level(text, directives);
      } else if (cut == 0) {
        throw new IllegalArgumentException("log levels: got " + directives + ", expected a target");
      } else {
        named.put(
            dotted(text.substring(0, cut).strip()), level(text.substring(cut + 1), directives));
      }
    }
    return new LogFilter(every, named);
  }

  /** The level {@code scope} logs from: that of the longest target covering it. */
  Level level(String scope) {
    String name = dotted(scope);
    while (true) {
      Level level = targets.get(name);
      if (level != null) {
        return level;
      }
      int dot = name.lastIndexOf('.');
      if (dot < 0) {
        return all;
      }
      name = name.substring(0, dot);
    }
  }

  String text() {
    Stream<String> named =
        targets.entrySet().stream().map(entry -> entry.getKey() + "=" + word(entry.getValue()));
    return Stream.concat(named, Stream.of(word(all))).collect(Collectors.joining(","));
  }

  static String word(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  private static String dotted(String target) {
    return target.replace("::", ".");
  }

  private static Level level(String word, String directives) {
    try {
      return Level.valueOf(word.strip().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "log levels: got " + directives + ", expected " + EXPECTED, e);
    }
  }
}
