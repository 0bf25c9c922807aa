package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** One request and its response on an {@link Http1Connection}. */
final class Http1Stream implements HttpStream {
  /** How the body of the response is framed. */
  private enum Body {
    UNDECIDED,
    NONE,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE,
    RAW
  }

  /** Bodies up to this size are copied behind the head: that costs less than a second write. */
  private static final int SMALL = 2048;

  private final Http1Connection connection;
  private final Http1Head head;
  private @Nullable Receiver receiver;

  /** A head that waits for the first bytes of its body, or a flush. */
  private @Nullable ByteBuf waiting;

  private Body body = Body.UNDECIDED;
  private long left;
  private boolean batch;
  private boolean inputEnded;
  private boolean outputEnded;
  private boolean over;

  /**
   * @param ended whether the request was read to its end already
   */
  Http1Stream(Http1Connection connection, Http1Head head, boolean ended) {
    this.connection = connection;
    this.head = head;
    this.inputEnded = ended;
  }

  @Override
  public EventLoop loop() {
    return connection.loop();
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
    if (!over) {
      connection.turn();
    }
  }

  @Override
  public void read() {
    if (!over && !inputEnded) {
      connection.more();
    }
  }

  boolean takesBytes() {
    return (receiver != null || outputEnded) && !inputEnded;
  }

  boolean inputEnded() {
    return inputEnded;
  }

  /** Whether both halves are over. */
  boolean isComplete() {
    return inputEnded && outputEnded;
  }

  /** Whether it was answered before the request was over, by somebody who did not look at it. */
  boolean isCut() {
    return outputEnded && !inputEnded && receiver == null;
  }

  boolean isRaw() {
    return body == Body.RAW;
  }

  boolean answered() {
    return body != Body.UNDECIDED;
  }

  void onBytes(ByteBuf bytes) {
    if (over || receiver == null) {
      bytes.release();
      return;
    }
    batch = true;
    receiver.onBytes(bytes);
  }

  void onBatchEnd() {
    if (batch && receiver != null) {
      batch = false;
      receiver.onBatchEnd();
    }
  }

  void onInputEnd(HttpHeaders trailers) {
    onBatchEnd();
    inputEnded = true;
    if (receiver != null && !over) {
      over |= outputEnded && body != Body.RAW;
      receiver.onFinish(trailers);
    }
    if (outputEnded) {
      connection.done();
    }
  }

  void onWritable() {
    if (receiver != null && !over) {
      receiver.onWritable();
    }
  }

  void onReset(Reason reason, @Nullable String detail) {
    if (!over) {
      over = true;
      forgetHead();
      if (receiver != null) {
        receiver.onReset(reason, detail);
      }
    }
  }

  @Override
  public void request(RequestHead request, boolean end) {
    throw new IllegalStateException("a client's stream sends no requests");
  }

  @Override
  public void response(ResponseHead response, boolean end) {
    if (over) {
      return;
    }
    if (response.isInformational()) {
      if (head.is11()) {
        ByteBuf out = Http1Writer.head(alloc(), response.status(), response.headers());
        Http1Writer.end(out);
        connection.write(out);
      }
      return;
    }
    if (response.status() == 101 && !head.upgrade().isEmpty()) {
      switchTo(response);
      return;
    }
    frame(response, end);
    if (!head.upgrade().isEmpty()) {
      // No upgrade, so the request was over with its head.
      onInputEnd(EmptyHttpHeaders.INSTANCE);
    }
    if (end) {
      ended();
    }
  }

  private void switchTo(ResponseHead response) {
    body = Body.RAW;
    ByteBuf out = Http1Writer.head(alloc(), 101, response.headers());
    Http1Writer.field(out, HttpHeaderNames.CONNECTION, "upgrade");
    Http1Writer.field(out, HttpHeaderNames.UPGRADE, head.upgrade());
    Http1Writer.end(out);
    connection.write(out);
    connection.raw();
  }

  private void frame(ResponseHead response, boolean end) {
    int status = response.status();
    HttpHeaders headers = response.headers();
    String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
    boolean bodiless = status == 204 || status == 304 || head.method().equals("HEAD");
    if (status == 204) {
      headers.remove(HttpHeaderNames.CONTENT_LENGTH);
    }
    if (bodiless) {
      body = Body.NONE;
    } else if (length != null) {
      body = Body.LENGTH;
      left = Long.parseLong(length);
    } else if (end) {
      body = Body.NONE;
    } else {
      body = head.is11() ? Body.CHUNKED : Body.UNTIL_CLOSE;
    }
    int room = body == Body.LENGTH ? (int) Math.min(left, SMALL) : 0;
    ByteBuf out = Http1Writer.head(alloc(), status, headers, room);
    if (body == Body.NONE && !bodiless) {
      Http1Writer.field(out, HttpHeaderNames.CONTENT_LENGTH, "0");
    } else if (body == Body.CHUNKED) {
      Http1Writer.field(out, HttpHeaderNames.TRANSFER_ENCODING, "chunked");
    }
    if (!head.keepAlive() || body == Body.UNTIL_CLOSE || connection.isLast()) {
      connection.last();
      Http1Writer.field(out, HttpHeaderNames.CONNECTION, "close");
    } else if (!head.is11()) {
      Http1Writer.field(out, HttpHeaderNames.CONNECTION, "keep-alive");
    }
    Http1Writer.end(out);
    waiting = out;
  }

  /** Writes a head that waits, before anything else is written. */
  private void writeHead() {
    ByteBuf out = waiting;
    if (out != null) {
      waiting = null;
      connection.write(out);
    }
  }

  /** Whether {@code bytes} went out behind the head, in one write. */
  private boolean wroteWithHead(ByteBuf bytes, int size) {
    ByteBuf out = waiting;
    if (out == null || size > SMALL || size > out.writableBytes()) {
      return false;
    }
    out.writeBytes(bytes);
    bytes.release();
    writeHead();
    return true;
  }

  /** Lets go of a head that nobody will see. */
  private void forgetHead() {
    if (waiting != null) {
      waiting.release();
      waiting = null;
    }
  }

  @Override
  public void write(ByteBuf bytes) {
    int size = bytes.readableBytes();
    if (over || outputEnded || size == 0) {
      bytes.release();
      return;
    }
    switch (body) {
      case LENGTH -> {
        left -= size;
        if (left < 0) {
          bytes.release();
          reset(Reason.PROTOCOL_ERROR);
        } else if (!wroteWithHead(bytes, size)) {
          writeHead();
          connection.write(bytes);
        }
      }
      case CHUNKED -> {
        writeHead();
        connection.write(Http1Writer.chunk(alloc(), size));
        connection.write(bytes);
        connection.write(Http1Writer.chunkEnd());
      }
      case UNTIL_CLOSE, RAW -> {
        writeHead();
        connection.write(bytes);
      }
      case NONE -> bytes.release();
      case UNDECIDED -> {
        bytes.release();
        throw new IllegalStateException("a body before its head");
      }
    }
  }

  @Override
  public void finish(HttpHeaders trailers) {
    if (over || outputEnded) {
      return;
    }
    switch (body) {
      case CHUNKED -> {
        writeHead();
        connection.write(Http1Writer.lastChunk(alloc(), trailers));
      }
      case LENGTH -> {
        if (left > 0) {
          // The client counts the bytes and must not take these for all.
          reset(Reason.INTERNAL_ERROR);
          return;
        }
      }
      case NONE, UNTIL_CLOSE, RAW -> {}
      case UNDECIDED -> throw new IllegalStateException("an end before a head");
    }
    ended();
  }

  private void ended() {
    writeHead();
    outputEnded = true;
    if (body == Body.RAW) {
      connection.finishOutput();
      if (inputEnded) {
        connection.done();
      }
      return;
    }
    if (inputEnded || receiver == null) {
      over = true;
      connection.done();
    }
  }

  @Override
  public void flush() {
    writeHead();
    connection.flush();
  }

  @Override
  public boolean writable() {
    return connection.writable();
  }

  @Override
  public void reset(Reason reason) {
    if (over) {
      return;
    }
    over = true;
    forgetHead();
    if (outputEnded && body != Body.RAW) {
      connection.end();
    } else {
      connection.abort(reason);
    }
  }

  private ByteBufAllocator alloc() {
    return connection.alloc();
  }
}
