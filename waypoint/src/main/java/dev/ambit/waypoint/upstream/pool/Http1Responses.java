package dev.ambit.waypoint.upstream.pool;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;

/**
 * Reads responses strictly. Which request one belongs to is not guessed: there is one request at a
 * time.
 */
final class Http1Responses extends HttpResponseDecoder {
  private static final int MOST_HEADER_BYTES = 60 * 1024;
  private static final int MOST_LINE = 8 * 1024;
  private static final int MOST_CHUNK = 64 * 1024;

  private boolean head;
  private boolean tunnel;
  private boolean contradiction;

  Http1Responses() {
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MOST_LINE)
            .setMaxHeaderSize(MOST_HEADER_BYTES)
            .setMaxChunkSize(MOST_CHUNK)
            .setStrictLineParsing(true)
            .setUseRfc9112TransferEncoding(true));
  }

  /** What the next response answers. */
  void expect(String method) {
    head = method.equals("HEAD");
    tunnel = method.equals("CONNECT");
    contradiction = false;
  }

  /** Whether a response gave its length in two ways, so that its end is anybody's guess. */
  boolean contradiction() {
    return contradiction;
  }

  /** Whether bytes are left that are no message yet. */
  boolean hasRest() {
    return actualReadableBytes() > 0;
  }

  /** Whether the response that was last read has no body whatever its headers say. */
  boolean isBodyless(HttpResponse response) {
    return isContentAlwaysEmpty(response);
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    if (message instanceof HttpResponse response) {
      int status = response.status().code();
      if (status >= 200 && (head || (tunnel && status < 300))) {
        return true;
      }
    }
    return super.isContentAlwaysEmpty(message);
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    contradiction = true;
    super.handleTransferEncodingChunkedWithContentLength(message);
  }
}
