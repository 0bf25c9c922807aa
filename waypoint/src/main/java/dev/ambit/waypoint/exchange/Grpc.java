package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.RouteTimeouts;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What is special about gRPC. */
final class Grpc {
  static final String STATUS = "grpc-status";
  static final String MESSAGE = "grpc-message";
  static final String CONTENT_TYPE = "application/grpc";

  private Grpc() {}

  /** Whether this is gRPC proper; gRPC-Web has its trailers in the body. */
  static boolean is(HttpHeaders headers) {
    String type = headers.get("content-type");
    if (type == null || !type.regionMatches(true, 0, CONTENT_TYPE, 0, CONTENT_TYPE.length())) {
      return false;
    }
    if (type.length() == CONTENT_TYPE.length()) {
      return true;
    }
    char next = type.charAt(CONTENT_TYPE.length());
    return next == '+' || next == ';';
  }

  /** The status in headers or trailers; -1 without one. */
  static int status(HttpHeaders headers) {
    String text = headers.get(STATUS);
    if (text == null || text.isEmpty() || text.length() > 4) {
      return -1;
    }
    int status = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      status = status * 10 + c - '0';
    }
    return status;
  }

  /**
   * The HTTP status that a gRPC status counts as when endpoints are judged; empty for a good one.
   */
  static OptionalInt httpStatus(int grpcStatus) {
    return switch (grpcStatus) {
      case 2, 13, 15 -> OptionalInt.of(500);
      case 4 -> OptionalInt.of(504);
      case 14 -> OptionalInt.of(503);
      default -> OptionalInt.empty();
    };
  }

  static @Nullable Duration timeout(HttpHeaders headers) {
    String text = headers.get("grpc-timeout");
    return text == null ? null : RouteTimeouts.grpcTimeout(text);
  }

  /** A message as {@code grpc-message} carries it. */
  static String encoded(String message) {
    StringBuilder out = new StringBuilder(message.length());
    for (byte b : message.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        out.append((char) b);
      } else {
        out.append('%')
            .append(Character.toUpperCase(Character.forDigit(b >> 4 & 0xf, 16)))
            .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
      }
    }
    return out.toString();
  }

  /** Counts the messages of one direction as their bytes pass. */
  static final class Messages {
    private static final int PREFIX = 5;
    private int prefixSeen;
    private long length;
    private long left;
    private long count;

    long count() {
      return count;
    }

    /** Looks at {@code bytes} without consuming them. */
    void pass(ByteBuf bytes) {
      int at = bytes.readerIndex();
      int end = bytes.writerIndex();
      while (at < end) {
        if (left > 0) {
          long step = Math.min(left, end - at);
          at += (int) step;
          left -= step;
          continue;
        }
        if (prefixSeen > 0) {
          length = length << 8 | bytes.getUnsignedByte(at);
        }
        at++;
        prefixSeen++;
        if (prefixSeen == PREFIX) {
          count++;
          left = length;
          prefixSeen = 0;
          length = 0;
        }
      }
    }
  }
}
