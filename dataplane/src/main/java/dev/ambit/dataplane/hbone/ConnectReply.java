package dev.ambit.dataplane.hbone;

import dev.ambit.model.workload.Workload;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The answer to a {@link ConnectRequest}.
 *
 * @param status 200 when the tunnel is open; 0 when the peer sent none
 * @param baggage what the peer says of the destination, "" without
 */
public record ConnectReply(int status, String baggage) {
  /** The tunnel to {@code destination} is open. */
  public static ConnectReply open(Workload destination) {
    return new ConnectReply(200, Baggage.of(destination));
  }

  /** The tunnel is open, and nothing is said of the destination. */
  public static ConnectReply open() {
    return new ConnectReply(200, "");
  }

  static ConnectReply read(Http2Headers headers) {
    CharSequence status = headers.status();
    CharSequence baggage = headers.get(ConnectRequest.BAGGAGE);
    return new ConnectReply(
        status == null || status.length() != 3 || !status.chars().allMatch(Character::isDigit)
            ? 0
            : Integer.parseInt(status.toString()),
        baggage == null ? "" : baggage.toString());
  }

  Http2Headers print() {
    Http2Headers headers = new DefaultHttp2Headers(false, 2).status(Integer.toString(status));
    if (!baggage.isEmpty()) {
      headers.add(ConnectRequest.BAGGAGE, baggage);
    }
    return headers;
  }
}
