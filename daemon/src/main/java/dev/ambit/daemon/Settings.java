package dev.ambit.daemon;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads named values out of an environment and collects every mistake, so that all are reported at
 * once (spec: ztunnel-observability §6). Each package has a record of its own settings, built by a
 * static {@code from(Settings)}; a program calls {@link #finish()} when all records are built. An
 * empty value counts as not set. For one thread.
 */
public final class Settings {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
  private static final String DURATION_FORM = "a duration such as 100ms, 10s, 5m or 24h";

  private final Map<String, String> environment;
  private final Map<String, String> effective = new LinkedHashMap<>();
  private final List<String> mistakes = new ArrayList<>();
  private final Set<String> unread = new TreeSet<>();

  public Settings(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  private Settings(Map<String, String> environment, Set<String> options, List<String> mistakes) {
    this(environment);
    this.unread.addAll(options);
    this.mistakes.addAll(mistakes);
  }

  /**
   * An environment, overridden by a command line: {@code --some-name VALUE} or {@code
   * --some-name=VALUE} is the same as {@code AMBIT_SOME_NAME=VALUE}. Options that nobody reads are
   * mistakes.
   */
  public static Settings of(Map<String, String> environment, String[] arguments) {
    Map<String, String> values = new HashMap<>(environment);
    Set<String> options = new HashSet<>();
    List<String> mistakes = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      int equals = option.indexOf('=');
      String name = variable(equals < 0 ? option : option.substring(0, equals));
      if (name.isEmpty()) {
        mistakes.add("command line: got " + option + ", expected --some-name VALUE");
      } else if (equals < 0 && i + 1 == arguments.length) {
        mistakes.add(option + ": got no value, expected one after it");
      } else {
        values.put(name, equals < 0 ? arguments[++i] : option.substring(equals + 1));
        options.add(name);
      }
    }
    return new Settings(values, options, mistakes);
  }

  private static String variable(String option) {
    return option.matches("--[a-z][a-z0-9]*(-[a-z0-9]+)*")
        ? "AMBIT_" + option.substring(2).replace('-', '_').toUpperCase(Locale.ROOT)
        : "";
  }

  private static String option(String variable) {
    return "--" + variable.substring("AMBIT_".length()).replace('_', '-').toLowerCase(Locale.ROOT);
  }

  public String text(String name, String otherwise) {
    String value = raw(name).orElse(otherwise);
    effective.put(name, value);
    return value;
  }

  public Optional<String> text(String name) {
    Optional<String> value = raw(name);
    effective.put(name, value.orElse(""));
    return value;
  }

  public Path path(String name, Path otherwise) {
    return read(name, otherwise, "a path", Path::of);
  }

  public Optional<Path> path(String name) {
    return text(name).map(Path::of);
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String name, boolean otherwise) {
    return read(
        name,
        otherwise,
        "true or false",
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> null;
            });
  }

  public int number(String name, int otherwise, int least, int most) {
    return read(
        name,
        otherwise,
        "a whole number from " + least + " to " + most,
        text -> {
          int number = Integer.parseInt(text);
          return number >= least && number <= most ? number : null;
        });
  }

  /** {@code 100ms}, {@code 10s}, {@code 5m}, {@code 24h}. */
  public Duration duration(String name, Duration otherwise) {
    return read(name, otherwise, DURATION_FORM, Settings::duration);
  }

  /** {@code HOST:PORT}, {@code [IPv6]:PORT}; a name is not resolved. Port 0 picks one. */
  public InetSocketAddress address(String name, String otherwise) {
    InetSocketAddress fallback = address(otherwise);
    if (fallback == null) {
      throw new IllegalArgumentException(name + ": got " + otherwise + ", expected HOST:PORT");
    }
    return read(name, fallback, "HOST:PORT with a port from 0 to 65535", Settings::address);
  }

  public <E extends Enum<E>> E choice(String name, Class<E> type, E otherwise) {
    String all =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
    return read(
        name,
        otherwise,
        "one of " + all,
        text -> Enum.valueOf(type, text.toUpperCase(Locale.ROOT).replace('-', '_')));
  }

  /** Adds a mistake found by a caller. */
  public void mistake(String name, String got, String expected) {
    mistakes.add(name + ": got " + got + ", expected " + expected);
  }

  /** Throws {@link BadSettings}, listing every mistake, when there was one. */
  public void finish() {
    for (String name : unread) {
      mistakes.add(option(name) + ": got an option that is not known here");
    }
    unread.clear();
    if (!mistakes.isEmpty()) {
      throw new BadSettings(
          "settings that cannot be used:\n  " + String.join("\n  ", mistakes) + "\n");
    }
  }

  /** What was read: name to effective value, in reading order; secrets are the caller's to mask. */
  public Map<String, String> effective() {
    return Collections.unmodifiableMap(new LinkedHashMap<>(effective));
  }

  private Optional<String> raw(String name) {
    unread.remove(name);
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isEmpty());
  }

  private <T> T read(
      String name, T otherwise, String expected, Function<String, @Nullable T> parser) {
    String text = raw(name).orElse(null);
    T parsed = text == null ? null : parse(name, text, expected, parser);
    T value = parsed == null ? otherwise : parsed;
    effective.put(name, shown(value));
    return value;
  }

  private <T> @Nullable T parse(
      String name, String text, String expected, Function<String, @Nullable T> parser) {
    T value;
    try {
      value = parser.apply(text);
    } catch (IllegalArgumentException e) {
      value = null;
    }
    if (value == null) {
      mistake(name, text, expected);
    }
    return value;
  }

  private static String shown(Object value) {
    return switch (value) {
      case Duration duration when duration.toMillis() % 1000 == 0 -> duration.toSeconds() + "s";
      case Duration duration -> duration.toMillis() + "ms";
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      case InetSocketAddress address -> address.getHostString() + ":" + address.getPort();
      default -> value.toString();
    };
  }

  private static @Nullable Duration duration(String text) {
    Matcher form = DURATION.matcher(text);
    if (!form.matches()) {
      return null;
    }
    long amount = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  private static @Nullable InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return null;
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (host.indexOf(':') >= 0 && !bracketed) {
      return null;
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    return InetSocketAddress.createUnresolved(
        bracketed ? host.substring(1, host.length() - 1) : host, port);
  }

  /** Some values cannot be used; programs print the message and exit 64. */
  public static final class BadSettings extends RuntimeException {
    public BadSettings(String message) {
      super(message);
    }
  }
}
