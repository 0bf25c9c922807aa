package dev.ambit.waypoint.http;

import io.netty.handler.codec.http.HttpHeaders;

/**
 * The head of a response in either version.
 *
 * @param status 1xx heads come before the final one; 101 (or 200 to an HTTP/2 upgrade) turns the
 *     rest of the stream into bytes
 * @param headers regular headers only, hop-by-hop ones taken out
 */
public record ResponseHead(int status, HttpHeaders headers) {
  /** Whether another head follows. */
  public boolean isInformational() {
    return status >= 100 && status < 200 && status != 101;
  }
}
