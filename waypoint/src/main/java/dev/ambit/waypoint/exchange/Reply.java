package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;

/**
 * An answer of the waypoint's own (spec: traffic-policy §8, http-routing §5).
 *
 * @param flag {@code -} for none
 * @param details Envoy's word for it
 * @param headers beside those that tell of the body
 * @param grpcStatus for a gRPC client; -1 lets {@code status} decide
 */
record Reply(
    int status, String flag, String details, HttpHeaders headers, byte[] body, int grpcStatus) {
  private static final byte[] NOTHING = {};

  static Reply of(LocalReply reply, String details) {
    return of(reply.status(), reply.flag(), details, reply.body())
        .with(reply == LocalReply.OVERFLOW ? "x-envoy-overloaded" : "", "true");
  }

  static Reply of(int status, String flag, String details, String body) {
    byte[] bytes = body.isEmpty() ? NOTHING : body.getBytes(StandardCharsets.UTF_8);
    return new Reply(status, flag, details, new DefaultHttpHeaders(), bytes, -1);
  }

  /** Nothing happens for a header without name. */
  Reply with(String header, String value) {
    if (!header.isEmpty()) {
      headers.set(header, value);
    }
    return this;
  }

  Reply withGrpcStatus(int other) {
    return new Reply(status, flag, details, headers, body, other);
  }

  /** The head for a client that does not speak gRPC. */
  ResponseHead head() {
    if (body.length > 0) {
      if (!headers.contains("content-type")) {
        headers.set("content-type", "text/plain");
      }
    } else {
      headers.remove("content-type");
    }
    if (status >= 200 && status != 204 && status != 304) {
      headers.set("content-length", String.valueOf(body.length));
    }
    return new ResponseHead(status, headers);
  }

  int grpc() {
    return grpcStatus >= 0 ? grpcStatus : LocalReply.grpcStatus(status);
  }

  /** The trailers-only head for a gRPC client. */
  ResponseHead grpcHead() {
    headers.remove("content-length");
    headers.set("content-type", Grpc.CONTENT_TYPE);
    headers.set(Grpc.STATUS, String.valueOf(grpc()));
    if (body.length > 0) {
      headers.set(Grpc.MESSAGE, Grpc.encoded(new String(body, StandardCharsets.UTF_8)));
    }
    return new ResponseHead(200, headers);
  }
}
