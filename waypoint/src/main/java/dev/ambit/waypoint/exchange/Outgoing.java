package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;

/**
 * The request as it is sent on: made anew for each try, since whoever sends it may change it.
 *
 * @param upgrade whether the client may switch to another protocol
 */
record Outgoing(
    RequestHead received,
    HttpAttributes attributes,
    RouteEntry entry,
    RouteAction.Forward forward,
    RouteAction.Share share,
    boolean upgrade) {
  private static final AsciiString ATTEMPTS = AsciiString.cached("x-envoy-attempt-count");
  private static final String ORIGINAL_PATH = "x-envoy-original-path";

  RequestHead head(int attempt) {
    HttpHeaders headers = received.headers().copy();
    headers.set(ATTEMPTS, String.valueOf(attempt));
    String authority = attributes.authority();
    String target = attributes.target();
    RouteAction.Rewrite rewrite = forward.rewrite();
    if (rewrite != null) {
      authority = rewrite.authority().isEmpty() ? authority : rewrite.authority();
      if (rewrite.path() != null) {
        headers.set(ORIGINAL_PATH, target);
        target = rewrite.path(attributes, entry) + attributes.query();
      }
    }
    return new RequestHead(
        attributes.method(),
        received.scheme(),
        EditedHeaders.apply(share.request(), headers, authority),
        target,
        headers,
        upgrade ? received.upgrade() : "",
        received.version());
  }
}
