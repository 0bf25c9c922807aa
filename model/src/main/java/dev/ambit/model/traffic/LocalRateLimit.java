package dev.ambit.model.traffic;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How many requests one waypoint process lets through (ADR 0008): a bucket that holds {@code burst}
 * tokens and gets {@code tokens} more every {@code per}.
 */
public record LocalRateLimit(long tokens, Duration per, long burst, By by) {
  /** The annotation that sets a limit: {@code 100/s burst 50}. */
  public static final String ANNOTATION = "ambit.dev/local-rate-limit";

  /**
   * The annotation that says whose requests share a bucket: {@code source}, {@code header:NAME}.
   */
  public static final String BY_ANNOTATION = "ambit.dev/local-rate-limit-by";

  private static final Pattern FORM =
      Pattern.compile("(\\d{1,9})/(s|second|m|minute|h|hour)(?: burst (\\d{1,9}))?");
  private static final Pattern HEADER =
      Pattern.compile("header:([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})");

  /** Whose requests share a bucket. */
  public sealed interface By {}

  /** All of them. */
  public record Everybody() implements By {}

  /** Those of one client identity. */
  public record Source() implements By {}

  /** Those with the same value of a header, by its name in lower case. */
  public record Header(String name) implements By {}

  /** Reads the annotations of an object; null when it sets no limit. */
  public static @Nullable LocalRateLimit of(Map<String, String> annotations) {
    String limit = annotations.get(ANNOTATION);
    return limit == null
        ? null
        : parse(limit, annotations.getOrDefault(BY_ANNOTATION, "")).orElse(null);
  }

  /** Empty when one of both is malformed; {@code by} may be "". */
  public static Optional<LocalRateLimit> parse(String limit, String by) {
    Matcher form = FORM.matcher(limit.strip());
    By whose = by(by.strip());
    if (!form.matches() || whose == null) {
      return Optional.empty();
    }
    long tokens = Long.parseLong(form.group(1));
    long burst = form.group(3) == null ? tokens : Long.parseLong(form.group(3));
    Duration per =
        switch (form.group(2).charAt(0)) {
          case 's' -> Duration.ofSeconds(1);
          case 'm' -> Duration.ofMinutes(1);
          default -> Duration.ofHours(1);
        };
    return tokens == 0 || burst == 0
        ? Optional.empty()
        : Optional.of(new LocalRateLimit(tokens, per, burst, whose));
  }

  private static @Nullable By by(String text) {
    if (text.isEmpty()) {
      return new Everybody();
    } else if (text.equals("source")) {
      return new Source();
    }
    Matcher header = HEADER.matcher(text);
    return header.matches() ? new Header(header.group(1).toLowerCase(Locale.ROOT)) : null;
  }
}
