package dev.ambit.model.http;

import dev.ambit.model.object.HttpRoute;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a request may take (spec: http-routing §6).
 *
 * @param overall from the end of the request to the end of the response, all tries together; null
 *     is for ever
 * @param perTry of one try; null is for ever
 */
public record RouteTimeouts(@Nullable Duration overall, @Nullable Duration perTry) {
  public static final RouteTimeouts NONE = new RouteTimeouts(null, null);

  /** A rule without {@code retry} has one try only, so its limit becomes the overall one. */
  static RouteTimeouts of(HttpRoute.Timeouts said, HttpRoute.@Nullable Retry retry) {
    Duration request = limit(said.request());
    Duration backend = said.backendRequest();
    if (backend == null) {
      return new RouteTimeouts(request, null);
    }
    return retry == null
        ? new RouteTimeouts(limit(backend), null)
        : new RouteTimeouts(request, limit(backend));
  }

  private static @Nullable Duration limit(@Nullable Duration said) {
    return said == null || said.isZero() ? null : said;
  }

  /** The overall limit of a call that carries {@code grpc-timeout}; the shorter one holds. */
  public @Nullable Duration overall(@Nullable Duration grpcTimeout) {
    if (grpcTimeout == null) {
      return overall;
    }
    return overall == null || grpcTimeout.compareTo(overall) < 0 ? grpcTimeout : overall;
  }

  /** Reads a {@code grpc-timeout} such as {@code 100m}; null when it is none. */
  public static @Nullable Duration grpcTimeout(String header) {
    int digits = header.length() - 1;
    if (digits < 1 || digits > 8) {
      return null;
    }
    long amount = 0;
    for (int i = 0; i < digits; i++) {
      char c = header.charAt(i);
      if (c < '0' || c > '9') {
        return null;
      }
      amount = amount * 10 + c - '0';
    }
    return switch (header.charAt(digits)) {
      case 'H' -> Duration.ofHours(amount);
      case 'M' -> Duration.ofMinutes(amount);
      case 'S' -> Duration.ofSeconds(amount);
      case 'm' -> Duration.ofMillis(amount);
      case 'u' -> Duration.ofNanos(amount * 1000);
      case 'n' -> Duration.ofNanos(amount);
      default -> null;
    };
  }
}
