package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HopByHop;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The lines of one head, checked one by one and then together (spec: threat-model SEC-071). */
final class Http1Lines {
  private static final AsciiString HTTP_11 = AsciiString.cached("HTTP/1.1");
  private static final AsciiString HTTP_10 = AsciiString.cached("HTTP/1.0");
  private static final int LENGTH_DIGITS = 18;

  /** What a trailer must not say after the fact (RFC 9110 §6.5.1). */
  private static final Set<String> NOT_IN_TRAILERS =
      Set.of(
          "transfer-encoding",
          "content-length",
          "host",
          "connection",
          "te",
          "trailer",
          "upgrade",
          "expect",
          "content-encoding",
          "content-type",
          "content-range",
          "authorization",
          "cookie",
          "set-cookie",
          "cache-control",
          "max-forwards");

  private final HttpHeaders headers =
      DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
  private final int most;
  private String method = "";
  private String target = "";
  private boolean is11;
  private int fields;

  /**
   * @param most fields that are taken
   */
  Http1Lines(int most) {
    this.most = most;
  }

  /** The request line. */
  void request(ByteBuf in, int start, int end) throws Malformed {
    int space = in.indexOf(start, end, (byte) ' ');
    int last = space < 0 ? -1 : in.indexOf(space + 1, end, (byte) ' ');
    if (last < 0) {
      throw new Malformed(400, "http1.codec_error: request line");
    }
    for (int i = start; i < space; i++) {
      if (!Chars.isToken(in.getByte(i))) {
        throw new Malformed(400, "http1.codec_error: method");
      }
    }
    for (int i = space + 1; i < last; i++) {
      if (!Chars.isTarget(in.getByte(i))) {
        throw new Malformed(400, "http1.invalid_url");
      }
    }
    if (space == start || last == space + 1) {
      throw new Malformed(400, "http1.codec_error: request line");
    }
    method = text(in, start, space);
    target = text(in, space + 1, last);
    is11 = version(in, last + 1, end);
  }

  private static boolean version(ByteBuf in, int start, int end) throws Malformed {
    if (matches(in, start, end, HTTP_11)) {
      return true;
    }
    if (matches(in, start, end, HTTP_10)) {
      return false;
    }
    String got = text(in, start, Math.min(end, start + 16));
    throw got.matches("HTTP/[0-9]\\.[0-9]") && !got.startsWith("HTTP/1")
        ? new Malformed(505, "http1.codec_error: version")
        : new Malformed(400, "http1.codec_error: version");
  }

  private static boolean matches(ByteBuf in, int start, int end, AsciiString text) {
    if (end - start != text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (in.getByte(start + i) != text.byteAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static String text(ByteBuf in, int start, int end) {
    return in.toString(start, end - start, StandardCharsets.ISO_8859_1);
  }

  /** A header or trailer line. */
  void field(ByteBuf in, int start, int end) throws Malformed {
    if (++fields > most) {
      throw new Malformed(431, "http1.too_many_headers");
    }
    int colon = start;
    boolean upper = false;
    while (colon < end && Chars.isToken(in.getByte(colon))) {
      byte c = in.getByte(colon);
      upper |= c >= 'A' && c <= 'Z';
      colon++;
    }
    if (colon == start || colon == end || in.getByte(colon) != ':') {
      // Also a folded line, and a blank before the colon.
      throw new Malformed(400, "http1.invalid_characters: header name");
    }
    int from = colon + 1;
    while (from < end && isBlank(in.getByte(from))) {
      from++;
    }
    int to = end;
    while (to > from && isBlank(in.getByte(to - 1))) {
      to--;
    }
    for (int i = from; i < to; i++) {
      if (!Chars.isValue(in.getByte(i))) {
        throw new Malformed(400, "http1.invalid_characters: header value");
      }
    }
    String name = text(in, start, colon);
    headers.add(upper ? name.toLowerCase(Locale.ROOT) : name, text(in, from, to));
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t';
  }

  /** The trailers, when the lines are those. */
  HttpHeaders trailers() throws Malformed {
    for (String name : headers.names()) {
      if (NOT_IN_TRAILERS.contains(name)) {
        throw new Malformed(400, "http1.codec_error: " + name + " in trailers");
      }
    }
    return headers;
  }

  /** The head, when the lines are that. */
  Http1Head head() throws Malformed {
    final long length = length();
    String authority = authority();
    if (method.equals("CONNECT")) {
      throw new Malformed(405, "connect_not_allowed");
    }
    boolean close = HopByHop.has(headers, HttpHeaderNames.CONNECTION, "close");
    boolean keep =
        !close && (is11 || HopByHop.has(headers, HttpHeaderNames.CONNECTION, "keep-alive"));
    String upgrade = upgrade(length);
    HopByHop.strip(headers);
    headers.remove(HttpHeaderNames.HOST);
    return new Http1Head(method, target, authority, is11, headers, upgrade, length, keep);
  }

  /** Of HTTP/1.1 without a body; h2c is an offer that one may pass over. */
  private String upgrade(long length) {
    if (!is11
        || length != 0
        || !headers.contains(HttpHeaderNames.UPGRADE)
        || !HopByHop.has(headers, HttpHeaderNames.CONNECTION, "upgrade")) {
      return "";
    }
    List<String> offers = headers.getAll(HttpHeaderNames.UPGRADE);
    String first = offers.getFirst().toLowerCase(Locale.ROOT);
    return offers.size() > 1 || !Chars.isToken(first) || first.equals("h2c") ? "" : first;
  }

  private long length() throws Malformed {
    List<String> encodings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
    if (!encodings.isEmpty()) {
      if (!lengths.isEmpty()) {
        throw new Malformed(400, "http1.content_length_and_chunked_not_allowed");
      }
      if (!is11 || encodings.size() > 1 || !encodings.getFirst().equalsIgnoreCase("chunked")) {
        throw new Malformed(400, "http1.transfer_encoding_not_allowed");
      }
      return Http1Head.CHUNKED;
    }
    if (lengths.isEmpty()) {
      return 0;
    }
    String only = lengths.getFirst();
    if (lengths.size() > 1
        || only.isEmpty()
        || only.length() > LENGTH_DIGITS
        || !only.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new Malformed(400, "http1.codec_error: content-length");
    }
    return Long.parseLong(only);
  }

  private String authority() throws Malformed {
    List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
    if (hosts.isEmpty() && is11) {
      throw new Malformed(400, "missing_host_header");
    }
    String host = hosts.isEmpty() ? "" : hosts.getFirst();
    if (hosts.size() > 1 || !hosts.isEmpty() && !Chars.isAuthority(host)) {
      throw new Malformed(400, "http1.codec_error: host");
    }
    if (target.startsWith("/") || target.equals("*") && method.equals("OPTIONS")) {
      return host;
    }
    return method.equals("CONNECT") ? host : absolute(host);
  }

  /** The target is {@code http://host/path}: RFC 9112 §3.2.2. */
  private String absolute(String host) throws Malformed {
    String scheme = "http://";
    if (!target.regionMatches(true, 0, scheme, 0, scheme.length())) {
      throw new Malformed(400, "http1.invalid_url");
    }
    int slash = scheme.length();
    while (slash < target.length() && "/?#".indexOf(target.charAt(slash)) < 0) {
      slash++;
    }
    String named = target.substring(scheme.length(), slash);
    if (!Chars.isAuthority(named) || !host.isEmpty() && !named.equalsIgnoreCase(host)) {
      throw new Malformed(400, "http1.invalid_url");
    }
    String rest = target.substring(slash);
    target = rest.startsWith("/") ? rest : "/" + rest;
    return named;
  }
}
