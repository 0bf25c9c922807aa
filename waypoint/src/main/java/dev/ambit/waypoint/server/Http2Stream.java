package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response on an {@link Http2Connection}. What comes unasked waits here, no
 * more than the stream's window, for the client gets credit only with {@link #read}.
 */
final class Http2Stream implements HttpStream {
  private static final int HIGH = 256 * 1024;
  private static final int LOW = 64 * 1024;

  private final Http2Connection connection;
  private final Http2FrameStream id;
  private final boolean upgrade;
  private final Queue<ByteBuf> waiting = new ArrayDeque<>(0);
  private @Nullable Receiver receiver;
  private @Nullable HttpHeaders trailers;
  private @Nullable Reason failure;
  private int credit;
  private int queued;
  private boolean full;
  private boolean asked;
  private boolean batch;
  private boolean answered;
  private boolean inputEnded;
  private boolean outputEnded;
  private boolean over;

  /**
   * @param ended whether the request has no body
   */
  Http2Stream(Http2Connection connection, Http2FrameStream id, boolean upgrade, boolean ended) {
    this.connection = connection;
    this.id = id;
    this.upgrade = upgrade;
    this.inputEnded = ended;
  }

  Http2FrameStream id() {
    return id;
  }

  @Override
  public EventLoop loop() {
    return connection.loop();
  }

  boolean answered() {
    return answered;
  }

  /** Whether bytes now would be sent before it is known where to (threat-model SEC-075). */
  boolean isBeforeUpgrade() {
    return upgrade && !answered;
  }

  void onData(Http2DataFrame data) {
    credit += data.initialFlowControlledBytes();
    if (over || !data.content().isReadable()) {
      data.release();
      if (over) {
        grant();
      }
    } else if (receiver != null && asked) {
      batch = true;
      receiver.onBytes(data.content());
    } else {
      waiting.add(data.content());
    }
    if (data.isEndStream() && !over) {
      onEnd(EmptyHttpHeaders.INSTANCE);
    }
  }

  void onEnd(HttpHeaders read) {
    trailers = read;
    inputEnded = true;
    tellEnd();
  }

  private void tellEnd() {
    if (receiver != null && waiting.isEmpty() && trailers != null && !over) {
      HttpHeaders read = trailers;
      trailers = null;
      onTurnEnd();
      receiver.onFinish(read);
      if (outputEnded) {
        over();
      }
    }
  }

  /** What came in one turn of the loop is there. */
  void onTurnEnd() {
    if (batch && receiver != null && !over) {
      batch = false;
      asked = false;
      receiver.onBatchEnd();
    }
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
    if (failure != null) {
      to.onReset(failure, null);
    } else {
      deliver();
    }
  }

  private void deliver() {
    if (receiver == null || over) {
      return;
    }
    for (ByteBuf bytes = waiting.poll(); bytes != null; bytes = waiting.poll()) {
      batch = true;
      receiver.onBytes(bytes);
      if (over) {
        return;
      }
    }
    if (trailers != null) {
      tellEnd();
    } else {
      onTurnEnd();
    }
  }

  @Override
  public void read() {
    if (over) {
      return;
    }
    grant();
    asked = true;
    if (!waiting.isEmpty()) {
      deliver();
    }
  }

  private void grant() {
    if (credit > 0) {
      connection.write(new DefaultHttp2WindowUpdateFrame(credit).stream(id));
      credit = 0;
      connection.flush();
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
    if (!response.isInformational()) {
      answered = true;
    }
    Http2Headers headers = Http2Heads.response(response.status(), response.headers());
    connection.write(new DefaultHttp2HeadersFrame(headers, end).stream(id));
    if (end) {
      ended();
    }
  }

  @Override
  public void write(ByteBuf bytes) {
    if (over || outputEnded) {
      bytes.release();
      return;
    }
    int size = bytes.readableBytes();
    queued += size;
    full |= queued > HIGH;
    connection.write(new DefaultHttp2DataFrame(bytes).stream(id)).addListener(_ -> written(size));
  }

  private void written(int size) {
    queued -= size;
    if (full && queued <= LOW) {
      full = false;
      if (receiver != null && !over) {
        receiver.onWritable();
      }
    }
  }

  @Override
  public void finish(HttpHeaders last) {
    if (over || outputEnded) {
      return;
    }
    connection.write(
        last.isEmpty()
            ? new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true).stream(id)
            : new DefaultHttp2HeadersFrame(Http2Heads.trailers(last), true).stream(id));
    ended();
  }

  private void ended() {
    outputEnded = true;
    if (inputEnded) {
      over();
    } else if (receiver == null) {
      // Nobody looks at the rest of the request (RFC 9113 §8.1).
      reset(Reason.CANCELLED);
    }
  }

  private void over() {
    over = true;
    waiting.forEach(ByteBuf::release);
    waiting.clear();
    connection.forget(this);
  }

  @Override
  public void flush() {
    connection.flush();
  }

  @Override
  public boolean writable() {
    return !full;
  }

  @Override
  public void reset(Reason reason) {
    if (!over) {
      boolean answeredWhole = outputEnded && !upgrade;
      abort(answeredWhole ? Http2Error.NO_ERROR : Resets.code(reason));
    }
  }

  /** Ends the stream on the wire; nobody is told. */
  void abort(Http2Error error) {
    over();
    connection.write(new DefaultHttp2ResetFrame(error).stream(id));
    connection.flush();
  }

  /** The stream has come to a bad end on the wire. */
  void fail(Reason reason, @Nullable String detail) {
    if (over) {
      return;
    }
    over();
    if (receiver == null) {
      failure = reason;
    } else {
      receiver.onReset(reason, detail);
    }
  }
}
