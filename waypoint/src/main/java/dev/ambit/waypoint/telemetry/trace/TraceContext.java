package dev.ambit.waypoint.telemetry.trace;

import dev.ambit.waypoint.telemetry.Span;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What headers of a request say of the trace it is part of: {@code traceparent} first, then {@code
 * b3}, then the {@code x-b3-} headers (spec: l7-telemetry §4).
 *
 * @param traceId "" when it is part of none
 * @param sampled null when nobody decided
 */
record TraceContext(String traceId, String spanId, @Nullable Boolean sampled) {
  private static final TraceContext NONE = new TraceContext("", "", null);
  private static final String NO_TRACE = "0".repeat(32);
  private static final String NO_SPAN = "0".repeat(16);

  /** Formats of the headers. */
  enum Format {
    W3C,
    B3
  }

  static TraceContext of(HttpHeaders headers) {
    TraceContext found = w3c(headers.get("traceparent"));
    if (found == null) {
      found = b3(headers.get("b3"));
    }
    return found == null ? b3(headers) : found;
  }

  private static @Nullable TraceContext w3c(@Nullable String text) {
    // version-trace-span-flags; later versions may have more behind.
    if (text == null
        || text.length() < 55
        || text.charAt(2) != '-'
        || text.charAt(35) != '-'
        || text.charAt(52) != '-'
        || text.startsWith("ff")
        || (text.length() > 55 && (text.startsWith("00") || text.charAt(55) != '-'))) {
      return null;
    }
    String trace = text.substring(3, 35);
    String span = text.substring(36, 52);
    String flags = text.substring(53, 55);
    if (!isHex(text.substring(0, 2)) || !isTrace(trace) || !isSpan(span) || !isHex(flags)) {
      return null;
    }
    return new TraceContext(trace, span, (Integer.parseInt(flags, 16) & 1) == 1);
  }

  private static @Nullable TraceContext b3(@Nullable String text) {
    if (text == null) {
      return null;
    }
    String[] parts = text.split("-", 5);
    if (parts.length == 1) {
      Boolean decision = decision(parts[0]);
      return decision == null ? null : new TraceContext("", "", decision);
    }
    String trace = widened(parts[0]);
    if (!isTrace(trace) || !isSpan(parts[1])) {
      return null;
    }
    return new TraceContext(trace, parts[1], parts.length > 2 ? decision(parts[2]) : null);
  }

  private static TraceContext b3(HttpHeaders headers) {
    Boolean decision =
        "1".equals(headers.get("x-b3-flags"))
            ? Boolean.TRUE
            : decision(headers.get("x-b3-sampled"));
    String id = headers.get("x-b3-traceid");
    String span = headers.get("x-b3-spanid");
    String trace = id == null ? "" : widened(id);
    if (span == null || !isTrace(trace) || !isSpan(span)) {
      return decision == null ? NONE : new TraceContext("", "", decision);
    }
    return new TraceContext(trace, span, decision);
  }

  private static @Nullable Boolean decision(@Nullable String text) {
    if (text == null) {
      return null;
    }
    return switch (text) {
      case "1", "d", "true" -> true;
      case "0", "false" -> false;
      default -> null;
    };
  }

  /** Ids of 64 bits are 128 bits with zeros before. */
  private static String widened(String id) {
    return id.length() == 16 ? NO_SPAN + id : id;
  }

  private static boolean isTrace(String id) {
    return id.length() == 32 && isHex(id) && !id.equals(NO_TRACE);
  }

  private static boolean isSpan(String id) {
    return id.length() == 16 && isHex(id) && !id.equals(NO_SPAN);
  }

  private static boolean isHex(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }

  static String newTraceId() {
    return hex(nonZero()) + hex(nonZero());
  }

  static String newSpanId() {
    return hex(nonZero());
  }

  private static long nonZero() {
    long number = ThreadLocalRandom.current().nextLong();
    return number == 0 ? 1 : number;
  }

  private static String hex(long number) {
    char[] digits = new char[16];
    for (int i = 0; i < 16; i++) {
      digits[i] = Character.forDigit((int) (number >>> 60 - i * 4) & 0xf, 16);
    }
    return new String(digits);
  }

  /**
   * Puts {@code span} into {@code headers}: in the format that is asked for, and in each format
   * that is there already, so that no header goes on to name another parent.
   */
  static void inject(Span span, HttpHeaders headers, Format wanted) {
    if (wanted == Format.W3C || headers.contains("traceparent")) {
      headers.set(
          "traceparent",
          "00-" + span.traceId() + '-' + span.spanId() + (span.sampled() ? "-01" : "-00"));
    }
    if (headers.contains("b3")) {
      headers.set(
          "b3",
          span.traceId()
              + '-'
              + span.spanId()
              + (span.sampled() ? "-1" : "-0")
              + (span.parentId().isEmpty() ? "" : '-' + span.parentId()));
    }
    if (wanted == Format.B3 || headers.contains("x-b3-traceid")) {
      headers.set("x-b3-traceid", span.traceId());
      headers.set("x-b3-spanid", span.spanId());
      headers.set("x-b3-sampled", span.sampled() ? "1" : "0");
      if (span.parentId().isEmpty()) {
        headers.remove("x-b3-parentspanid");
      } else {
        headers.set("x-b3-parentspanid", span.parentId());
      }
    }
  }
}
