package dev.ambit.waypoint.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;

/** Headers that are about one connection and go no further (RFC 9110 §7.6.1). */
public final class HopByHop {
  private static final AsciiString[] ALWAYS = {
    HttpHeaderNames.CONNECTION,
    AsciiString.cached("keep-alive"),
    AsciiString.cached("proxy-connection"),
    HttpHeaderNames.TRANSFER_ENCODING,
    HttpHeaderNames.UPGRADE,
    AsciiString.cached("http2-settings"),
  };

  private HopByHop() {}

  /**
   * Takes them out of {@code headers}, with those that {@code Connection} names. {@code TE:
   * trailers} stays, for gRPC asks for it end to end.
   */
  public static void strip(HttpHeaders headers) {
    List<String> named = headers.getAll(HttpHeaderNames.CONNECTION);
    if (headers.contains(HttpHeaderNames.TE)) {
      boolean trailers = has(headers, HttpHeaderNames.TE, "trailers");
      headers.remove(HttpHeaderNames.TE);
      if (trailers) {
        headers.set(HttpHeaderNames.TE, "trailers");
      }
    }
    for (String list : named) {
      for (String name : list.split(",", -1)) {
        String plain = name.strip();
        if (!plain.isEmpty() && !plain.equalsIgnoreCase("te")) {
          headers.remove(plain);
        }
      }
    }
    for (AsciiString name : ALWAYS) {
      headers.remove(name);
    }
  }

  /** Whether a header that is a list has {@code item}, without regard to case. */
  public static boolean has(HttpHeaders headers, AsciiString name, String item) {
    for (String list : headers.getAll(name)) {
      for (String each : list.split(",", -1)) {
        if (each.strip().equalsIgnoreCase(item)) {
          return true;
        }
      }
    }
    return false;
  }
}
