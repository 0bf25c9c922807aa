package dev.ambit.dataplane.hbone;

import dev.ambit.model.workload.Workload;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A request for a tunnel (spec: hbone §4).
 *
 * @param method "CONNECT" unless the peer is no proxy
 * @param authority where to; null when the peer did not say
 * @param forwardedHost the host the client meant, "" when it meant an IP
 * @param forwarded the whole header, "" without
 * @param baggage what the peer says of the source, "" without
 * @param originNetwork network of the source behind a gateway, "" without
 */
public record ConnectRequest(
    String method,
    @Nullable String authority,
    String forwardedHost,
    String forwarded,
    String baggage,
    String traceparent,
    String originNetwork) {
  static final AsciiString FORWARDED = AsciiString.cached("forwarded");
  static final AsciiString BAGGAGE = AsciiString.cached("baggage");
  static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
  static final AsciiString NETWORK = AsciiString.cached("x-forwarded-network");

  /**
   * The request for one captured connection.
   *
   * @param client its own address
   * @param host of the service it dialled, "" when it dialled another address
   */
  public static ConnectRequest of(
      String authority, InetSocketAddress client, String host, Workload source) {
    return new ConnectRequest(
        "CONNECT",
        authority,
        host,
        new Forwarded(client, host).print(),
        Baggage.of(source),
        Traceparent.fresh(ThreadLocalRandom.current()).header(),
        "");
  }

  public boolean isConnect() {
    return method.equals("CONNECT");
  }

  static ConnectRequest read(Http2Headers headers) {
    CharSequence method = headers.method();
    CharSequence authority = headers.authority();
    String forwarded = joined(headers, FORWARDED);
    return new ConnectRequest(
        method == null ? "" : method.toString(),
        authority == null ? null : authority.toString(),
        Forwarded.host(forwarded),
        forwarded,
        joined(headers, BAGGAGE),
        Traceparent.parse(joined(headers, TRACEPARENT), ThreadLocalRandom.current()).header(),
        joined(headers, NETWORK));
  }

  private static String joined(Http2Headers headers, AsciiString name) {
    List<CharSequence> lines = headers.getAll(name);
    return lines.isEmpty() ? "" : String.join(",", lines);
  }

  Http2Headers print() {
    Http2Headers headers = new DefaultHttp2Headers(false, 8).method(method);
    if (authority != null) {
      headers.authority(authority);
    }
    add(headers, FORWARDED, forwarded);
    add(headers, BAGGAGE, baggage);
    add(headers, TRACEPARENT, traceparent);
    add(headers, NETWORK, originNetwork);
    return headers;
  }

  private static void add(Http2Headers headers, AsciiString name, String value) {
    if (!value.isEmpty()) {
      headers.add(name, value);
    }
  }
}
