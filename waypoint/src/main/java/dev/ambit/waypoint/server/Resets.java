package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HttpStream.Reason;
import io.netty.handler.codec.http2.Http2Error;

/** What the ends of streams are called on the wire. */
final class Resets {
  private Resets() {}

  static Http2Error code(Reason reason) {
    return switch (reason) {
      case REFUSED -> Http2Error.REFUSED_STREAM;
      case CANCELLED -> Http2Error.CANCEL;
      case PROTOCOL_ERROR -> Http2Error.PROTOCOL_ERROR;
      case RESET, CONNECTION_LOST, INTERNAL_ERROR -> Http2Error.INTERNAL_ERROR;
    };
  }

  static Reason reason(long code) {
    Http2Error error = Http2Error.valueOf(code);
    if (error == null) {
      return Reason.RESET;
    }
    return switch (error) {
      case REFUSED_STREAM -> Reason.REFUSED;
      case CANCEL, NO_ERROR -> Reason.CANCELLED;
      default -> Reason.RESET;
    };
  }
}
