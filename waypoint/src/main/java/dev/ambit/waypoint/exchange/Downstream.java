package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.telemetry.Told;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of an exchange: what it sent, what it was answered, and what is counted of
 * both. Confined to the loop of the stream.
 */
final class Downstream implements HttpStream.Receiver {
  private static final HttpHeaders NONE = EmptyHttpHeaders.INSTANCE;

  /** Who decides what is answered. */
  interface Owner {
    /** More of the request is in the body, or its end. */
    void onRequest();

    /** The client takes more of the response. */
    void onWritable();

    /** The client is gone; the exchange is over. */
    void onGone();
  }

  private final HttpStream stream;
  private final Told told;
  private final RequestBody body;
  private final Duration drainLimit;
  private final boolean grpc;
  private final Grpc.Messages requestMessages = new Grpc.Messages();
  private final Grpc.Messages responseMessages = new Grpc.Messages();

  /** Put on every final response, whoever makes it. */
  private final HttpHeaders everywhere = new DefaultHttpHeaders();

  private Runnable atEnd = () -> {};
  private @Nullable Owner owner;
  private @Nullable ResponseHead pending;
  private @Nullable Future<?> drain;
  private boolean expectsContinue;
  private boolean asked;
  private boolean answering;
  private boolean finished;
  private boolean raw;
  private boolean over;
  private long moved;

  Downstream(HttpStream stream, Told told, RequestBody body, Duration drainLimit) {
    this.stream = stream;
    this.told = told;
    this.body = body;
    this.drainLimit = drainLimit;
    HttpHeaders headers = told.request.headers();
    this.grpc = Grpc.is(headers);
    this.expectsContinue =
        headers.containsValue(HttpHeaderNames.EXPECT, HttpHeaderValues.CONTINUE, true);
    if (expectsContinue) {
      headers.remove(HttpHeaderNames.EXPECT);
    }
  }

  /** Begins; {@code atEnd} runs once, when the exchange is over. */
  void start(Owner who, Runnable whenOver) {
    owner = who;
    atEnd = whenOver;
    stream.start(this);
  }

  boolean isGrpc() {
    return grpc;
  }

  /** Whether the exchange is over. */
  boolean isOver() {
    return over;
  }

  /** Whether the request has ended. */
  boolean hasWholeRequest() {
    return body.ended();
  }

  /** Whether more of the request is waited for. */
  boolean isAsked() {
    return asked;
  }

  /** Whether a final response is under way, so that no other can be. */
  boolean isAnswering() {
    return answering;
  }

  boolean writable() {
    return stream.writable();
  }

  /** Grows whenever something passes. */
  long moved() {
    return moved;
  }

  /** Headers for every final response. */
  HttpHeaders everywhere() {
    return everywhere;
  }

  /** Wants one more batch of the request. */
  void read() {
    if (asked || over || body.ended()) {
      return;
    }
    if (expectsContinue && !answering) {
      expectsContinue = false;
      stream.response(new ResponseHead(100, NONE), false);
      stream.flush();
    }
    asked = true;
    stream.read();
  }

  @Override
  public void onResponse(ResponseHead head) {
    throw new IllegalStateException("a response head from a client: " + head.status());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (over) {
      bytes.release();
      return;
    }
    moved++;
    told.bytesReceived += bytes.readableBytes();
    if (grpc) {
      requestMessages.pass(bytes);
    }
    body.add(bytes);
  }

  @Override
  public void onBatchEnd() {
    asked = false;
    if (drain != null) {
      stream.read();
    } else if (!over) {
      body.batchEnd();
      owner().onRequest();
    }
  }

  @Override
  public void onFinish(HttpHeaders trailers) {
    asked = false;
    if (drain != null) {
      drain.cancel(false);
      drain = null;
    } else if (!over && !body.ended()) {
      moved++;
      body.end(trailers);
      owner().onRequest();
      if (raw && finished) {
        end(false);
      }
    }
  }

  @Override
  public void onWritable() {
    if (!over) {
      owner().onWritable();
    }
  }

  @Override
  public void onReset(HttpStream.Reason reason, @Nullable String detail) {
    if (drain != null) {
      drain.cancel(false);
      drain = null;
    }
    if (over) {
      return;
    }
    boolean broken = reason == HttpStream.Reason.PROTOCOL_ERROR;
    Flags.add(told, broken ? "DPE" : "DC");
    if (told.details.isEmpty() || !broken) {
      told.details = broken && detail != null ? detail : "downstream_remote_disconnect";
    }
    owner().onGone();
    end(false);
  }

  /** Passes on a head that is not the last one. */
  void informational(ResponseHead head) {
    if (told.request.version() != RequestHead.Version.HTTP_1_0 && !answering) {
      stream.response(head, false);
      stream.flush();
    }
  }

  /** The final head. It waits for what comes next, which may be the end. */
  void respond(ResponseHead head, boolean upgraded) {
    answering = true;
    raw = upgraded;
    told.status = head.status();
    told.response = head;
    HttpHeaders headers = head.headers();
    headers.set("server", "istio-envoy");
    if (!everywhere.isEmpty()) {
      for (String name : everywhere.names()) {
        if (!name.equalsIgnoreCase("set-cookie")) {
          headers.remove(name);
        }
      }
      headers.add(everywhere);
    }
    pending = head;
    if (upgraded) {
      flush();
    }
  }

  /** Hands over bytes of the response. */
  void write(ByteBuf bytes) {
    sendHead(false);
    moved++;
    told.bytesSent += bytes.readableBytes();
    if (grpc) {
      responseMessages.pass(bytes);
    }
    stream.write(bytes);
  }

  void flush() {
    sendHead(false);
    stream.flush();
  }

  private void sendHead(boolean end) {
    if (pending != null) {
      stream.response(pending, end);
      pending = null;
      moved++;
    }
  }

  /** Ends the response. Then the exchange is over, unless raw bytes still come. */
  void finish(HttpHeaders trailers) {
    if (finished) {
      return;
    }
    finished = true;
    int inTrailers = Grpc.status(trailers);
    if (inTrailers >= 0) {
      told.grpcStatus = inTrailers;
    }
    if (pending != null && trailers.isEmpty()) {
      sendHead(true);
    } else {
      sendHead(false);
      stream.finish(trailers);
    }
    stream.flush();
    if (!raw || body.ended()) {
      end(true);
    }
  }

  /** Answers by ourselves; nothing may have been answered before. */
  void reply(Reply reply) {
    Flags.add(told, reply.flag());
    told.details = reply.details();
    boolean head = told.request.method().equals("HEAD");
    if (grpc) {
      told.grpcStatus = reply.grpc();
    }
    respond(grpc ? reply.grpcHead() : reply.head(), false);
    if (!grpc && !head && reply.body().length > 0) {
      write(Unpooled.wrappedBuffer(reply.body()));
    }
    finish(NONE);
  }

  /** Breaks off a response that cannot be completed. */
  void reset(String flag, String details) {
    if (over) {
      return;
    }
    Flags.add(told, flag);
    told.details = details;
    stream.reset(HttpStream.Reason.INTERNAL_ERROR);
    end(false);
  }

  /**
   * @param hearsOut whether the client may still be sending
   */
  private void end(boolean hearsOut) {
    if (over) {
      return;
    }
    over = true;
    told.requestMessages = requestMessages.count();
    told.responseMessages = responseMessages.count();
    boolean answeredEarly = hearsOut && !body.ended();
    body.release();
    atEnd.run();
    if (answeredEarly) {
      // The client may still be sending; it is heard out so that it sees the answer and not a
      // broken connection, but not for ever.
      drain = stream.loop().schedule(this::drained, drainLimit.toNanos(), TimeUnit.NANOSECONDS);
      if (!asked) {
        stream.read();
      }
    }
  }

  private void drained() {
    drain = null;
    stream.reset(HttpStream.Reason.CANCELLED);
  }

  private Owner owner() {
    if (owner == null) {
      throw new IllegalStateException("not started");
    }
    return owner;
  }
}
