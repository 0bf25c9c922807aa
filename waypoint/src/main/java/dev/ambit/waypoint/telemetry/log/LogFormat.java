package dev.ambit.waypoint.telemetry.log;

import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.Told;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a line of an access log looks: text, or a JSON object, with Envoy's {@code %COMMANDS%} in it
 * (spec: l7-telemetry §3). Immutable; any thread.
 */
public final class LogFormat {
  private static final String USUAL_TEXT =
      "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\""
          + " %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"
          + " %CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\""
          + " %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"
          + " \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\""
          + " \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW%"
          + " %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%"
          + " %REQUESTED_SERVER_NAME% %ROUTE_NAME%";

  private static final String[][] USUAL_LABELS = {
    {"start_time", "%START_TIME%"},
    {"route_name", "%ROUTE_NAME%"},
    {"method", "%REQ(:METHOD)%"},
    {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
    {"protocol", "%PROTOCOL%"},
    {"response_code", "%RESPONSE_CODE%"},
    {"response_flags", "%RESPONSE_FLAGS%"},
    {"response_code_details", "%RESPONSE_CODE_DETAILS%"},
    {"connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"},
    {"bytes_received", "%BYTES_RECEIVED%"},
    {"bytes_sent", "%BYTES_SENT%"},
    {"duration", "%DURATION%"},
    {"upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"},
    {"x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"},
    {"user_agent", "%REQ(USER-AGENT)%"},
    {"request_id", "%REQ(X-REQUEST-ID)%"},
    {"authority", "%REQ(:AUTHORITY)%"},
    {"upstream_host", "%UPSTREAM_HOST%"},
    {"upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"},
    {"upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"},
    {"downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"},
    {"downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"},
    {"requested_server_name", "%REQUESTED_SERVER_NAME%"},
    {"upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"},
  };

  /** Istio's line of text. */
  public static final LogFormat TEXT = text(USUAL_TEXT);

  /**
   * Istio's object of 24 keys; what policies refused or noted and the client's identity come after
   * them where there are any.
   */
  public static final LogFormat JSON = new LogFormat(null, usualLabels(), true);

  /** A command of Envoy's, or text between commands. */
  @FunctionalInterface
  interface Part {
    /** A String or a Long; null for nothing. */
    @Nullable Object of(Told told);
  }

  private final @Nullable List<Part> text;
  private final Map<String, List<Part>> labels;
  private final boolean withOurs;

  private LogFormat(@Nullable List<Part> text, Map<String, List<Part>> labels, boolean withOurs) {
    this.text = text;
    this.labels = labels;
    this.withOurs = withOurs;
  }

  /** Reads a format; throws IllegalArgumentException that says what is not understood. */
  public static LogFormat text(String format) {
    String line = format.endsWith("\n") ? format.substring(0, format.length() - 1) : format;
    return new LogFormat(parts(line), Map.of(), false);
  }

  /** Reads the formats of labels; throws IllegalArgumentException. */
  public static LogFormat json(Map<String, String> formats) {
    Map<String, List<Part>> labels = new LinkedHashMap<>();
    formats.forEach((label, format) -> labels.put(label, parts(format)));
    return new LogFormat(null, labels, false);
  }

  private static Map<String, List<Part>> usualLabels() {
    Map<String, List<Part>> labels = new LinkedHashMap<>();
    for (String[] label : USUAL_LABELS) {
      labels.put(label[0], parts(label[1]));
    }
    return labels;
  }

  private static List<Part> parts(String format) {
    List<Part> parts = new ArrayList<>();
    int at = 0;
    while (at < format.length()) {
      int percent = format.indexOf('%', at);
      if (percent < 0) {
        String rest = format.substring(at);
        parts.add(_ -> rest);
        break;
      }
      if (percent > at) {
        String before = format.substring(at, percent);
        parts.add(_ -> before);
      }
      if (format.startsWith("%%", percent)) {
        parts.add(_ -> "%");
        at = percent + 2;
        continue;
      }
      int open = format.indexOf('(', percent);
      int end = format.indexOf('%', percent + 1);
      if (open >= 0 && open < end) {
        // A time format has commands of its own between the brackets.
        end = format.indexOf('%', Math.max(open, format.indexOf(')', open)));
      }
      if (end < 0) {
        throw new IllegalArgumentException(
            "got \"" + format.substring(percent) + "\", expected a command that ends in %");
      }
      parts.add(LogCommands.read(format.substring(percent + 1, end)));
      at = end + 1;
    }
    return parts;
  }

  /** The line for an exchange that has ended, without its end. */
  public String line(Told told) {
    StringBuilder line = new StringBuilder(512);
    if (text != null) {
      append(line, text, told);
      return line.toString();
    }
    line.append('{');
    labels.forEach((label, parts) -> {
      key(line, label);
      value(line, parts, told);
    });
    if (withOurs) {
      ours(line, "denied_by", told.deniedBy);
      ours(line, "audited_by", PolicyNotes.audited(told));
      ours(line, "dry_run", PolicyNotes.dryRun(told));
      ours(line, "source_principal", told.caller.peer().toString());
    }
    return line.append('}').toString();
  }

  private static void ours(StringBuilder line, String label, String value) {
    if (!value.isEmpty()) {
      key(line, label);
      quoted(line, value);
    }
  }

  /** The line for a collector: text as its body, labels as attributes. */
  LogEntry entry(Told told) {
    Map<String, String> values = new LinkedHashMap<>();
    labels.forEach((label, parts) -> {
      StringBuilder value = new StringBuilder();
      append(value, parts, told);
      values.put(label, value.toString());
    });
    Span span = told.span;
    return new LogEntry(
        told.startUnixNanos,
        text == null ? "" : line(told),
        values,
        span == null ? "" : span.traceId(),
        span == null ? "" : span.spanId());
  }

  private static void append(StringBuilder line, List<Part> parts, Told told) {
    for (Part part : parts) {
      Object value = part.of(told);
      if (value == null) {
        line.append('-');
      } else if (value instanceof String text) {
        escaped(line, text);
      } else {
        line.append(value);
      }
    }
  }

  /** A header must not begin a new line. */
  private static void escaped(StringBuilder line, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x20 || c == 0x7f) {
        line.append("\\x").append(Character.forDigit(c >> 4, 16)).append(hexDigit(c));
      } else {
        line.append(c);
      }
    }
  }

  private static char hexDigit(char c) {
    return Character.forDigit(c & 0xf, 16);
  }

  private static void key(StringBuilder line, String label) {
    if (line.length() > 1) {
      line.append(',');
    }
    quoted(line, label);
    line.append(':');
  }

  private static void value(StringBuilder line, List<Part> parts, Told told) {
    if (parts.size() == 1) {
      Object value = parts.getFirst().of(told);
      if (value instanceof String text) {
        quoted(line, text);
      } else {
        line.append(value);
      }
      return;
    }
    StringBuilder joined = new StringBuilder();
    append(joined, parts, told);
    quoted(line, joined.toString());
  }

  private static void quoted(StringBuilder line, String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c)) {
        line.append("\\u").append(Character.forDigit(c >> 12, 16));
        line.append(Character.forDigit(c >> 8 & 0xf, 16));
        line.append(Character.forDigit(c >> 4 & 0xf, 16)).append(hexDigit(c));
      } else {
        line.append(c);
      }
    }
    line.append('"');
  }
}
