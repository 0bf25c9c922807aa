package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.upstream.Upstreams.Chosen;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a request. Nobody waits for it and its answer is thrown away; when it cannot keep up it
 * is given up, and the request itself never learns of it (spec: http-routing §4). Confined to one
 * loop.
 */
final class Mirroring implements RequestBody.Tap {
  private final Chosen chosen;
  private final int limit;
  private final Deadline deadline;
  private final Queue<ByteBuf> waiting = new ArrayDeque<>(0);
  private long waitingBytes;
  private @Nullable Future<HttpStream> opening;
  private @Nullable HttpStream stream;
  private @Nullable HttpHeaders trailers;
  private boolean answered;
  private boolean finished;
  private boolean over;

  private Mirroring(Chosen chosen, int limit, EventLoop loop) {
    this.chosen = chosen;
    this.limit = limit;
    this.deadline = new Deadline(loop);
  }

  /**
   * @param limit bytes that may wait
   * @param longest how long all of it may take
   */
  static Mirroring begin(
      Chosen chosen, RequestHead head, RequestBody body, int limit, Deadlines times) {
    Mirroring copy = new Mirroring(chosen, limit, times.loop());
    copy.deadline.in(times.longest(), copy::abandon);
    boolean whole = body.isEmpty();
    Future<HttpStream> future = chosen.http(unsampled(head));
    copy.opening = future;
    if (!whole) {
      body.tap(copy);
    } else {
      copy.finished = true;
    }
    future.addListener((Future<HttpStream> done) -> copy.opened(done, head, whole));
    return copy;
  }

  /** When it must be over. */
  record Deadlines(EventLoop loop, Duration longest) {}

  /** A copy is no part of the trace. */
  private static RequestHead unsampled(RequestHead head) {
    HttpHeaders headers = head.headers();
    String parent = headers.get("traceparent");
    if (parent != null && parent.endsWith("-01")) {
      headers.set("traceparent", parent.substring(0, parent.length() - 2) + "00");
    }
    if (headers.contains("x-b3-sampled")) {
      headers.set("x-b3-sampled", "0");
    }
    return head;
  }

  private void opened(Future<HttpStream> done, RequestHead head, boolean end) {
    opening = null;
    if (!done.isSuccess()) {
      if (!over) {
        chosen.failed();
        abandon();
      }
      return;
    }
    HttpStream got = done.getNow();
    if (over) {
      got.reset(HttpStream.Reason.CANCELLED);
      return;
    }
    stream = got;
    got.start(new Answer());
    if (!over) {
      got.request(head, end);
      pump();
      got.flush();
      got.read();
    }
  }

  private void pump() {
    if (stream == null || over || finished) {
      return;
    }
    while (!waiting.isEmpty() && stream.writable()) {
      ByteBuf next = waiting.remove();
      waitingBytes -= next.readableBytes();
      stream.write(next);
    }
    if (waiting.isEmpty() && trailers != null) {
      finished = true;
      stream.finish(trailers);
      stream.flush();
      endIfDone();
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (over) {
      bytes.release();
    } else if (waitingBytes + bytes.readableBytes() > limit) {
      bytes.release();
      abandon();
    } else {
      waiting.add(bytes);
      waitingBytes += bytes.readableBytes();
      pump();
    }
  }

  @Override
  public void onEnd(HttpHeaders with) {
    trailers = with;
    pump();
  }

  @Override
  public void onBatchEnd() {
    if (stream != null && !over) {
      stream.flush();
    }
  }

  /** The answer, which nobody wants. */
  private final class Answer implements HttpStream.Receiver {
    @Override
    public void onResponse(ResponseHead head) {
      if (!over && !head.isInformational()) {
        chosen.answered(head.status());
      }
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      bytes.release();
    }

    @Override
    public void onBatchEnd() {
      if (stream != null && !over && !answered) {
        stream.read();
      }
    }

    @Override
    public void onFinish(HttpHeaders ignored) {
      answered = true;
      endIfDone();
    }

    @Override
    public void onWritable() {
      pump();
    }

    @Override
    public void onReset(HttpStream.Reason reason, @Nullable String detail) {
      if (!over) {
        chosen.failed();
        stream = null;
        abandon();
      }
    }
  }

  private void endIfDone() {
    if (finished && answered && !over) {
      end();
    }
  }

  /** Gives it up. */
  void abandon() {
    if (over) {
      return;
    }
    end();
    if (opening != null) {
      opening.cancel(false);
    }
    if (stream != null) {
      stream.reset(HttpStream.Reason.CANCELLED);
    }
  }

  private void end() {
    over = true;
    deadline.cancel();
    waiting.forEach(ByteBuf::release);
    waiting.clear();
    waitingBytes = 0;
    chosen.over();
  }
}
