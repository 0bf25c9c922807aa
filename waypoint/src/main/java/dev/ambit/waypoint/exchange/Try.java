package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.upstream.Upstreams.Chosen;
import dev.ambit.waypoint.upstream.Upstreams.Unreachable;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One try of a request at one endpoint. Tells {@link Chosen} what came of it and that it is over;
 * its owner hears nothing more after the end. Confined to one loop.
 */
final class Try implements HttpStream.Receiver {

  /** Who tries. */
  interface Owner {
    /** The stream is there: send the body. */
    void onOpen();

    void onHead(ResponseHead head);

    /** Hands over {@code bytes}. */
    void onBytes(ByteBuf bytes);

    void onBatchEnd();

    /** The response is complete. */
    void onEnd(HttpHeaders trailers);

    void onWritable();

    /** It came to nothing, or broke off after the head. */
    void onFailed(Failed how);
  }

  /**
   * How a try failed.
   *
   * @param outcome for the decision whether to try again
   * @param transport why there was no connection, "" when there was one
   */
  record Failed(LocalReply reply, RetryPolicy.Outcome outcome, String transport) {}

  private final Chosen chosen;
  private final Owner owner;
  private @Nullable Future<HttpStream> opening;
  private @Nullable HttpStream stream;
  private boolean asked;
  private boolean requestDone;
  private boolean responseDone;
  private boolean over;

  Try(Chosen chosen, Owner owner) {
    this.chosen = chosen;
    this.owner = owner;
  }

  Chosen chosen() {
    return chosen;
  }

  void open(RequestHead head, boolean end) {
    requestDone = end;
    Future<HttpStream> future = chosen.http(head);
    opening = future;
    if (future.isDone()) {
      opened(future, head, end);
    } else {
      future.addListener((Future<HttpStream> done) -> opened(done, head, end));
    }
  }

  private void opened(Future<HttpStream> done, RequestHead head, boolean end) {
    opening = null;
    if (!done.isSuccess()) {
      if (!over) {
        unreachable(done.cause());
      }
      return;
    }
    HttpStream got = done.getNow();
    if (over) {
      got.reset(HttpStream.Reason.CANCELLED);
      return;
    }
    stream = got;
    got.start(this);
    if (over) {
      return;
    }
    got.request(head, end);
    owner.onOpen();
    if (!over) {
      got.flush();
      read();
    }
  }

  private void unreachable(@Nullable Throwable cause) {
    over = true;
    if (cause instanceof Unreachable why) {
      if (why.reply() != LocalReply.OVERFLOW) {
        chosen.failed();
      }
      chosen.over();
      owner.onFailed(new Failed(why.reply(), why.outcome(), String.valueOf(why.getMessage())));
    } else {
      chosen.failed();
      chosen.over();
      owner.onFailed(
          new Failed(
              LocalReply.CONNECT_FAILURE,
              new RetryPolicy.ConnectFailure(),
              cause == null ? "" : String.valueOf(cause.getMessage())));
    }
  }

  /** Whether the body may be sent. */
  boolean isOpen() {
    return stream != null && !over;
  }

  /** Sends what {@code body} has for it, and its end. */
  void send(RequestBody body) {
    if (stream == null || over || requestDone) {
      return;
    }
    boolean wrote = body.sendTo(stream);
    if (body.ended() && body.allSent()) {
      requestDone = true;
      stream.finish(body.trailers());
      wrote = true;
    }
    if (wrote) {
      stream.flush();
    }
    endIfDone();
  }

  /** Whether the stream takes more of the body. */
  boolean writable() {
    return stream != null && !over && !requestDone && stream.writable();
  }

  /** There is nothing more to send, whatever the client does. */
  void endRequest(HttpHeaders trailers) {
    if (stream != null && !over && !requestDone) {
      requestDone = true;
      stream.finish(trailers);
      stream.flush();
      endIfDone();
    }
  }

  /** Wants one more batch of the response. */
  void read() {
    if (stream != null && !over && !asked && !responseDone) {
      asked = true;
      stream.read();
    }
  }

  /** Gives it up. */
  void cancel() {
    endIfDone();
    if (over) {
      return;
    }
    over = true;
    if (opening != null) {
      opening.cancel(false);
    }
    if (stream != null) {
      stream.reset(HttpStream.Reason.CANCELLED);
    }
    chosen.over();
  }

  /** Gives it up as too slow. */
  void tooSlow() {
    if (!over) {
      chosen.failed();
      cancel();
    }
  }

  private void endIfDone() {
    if (requestDone && responseDone && !over) {
      over = true;
      chosen.over();
    }
  }

  @Override
  public void onResponse(ResponseHead head) {
    if (!over) {
      owner.onHead(head);
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (over) {
      bytes.release();
    } else {
      owner.onBytes(bytes);
    }
  }

  @Override
  public void onBatchEnd() {
    asked = false;
    if (!over) {
      owner.onBatchEnd();
    }
  }

  @Override
  public void onFinish(HttpHeaders trailers) {
    asked = false;
    if (!over) {
      responseDone = true;
      owner.onEnd(trailers);
      endIfDone();
    }
  }

  @Override
  public void onWritable() {
    if (!over) {
      owner.onWritable();
    }
  }

  @Override
  public void onReset(HttpStream.Reason reason, @Nullable String detail) {
    if (over) {
      return;
    }
    over = true;
    chosen.failed();
    chosen.over();
    LocalReply reply =
        switch (reason) {
          case REFUSED, RESET -> LocalReply.REMOTE_RESET;
          case CONNECTION_LOST, CANCELLED, INTERNAL_ERROR -> LocalReply.CONNECTION_CLOSED;
          case PROTOCOL_ERROR -> LocalReply.UPSTREAM_PROTOCOL;
        };
    RetryPolicy.Outcome outcome =
        reason == HttpStream.Reason.REFUSED
            ? new RetryPolicy.StreamRefused()
            : new RetryPolicy.StreamReset(true);
    owner.onFailed(new Failed(reply, outcome, ""));
  }
}
