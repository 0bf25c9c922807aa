package dev.ambit.waypoint.call;

import dev.ambit.waypoint.call.Outcall.Answer;
import dev.ambit.waypoint.call.Outcall.NoAnswer;
import dev.ambit.waypoint.call.Outcall.Question;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.upstream.Upstreams.Chosen;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One call under way. Confined to its loop. */
final class Asking implements HttpStream.Receiver {
  private final Chosen chosen;
  private final Question question;
  private final Promise<Answer> promise;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable Future<HttpStream> opening;
  private @Nullable HttpStream stream;
  private @Nullable ScheduledFuture<?> deadline;
  private @Nullable ResponseHead head;
  private boolean over;

  Asking(Chosen chosen, Question question, Promise<Answer> promise) {
    this.chosen = chosen;
    this.question = question;
    this.promise = promise;
  }

  /**
   * @param loop this runs on
   */
  void begin(EventLoop loop) {
    deadline =
        loop.schedule(
            () -> failed("got no whole answer within " + question.timeout()),
            question.timeout().toNanos(),
            TimeUnit.NANOSECONDS);
    Future<HttpStream> future = chosen.http(question.head());
    opening = future;
    if (future.isDone()) {
      opened(future);
    } else {
      future.addListener((Future<HttpStream> done) -> opened(done));
    }
  }

  private void opened(Future<HttpStream> done) {
    opening = null;
    if (!done.isSuccess()) {
      failed(done.cause() == null ? "cancelled" : String.valueOf(done.cause().getMessage()));
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
    boolean empty = question.body().length == 0;
    got.request(question.head(), empty);
    if (!empty) {
      got.write(Unpooled.wrappedBuffer(question.body()));
      got.finish(EmptyHttpHeaders.INSTANCE);
    }
    got.flush();
    got.read();
  }

  @Override
  public void onResponse(ResponseHead response) {
    if (!over && !response.isInformational()) {
      head = response;
      chosen.answered(response.status());
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    int size = bytes.readableBytes();
    if (!over && body.size() + size <= question.mostAnswer()) {
      byte[] copy = new byte[size];
      bytes.readBytes(copy);
      body.writeBytes(copy);
    } else {
      failed("got a body of more than " + question.mostAnswer() + " bytes");
    }
    bytes.release();
  }

  @Override
  public void onBatchEnd() {
    if (!over && stream != null) {
      stream.read();
    }
  }

  @Override
  public void onFinish(HttpHeaders trailers) {
    ResponseHead response = head;
    if (over) {
      return;
    } else if (response == null) {
      failed("got an end, expected an answer");
      return;
    }
    end();
    promise.trySuccess(
        new Answer(response.status(), response.headers(), body.toByteArray(), trailers));
  }

  @Override
  public void onWritable() {
    // All was written at once, and is small.
  }

  @Override
  public void onReset(HttpStream.Reason reason, @Nullable String detail) {
    stream = null;
    failed("got a reset: " + reason + (detail == null ? "" : ", " + detail));
  }

  private void failed(String why) {
    if (over) {
      return;
    }
    chosen.failed();
    end();
    if (opening != null) {
      opening.cancel(false);
    }
    if (stream != null) {
      stream.reset(HttpStream.Reason.CANCELLED);
    }
    promise.tryFailure(new NoAnswer(why));
  }

  private void end() {
    over = true;
    if (deadline != null) {
      deadline.cancel(false);
    }
    chosen.over();
  }
}
