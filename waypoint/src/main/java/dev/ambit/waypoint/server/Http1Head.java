package dev.ambit.waypoint.server;

import io.netty.handler.codec.http.HttpHeaders;

/**
 * The head of an HTTP/1 request and how its body is framed.
 *
 * @param length of the body; {@link #CHUNKED} for chunks, 0 for none
 * @param keepAlive whether the connection may carry another request
 */
record Http1Head(
    String method,
    String target,
    String authority,
    boolean is11,
    HttpHeaders headers,
    String upgrade,
    long length,
    boolean keepAlive) {
  static final long CHUNKED = -1;
}
