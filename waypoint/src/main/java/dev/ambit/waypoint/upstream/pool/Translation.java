package dev.ambit.waypoint.upstream.pool;

import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Heads as each version writes them, without what is of one hop only. */
final class Translation {
  private static final HttpHeadersFactory UNCHECKED =
      DefaultHttpHeadersFactory.headersFactory().withValidation(false);
  private static final AsciiString WEBSOCKET = AsciiString.cached("websocket");
  private static final String WEBSOCKET_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final Set<String> OF_ONE_HOP =
      Set.of(
          "connection",
          "host",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "upgrade",
          "http2-settings");

  /** The same, with hashes that are known already. */
  private static final List<AsciiString> HOP_NAMES =
      OF_ONE_HOP.stream().map(AsciiString::cached).toList();

  private Translation() {}

  /** Whether {@code method} usually has a body, so that an absent one is said to be empty. */
  private static boolean meansBody(String method) {
    return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
  }

  /** The request for an endpoint that speaks HTTP/1.1: all of it, or the line and headers. */
  static HttpRequest http1(RequestHead head, boolean end) {
    HttpHeaders headers = UNCHECKED.newHeaders();
    if (!head.authority().isEmpty()) {
      headers.set(HttpHeaderNames.HOST, head.authority());
    }
    copyRegular(head.headers(), headers);
    boolean upgrade = !head.upgrade().isEmpty();
    if (headers.contains(HttpHeaderNames.TE)) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderNames.TE);
    }
    String method = head.method();
    if (upgrade) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
      headers.set(HttpHeaderNames.UPGRADE, head.upgrade());
      if (head.version() == RequestHead.Version.HTTP_2) {
        method = "GET";
        addWebsocketKey(head, headers);
      }
    } else if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      if (!end) {
        headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
      } else if (meansBody(method)) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
      }
    }
    HttpMethod named = HttpMethod.valueOf(method);
    return end && !upgrade
        ? new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            named,
            head.target(),
            Unpooled.EMPTY_BUFFER,
            headers,
            EmptyHttpHeaders.INSTANCE)
        : new DefaultHttpRequest(HttpVersion.HTTP_1_1, named, head.target(), headers);
  }

  /** HTTP/2 clients send no key, and servers of HTTP/1.1 want one. */
  private static void addWebsocketKey(RequestHead head, HttpHeaders headers) {
    if (WEBSOCKET.contentEquals(head.upgrade())
        && !headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
      byte[] key = new byte[16];
      ThreadLocalRandom.current().nextBytes(key);
      headers.set(HttpHeaderNames.SEC_WEBSOCKET_KEY, Base64.getEncoder().encodeToString(key));
    }
  }

  /** The value of {@code sec-websocket-accept} for a client's key; null without a key. */
  static @Nullable String websocketAccept(RequestHead head) {
    String key = head.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY);
    if (key == null) {
      return null;
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest((key + WEBSOCKET_MAGIC).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The same for HTTP/2; an upgrade becomes an extended CONNECT. */
  static Http2Headers http2(RequestHead head) {
    Http2Headers headers = new DefaultHttp2Headers(false, head.headers().size() + 8);
    boolean upgrade = !head.upgrade().isEmpty();
    headers.method(upgrade ? "CONNECT" : head.method());
    headers.scheme(head.scheme().isEmpty() ? "http" : head.scheme());
    headers.authority(head.authority());
    headers.path(head.target());
    if (upgrade) {
      headers.set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), head.upgrade());
    }
    Set<String> named = namedByConnection(head.headers());
    var each = head.headers().iteratorCharSequence();
    while (each.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = each.next();
      AsciiString name = AsciiString.of(entry.getKey()).toLowerCase();
      String text = name.toString();
      if (isRegular(text, entry.getValue(), named)
          && !(upgrade && text.equals("sec-websocket-key"))) {
        headers.add(name, entry.getValue());
      }
    }
    return headers;
  }

  /** Trailers for HTTP/2. */
  static Http2Headers trailers(HttpHeaders trailers) {
    Http2Headers headers = new DefaultHttp2Headers(false, trailers.size());
    var each = trailers.iteratorCharSequence();
    while (each.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = each.next();
      headers.add(AsciiString.of(entry.getKey()).toLowerCase(), entry.getValue());
    }
    return headers;
  }

  /** Headers or trailers that came by HTTP/2; null when there is one that HTTP/2 forbids. */
  static @Nullable HttpHeaders regular(Http2Headers from) {
    HttpHeaders headers = UNCHECKED.newHeaders();
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      CharSequence name = entry.getKey();
      if (name.isEmpty() || name.charAt(0) == ':') {
        continue;
      }
      if (OF_ONE_HOP.contains(name.toString())) {
        return null; // RFC 9113 §8.2.2
      }
      headers.add(name, entry.getValue());
    }
    return headers;
  }

  /** Headers of a response by HTTP/1.1, without those of its hop. */
  static HttpHeaders withoutHop(HttpHeaders from) {
    Set<String> named = namedByConnection(from);
    for (AsciiString name : HOP_NAMES) {
      from.remove(name);
    }
    named.forEach(from::remove);
    return from;
  }

  private static void copyRegular(HttpHeaders from, HttpHeaders to) {
    Set<String> named = namedByConnection(from);
    var each = from.iteratorCharSequence();
    while (each.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = each.next();
      String name = entry.getKey().toString().toLowerCase(Locale.ROOT);
      if (isRegular(name, entry.getValue(), named)) {
        to.add(entry.getKey(), entry.getValue());
      }
    }
  }

  private static boolean isRegular(String name, CharSequence value, Set<String> named) {
    if (name.equals("te")) {
      return AsciiString.contentEqualsIgnoreCase(value, HttpHeaderValues.TRAILERS);
    }
    return !OF_ONE_HOP.contains(name) && !named.contains(name) && !name.startsWith(":");
  }

  private static Set<String> namedByConnection(HttpHeaders headers) {
    if (!headers.contains(HttpHeaderNames.CONNECTION)) {
      return Set.of();
    }
    Set<String> named = new HashSet<>();
    for (String value : headers.getAll(HttpHeaderNames.CONNECTION)) {
      for (String name : value.split(",")) {
        named.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    return named;
  }
}
