package dev.ambit.waypoint.upstream.pool;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.upstream.link.Connector;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** One request and its response on an HTTP/1.1 connection. Confined to its loop. */
final class Http1Exchange implements HttpStream {
  private static final int MOST_HEADERS = 100;
  private static final int SWITCHING_PROTOCOLS = 101;

  private final Http1Connection connection;
  private final Inbox inbox = new Inbox();
  private @Nullable RequestHead request;
  private long declared = -1;
  private long written;
  private boolean requestEnded;
  private boolean responseEnded;
  private boolean skipLast;
  private boolean keepAlive;
  private boolean raw;
  private boolean asked;
  private boolean blocked;
  private boolean over;

  Http1Exchange(Http1Connection connection) {
    this.connection = connection;
  }

  @Override
  public EventLoop loop() {
    return connection.channel().eventLoop();
  }

  @Override
  public void start(Receiver receiver) {
    inbox.start(receiver);
  }

  @Override
  public void read() {
    if (!over && !responseEnded) {
      asked = true;
      connection.read();
    }
  }

  @Override
  public void request(RequestHead head, boolean end) {
    if (over) {
      return;
    }
    request = head;
    connection.expect(head);
    HttpRequest message = Translation.http1(head, end);
    declared = HttpUtil.getContentLength(message, -1L);
    connection.channel().write(message, connection.channel().voidPromise());
    if (message instanceof LastHttpContent) {
      ended();
    } else if (!head.upgrade().isEmpty()) {
      // An upgrade asks without a body; bytes may follow only when it was granted.
      end(EmptyHttpHeaders.INSTANCE);
    }
  }

  /** Nothing more is sent; whether as much was as promised. */
  private boolean ended() {
    requestEnded = true;
    if (declared > written) {
      // The endpoint would wait for bytes that never come, or take the next request for them.
      broken(Reason.INTERNAL_ERROR, "the request body is shorter than its content-length");
      return false;
    }
    return true;
  }

  private void end(HttpHeaders trailers) {
    if (!ended()) {
      return;
    }
    LastHttpContent last = LastHttpContent.EMPTY_LAST_CONTENT;
    if (!trailers.isEmpty()) {
      last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers);
    }
    connection.channel().write(last, connection.channel().voidPromise());
  }

  @Override
  public void response(ResponseHead head, boolean end) {
    throw new IllegalStateException("a response goes towards a client");
  }

  @Override
  public void write(ByteBuf bytes) {
    if (over) {
      bytes.release();
    } else if (raw) {
      connection.channel().write(bytes, connection.channel().voidPromise());
    } else if (requestEnded) {
      bytes.release();
      broken(Reason.INTERNAL_ERROR, "bytes behind the end of the request");
    } else {
      written += bytes.readableBytes();
      if (declared >= 0 && written > declared) {
        bytes.release();
        broken(Reason.INTERNAL_ERROR, "the request body is longer than its content-length");
        return;
      }
      connection.channel().write(new DefaultHttpContent(bytes), connection.channel().voidPromise());
    }
  }

  @Override
  public void finish(HttpHeaders trailers) {
    if (over) {
      return;
    }
    if (raw) {
      requestEnded = true;
      Connector.finish(connection.channel());
      if (responseEnded) {
        connection.abandoned(this);
      }
    } else if (!requestEnded) {
      end(trailers);
      flush();
    }
  }

  @Override
  public void flush() {
    if (!over) {
      connection.channel().flush();
    }
  }

  @Override
  public boolean writable() {
    // What is over takes everything and drops it.
    blocked = !over && !connection.channel().isWritable();
    return !blocked;
  }

  @Override
  public void reset(Reason reason) {
    inbox.close();
    if (!over) {
      over();
      connection.abandoned(this);
    }
  }

  private void broken(Reason reason, String detail) {
    if (!over) {
      inbox.reset(reason, detail);
      over();
      connection.abandoned(this);
    }
  }

  /** What is written later is dropped. */
  void over() {
    if (!over) {
      over = true;
      if (blocked) {
        blocked = false;
        inbox.writable();
      }
    }
  }

  /** Whether the connection is as it was before. */
  boolean isClean() {
    return requestEnded && responseEnded && keepAlive && !raw;
  }

  void onResponse(HttpResponse response) {
    if (over) {
      return;
    }
    if (response.decoderResult().isFailure()) {
      broken(Reason.PROTOCOL_ERROR, String.valueOf(response.decoderResult().cause().getMessage()));
      return;
    }
    int status = response.status().code();
    if (connection.responses().contradiction()) {
      broken(Reason.PROTOCOL_ERROR, "a response with both content-length and transfer-encoding");
      return;
    }
    if (response.headers().size() > MOST_HEADERS) {
      broken(Reason.PROTOCOL_ERROR, "more than " + MOST_HEADERS + " response headers");
      return;
    }
    if (status < SWITCHING_PROTOCOLS || (status > SWITCHING_PROTOCOLS && status < 200)) {
      skipLast = true;
      inbox.head(new ResponseHead(status, Translation.withoutHop(response.headers())));
      return;
    }
    if (status == SWITCHING_PROTOCOLS) {
      onSwitched(response);
      return;
    }
    boolean delimited =
        HttpUtil.isTransferEncodingChunked(response)
            || response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
            || connection.responses().isBodyless(response);
    keepAlive = delimited && HttpUtil.isKeepAlive(response);
    inbox.head(new ResponseHead(status, Translation.withoutHop(response.headers())));
  }

  private void onSwitched(HttpResponse response) {
    RequestHead asking = request;
    if (asking == null || asking.upgrade().isEmpty()) {
      broken(Reason.PROTOCOL_ERROR, "101 to a request that asked for no upgrade");
      return;
    }
    raw = true;
    requestEnded = false;
    skipLast = true;
    HttpHeaders headers = Translation.withoutHop(response.headers());
    if (asking.version() == RequestHead.Version.HTTP_2) {
      headers.remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
    }
    inbox.head(new ResponseHead(SWITCHING_PROTOCOLS, headers));
    connection.becomeRaw();
  }

  void onContent(HttpContent content) {
    if (content.decoderResult().isFailure() && !over) {
      content.release();
      broken(Reason.PROTOCOL_ERROR, String.valueOf(content.decoderResult().cause().getMessage()));
      return;
    }
    if (skipLast && content instanceof LastHttpContent) {
      skipLast = false;
      content.release();
      return;
    }
    if (over) {
      content.release();
      return;
    }
    inbox.bytes(content.content());
    if (content instanceof LastHttpContent last) {
      responseEnded = true;
      boolean answeredEarly = !requestEnded;
      inbox.end(last.trailingHeaders());
      if (over) {
        return;
      }
      if (answeredEarly) {
        keepAlive = false;
        // The endpoint has said all it will; what is left of the request is for nobody.
        over();
      }
      connection.completed(this);
    }
  }

  void onRaw(ByteBuf bytes) {
    if (over) {
      bytes.release();
    } else {
      inbox.bytes(bytes);
    }
  }

  /**
   * @param more whether it was asked for while the batch came
   */
  void onReadComplete(boolean more) {
    boolean hungry = asked;
    asked = false;
    boolean some = inbox.batchEnd();
    if (!over && (more || (hungry && !some))) {
      asked = true;
      connection.read();
    }
  }

  void onWritable() {
    if (!over) {
      blocked = false;
      inbox.writable();
    }
  }

  /** The connection is closed. */
  void onClosed(Reason reason, String detail) {
    if (over) {
      return;
    }
    if (raw && reason == Reason.CONNECTION_LOST) {
      inbox.end(EmptyHttpHeaders.INSTANCE);
    } else {
      inbox.reset(reason, detail);
    }
  }
}
