package dev.ambit.model.http;

import dev.ambit.model.object.HttpRoute;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Whether and when a request is tried again (spec: http-routing §6).
 *
 * @param retries at most, beside the first try; 0 is never
 * @param codes response codes that are tried again
 * @param avoidTried whether endpoints that were tried are passed over
 * @param remoteLocalities whether later tries go farther away
 */
public record RetryPolicy(
    int retries,
    Set<On> on,
    Set<Integer> codes,
    Duration baseInterval,
    Duration maxInterval,
    boolean avoidTried,
    boolean remoteLocalities) {
  private static final Duration BASE = Duration.ofMillis(25);
  private static final int BASES = 10;
  private static final int DEFAULT_RETRIES = 2;
  private static final Set<On> DEFAULT_ON =
      Set.of(On.CONNECT_FAILURE, On.REFUSED_STREAM, On.UNAVAILABLE, On.CANCELLED);

  /** What holds when nobody said anything. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(
          DEFAULT_RETRIES, DEFAULT_ON, Set.of(), BASE, BASE.multipliedBy(BASES), true, false);

  /** No second try. */
  public static final RetryPolicy NEVER =
      new RetryPolicy(0, Set.of(), Set.of(), BASE, BASE.multipliedBy(BASES), false, false);

  public RetryPolicy {
    on = Set.copyOf(on);
    codes = Set.copyOf(codes);
  }

  /** What is tried again. */
  public enum On {
    CONNECT_FAILURE("connect-failure"),
    REFUSED_STREAM("refused-stream"),
    RESET("reset"),
    RESET_BEFORE_REQUEST("reset-before-request"),
    SERVER_ERROR("5xx"),
    GATEWAY_ERROR("gateway-error"),
    RETRIABLE_4XX("retriable-4xx"),
    CANCELLED("cancelled"),
    DEADLINE_EXCEEDED("deadline-exceeded"),
    INTERNAL("internal"),
    RESOURCE_EXHAUSTED("resource-exhausted"),
    UNAVAILABLE("unavailable"),
    /** A try that took too long; Envoy has no name for it alone. */
    PER_TRY_TIMEOUT("");

    private final String text;

    On(String text) {
      this.text = text;
    }
  }

  /** How a try ended. */
  public sealed interface Outcome {}

  /** No connection could be made. */
  public record ConnectFailure() implements Outcome {}

  /** The endpoint refused the stream: it did nothing with the request. */
  public record StreamRefused() implements Outcome {}

  /** The stream broke before there was a response. */
  public record StreamReset(boolean requestStarted) implements Outcome {}

  /** The try's own limit passed. */
  public record TryTimedOut() implements Outcome {}

  /** A response came; {@code grpcStatus} is -1 when it has none in its headers. */
  public record Answered(int status, int grpcStatus) implements Outcome {}

  /** The policy of a rule of an HTTPRoute. */
  static RetryPolicy of(HttpRoute.@Nullable Retry retry) {
    if (retry == null) {
      return DEFAULT;
    }
    if (retry.attempts() == 0) {
      return NEVER;
    }
    Set<On> on = new HashSet<>(DEFAULT_ON);
    on.add(On.PER_TRY_TIMEOUT);
    Duration base = retry.backoff() == null || retry.backoff().isZero() ? BASE : retry.backoff();
    return new RetryPolicy(
        retry.attempts() < 0 ? DEFAULT_RETRIES : retry.attempts(),
        on,
        Set.copyOf(retry.codes()),
        base,
        base.multipliedBy(BASES),
        true,
        false);
  }

  /** Reads a list such as {@code connect-failure,503}; what is not known is passed over. */
  static RetryPolicy of(int retries, String retryOn, @Nullable Duration backoff) {
    Set<On> on = EnumSet.noneOf(On.class);
    Set<Integer> codes = new HashSet<>();
    for (String each : retryOn.split(",", -1)) {
      String word = each.strip();
      if (word.matches("[1-5]\\d\\d")) {
        codes.add(Integer.parseInt(word));
      }
      for (On condition : On.values()) {
        if (!word.isEmpty() && condition.text.equals(word)) {
          on.add(condition);
        }
      }
    }
    Duration base = backoff == null || backoff.isZero() ? BASE : backoff;
    Collection<On> chosen = retryOn.isBlank() ? DEFAULT_ON : on;
    return new RetryPolicy(
        retries, Set.copyOf(chosen), codes, base, base.multipliedBy(BASES), true, false);
  }

  /** Whether a try that ended so may be followed by another; the count is the caller's. */
  public boolean retriable(Outcome outcome) {
    return switch (outcome) {
      case ConnectFailure _ -> any(On.CONNECT_FAILURE, On.SERVER_ERROR, On.GATEWAY_ERROR, On.RESET);
      case StreamRefused _ -> any(On.REFUSED_STREAM, On.SERVER_ERROR, On.GATEWAY_ERROR, On.RESET);
      case StreamReset(boolean started) ->
          any(On.RESET, On.SERVER_ERROR, On.GATEWAY_ERROR)
              || (!started && on.contains(On.RESET_BEFORE_REQUEST));
      case TryTimedOut _ -> any(On.PER_TRY_TIMEOUT, On.RESET, On.SERVER_ERROR, On.GATEWAY_ERROR);
      case Answered(int status, int grpcStatus) ->
          codes.contains(status) || byStatus(status) || byGrpcStatus(grpcStatus);
    };
  }

  private boolean any(On... conditions) {
    for (On condition : conditions) {
      if (on.contains(condition)) {
        return true;
      }
    }
    return false;
  }

  private boolean byStatus(int status) {
    return (status >= 500 && on.contains(On.SERVER_ERROR))
        || (status >= 502 && status <= 504 && on.contains(On.GATEWAY_ERROR))
        || (status == 409 && on.contains(On.RETRIABLE_4XX));
  }

  private boolean byGrpcStatus(int status) {
    return switch (status) {
      case 1 -> on.contains(On.CANCELLED);
      case 4 -> on.contains(On.DEADLINE_EXCEEDED);
      case 8 -> on.contains(On.RESOURCE_EXHAUSTED);
      case 13 -> on.contains(On.INTERNAL);
      case 14 -> on.contains(On.UNAVAILABLE);
      default -> false;
    };
  }

  /** How long to wait before retry {@code number}, counted from 1: full jitter under a cap. */
  public Duration backoff(int number, RandomGenerator random) {
    double span = (Math.pow(2, Math.min(number, 30)) - 1) * baseInterval.toNanos();
    long nanos = (long) (random.nextDouble() * span);
    return Duration.ofNanos(Math.min(nanos, maxInterval.toNanos()));
  }
}
