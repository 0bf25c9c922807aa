package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HopByHop;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns the headers of HTTP/2 into those of an exchange and back. */
final class Http2Heads {
  private static final AsciiString PROTOCOL = AsciiString.cached(":protocol");

  private Http2Heads() {}

  /**
   * A header block that breaks the rules of HTTP/2 itself: the stream is reset without an answer.
   */
  static final class NotHttp2 extends Exception {
    NotHttp2(String what) {
      super(what, null, false, false);
    }
  }

  static RequestHead request(Http2Headers in, int most) throws Malformed, NotHttp2 {
    String method = text(in.method());
    if (method.isEmpty() || !Chars.isToken(method)) {
      throw new NotHttp2(":method");
    }
    CharSequence protocol = in.get(PROTOCOL);
    if (method.equals("CONNECT") && protocol == null) {
      throw new Malformed(405, "connect_not_allowed");
    }
    String path = text(in.path());
    String scheme = text(in.scheme()).toLowerCase(Locale.ROOT);
    if (path.isEmpty() || scheme.isEmpty()) {
      throw new NotHttp2(path.isEmpty() ? ":path" : ":scheme");
    }
    if (protocol != null && (!method.equals("CONNECT") || !Chars.isToken(protocol))) {
      throw new NotHttp2(":protocol");
    }
    if (!Chars.isTarget(path)
        || !path.startsWith("/") && !(path.equals("*") && method.equals("OPTIONS"))) {
      throw new Malformed(400, "http2.invalid.header.field: :path");
    }
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new Malformed(400, "http2.invalid.header.field: :scheme");
    }
    String authority = authority(in);
    HttpHeaders headers = headers(in, most);
    HopByHop.strip(headers);
    headers.remove(HttpHeaderNames.HOST);
    return new RequestHead(
        protocol == null ? method : "GET",
        scheme,
        authority,
        path,
        headers,
        protocol == null ? "" : protocol.toString().toLowerCase(Locale.ROOT),
        RequestHead.Version.HTTP_2);
  }

  private static String text(@Nullable CharSequence value) {
    return value == null ? "" : value.toString();
  }

  private static String authority(Http2Headers in) throws Malformed {
    List<CharSequence> hosts = in.getAll(HttpHeaderNames.HOST);
    String authority = text(in.authority());
    if (authority.isEmpty() && !hosts.isEmpty()) {
      authority = hosts.getFirst().toString();
    }
    if (authority.isEmpty()) {
      throw new Malformed(400, "missing_host_header");
    }
    if (!Chars.isAuthority(authority)
        || hosts.size() > 1
        || !hosts.isEmpty() && !AsciiString.contentEqualsIgnoreCase(hosts.getFirst(), authority)) {
      throw new Malformed(400, "http2.invalid.header.field: host");
    }
    return authority;
  }

  /** Regular headers or trailers; cookies, which HTTP/2 may take apart, are put together again. */
  static HttpHeaders headers(Http2Headers in, int most) throws Malformed {
    HttpHeaders headers =
        DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    StringBuilder cookies = null;
    int fields = 0;
    for (Map.Entry<CharSequence, CharSequence> each : in) {
      CharSequence name = each.getKey();
      CharSequence value = each.getValue();
      if (name.charAt(0) == ':') {
        continue;
      }
      if (++fields > most) {
        throw new Malformed(431, "http2.too_many_headers");
      }
      if (!Chars.isToken(name) || !Chars.isValue(value)) {
        throw new Malformed(400, "http2.invalid.header.field");
      }
      if (HttpHeaderNames.COOKIE.contentEquals(name)) {
        if (cookies == null) {
          cookies = new StringBuilder(value);
        } else {
          cookies.append("; ").append(value);
        }
      } else {
        headers.add(name, value);
      }
    }
    if (cookies != null) {
      headers.set(HttpHeaderNames.COOKIE, cookies.toString());
    }
    return headers;
  }

  /** A response head; {@code status} 101 is what HTTP/2 calls 200. */
  static Http2Headers response(int status, HttpHeaders headers) {
    Http2Headers out = new DefaultHttp2Headers(false, headers.size() + 2);
    out.status(Integer.toString(status == 101 ? 200 : status));
    return fill(out, headers);
  }

  static Http2Headers trailers(HttpHeaders trailers) {
    return fill(new DefaultHttp2Headers(false, trailers.size() + 1), trailers);
  }

  private static Http2Headers fill(Http2Headers out, HttpHeaders headers) {
    Iterator<Map.Entry<CharSequence, CharSequence>> each = headers.iteratorCharSequence();
    while (each.hasNext()) {
      var one = each.next();
      AsciiString name = AsciiString.of(one.getKey()).toLowerCase();
      if (Chars.isToken(name) && Chars.isValue(one.getValue())) {
        out.add(name, one.getValue());
      }
    }
    return out;
  }
}
