package dev.ambit.waypoint.http;

import io.netty.handler.codec.http.HttpHeaders;

/**
 * The head of a request in either version.
 *
 * @param authority from {@code :authority} or {@code Host}; never in {@code headers}
 * @param target path and query as received
 * @param headers regular headers only, hop-by-hop ones taken out; owned by the exchange, which may
 *     change them
 * @param upgrade the protocol asked for ({@code Upgrade} of HTTP/1.1, {@code :protocol} of HTTP/2),
 *     lower case; "" for an ordinary request
 * @param version what the client speaks
 */
public record RequestHead(
    String method,
    String scheme,
    String authority,
    String target,
    HttpHeaders headers,
    String upgrade,
    Version version) {

  /** The protocol of one side. */
  public enum Version {
    HTTP_1_0("HTTP/1.0"),
    HTTP_1_1("HTTP/1.1"),
    HTTP_2("HTTP/2");

    private final String text;

    Version(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
