package dev.ambit.daemon;

import dev.ambit.daemon.Log.Level;
import dev.ambit.daemon.Log.Plain;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One log line as text, without line end (spec: ztunnel-observability §2). Control characters are
 * escaped wherever they stand, and a line is cut near 8 KiB: a peer cannot forge or flood lines.
 */
final class LogLine {
  private static final int MOST = 8 * 1024;
  private static final int MOST_STACK = 6 * 1024;
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** The text of the last second seen; formatting one costs more than the rest of a line. */
  private static volatile Second last = new Second(0, "1970-01-01T00:00:00");

  private record Second(long epoch, String text) {}

  private LogLine() {}

  static String plain(
      Instant time, Level level, String scope, String message, @Nullable Object[] fields) {
    StringBuilder line = new StringBuilder(256);
    time(line, time);
    line.append('\t').append(LogFilter.word(level)).append('\t').append(scope).append('\t');
    escape(line, message, false);
    char before = '\t';
    for (int i = 0; i + 1 < fields.length; i += 2) {
      Object value = fields[i + 1];
      if (value == null) {
        continue;
      }
      line.append(before).append(fields[i]).append('=');
      plainValue(line, value);
      before = ' ';
      if (value instanceof Throwable failure && level == Level.ERROR) {
        line.append(" stack=\"");
        escape(line, stack(failure), true);
        line.append('"');
      }
    }
    return line.toString();
  }

  static String json(
      Instant time, Level level, String scope, String message, @Nullable Object[] fields) {
    StringBuilder line = new StringBuilder(384);
    line.append("{\"level\":\"").append(LogFilter.word(level)).append("\",\"time\":\"");
    time(line, time);
    line.append("\",\"scope\":");
    quotedJson(line, scope);
    line.append(",\"message\":");
    quotedJson(line, message);
    for (int i = 0; i + 1 < fields.length; i += 2) {
      Object value = fields[i + 1];
      if (value == null) {
        continue;
      }
      line.append(',');
      line.append('"').append(fields[i]).append("\":");
      jsonValue(line, value);
      if (value instanceof Throwable failure && level == Level.ERROR) {
        line.append(",\"stack\":");
        quotedJson(line, stack(failure));
      }
    }
    return line.append('}').toString();
  }

  private static void time(StringBuilder line, Instant time) {
    Second second = last;
    if (second.epoch != time.getEpochSecond()) {
      second = new Second(time.getEpochSecond(), SECONDS.format(time));
      last = second;
    }
    int micros = time.getNano() / 1000;
    line.append(second.text).append('.');
    for (int unit = 100_000; unit > 0; unit /= 10) {
      line.append((char) ('0' + micros / unit % 10));
    }
    line.append('Z');
  }

  private static void plainValue(StringBuilder line, Object value) {
    switch (value) {
      case Number number -> line.append(number);
      case Boolean truth -> line.append(truth);
      case Plain plain -> escape(line, String.valueOf(plain.value()), false);
      default -> {
        line.append('"');
        escape(line, text(value), true);
        line.append('"');
      }
    }
  }

  private static void jsonValue(StringBuilder line, Object value) {
    switch (value) {
      case Double number when !Double.isFinite(number) -> quotedJson(line, number.toString());
      case Number number -> line.append(number);
      case Boolean truth -> line.append(truth);
      case Plain(Number number) -> line.append(number);
      case Plain plain -> quotedJson(line, String.valueOf(plain.value()));
      default -> quotedJson(line, text(value));
    }
  }

  private static String text(Object value) {
    if (!(value instanceof Throwable failure)) {
      return value.toString();
    }
    String message = failure.getMessage();
    String kind = failure.getClass().getSimpleName();
    return message == null || message.isEmpty() ? kind : kind + ": " + message;
  }

  private static String stack(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    String all = text.toString().strip();
    return all.length() > MOST_STACK ? all.substring(0, MOST_STACK) : all;
  }

  /** As Rust's Debug writes a string; quotes and backslashes only inside quotes. */
  private static void escape(StringBuilder line, String text, boolean quoted) {
    int shown = shown(line, text);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append(quoted ? "\\\"" : "\"");
        case '\\' -> line.append(quoted ? "\\\\" : "\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (control(c)) {
            line.append("\\u{").append(Integer.toHexString(c)).append('}');
          } else {
            line.append(c);
          }
        }
      }
    }
    cutMark(line, text, shown);
  }

  private static void quotedJson(StringBuilder line, String text) {
    line.append('"');
    int shown = shown(line, text);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (control(c) || Character.isSurrogate(c)) {
            line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    cutMark(line, text, shown);
    line.append('"');
  }

  private static boolean control(char c) {
    return c < 0x20 || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029';
  }

  /** How much of {@code text} still fits. */
  private static int shown(StringBuilder line, String text) {
    return Math.max(0, Math.min(text.length(), MOST - line.length()));
  }

  private static void cutMark(StringBuilder line, String text, int shown) {
    if (shown < text.length()) {
      line.append("…");
    }
  }
}
