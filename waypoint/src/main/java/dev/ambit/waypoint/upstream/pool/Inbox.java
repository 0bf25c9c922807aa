package dev.ambit.waypoint.upstream.pool;

import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.HttpStream.Receiver;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What arrives on a stream, on its way to the receiver; kept while there is none. After an end or a
 * reset nothing is delivered any more.
 */
final class Inbox {
  private final Queue<Object> early = new ArrayDeque<>(0);
  private @Nullable Receiver receiver;
  private boolean batch;
  private boolean ended;
  private boolean closed;

  Inbox() {}

  /** The far end broke off. */
  private record Broken(Reason reason, @Nullable String detail) {}

  void start(Receiver to) {
    receiver = to;
    for (Object each = early.poll(); each != null; each = early.poll()) {
      deliver(to, each);
    }
    batchEnd();
  }

  void head(ResponseHead head) {
    take(head);
  }

  /** Takes over {@code bytes}. */
  void bytes(ByteBuf bytes) {
    if (bytes.isReadable()) {
      take(bytes);
    } else {
      bytes.release();
    }
  }

  void end(HttpHeaders trailers) {
    take(trailers);
  }

  void reset(Reason reason, @Nullable String detail) {
    take(new Broken(reason, detail));
  }

  private void take(Object what) {
    if (receiver == null && !closed) {
      early.add(what);
    } else if (receiver != null) {
      deliver(receiver, what);
    } else if (what instanceof ByteBuf bytes) {
      bytes.release();
    }
  }

  private void deliver(Receiver to, Object what) {
    if (closed || ended) {
      if (what instanceof ByteBuf bytes) {
        bytes.release();
      }
      return;
    }
    switch (what) {
      case ResponseHead head -> {
        batch = true;
        to.onResponse(head);
      }
      case ByteBuf bytes -> {
        batch = true;
        to.onBytes(bytes);
      }
      case HttpHeaders trailers -> {
        // No end of a batch before it: a head that waits for what comes next shall end with the
        // stream, as gRPC's answers of nothing but a status do.
        batch = false;
        ended = true;
        to.onFinish(trailers);
      }
      case Broken(Reason reason, String detail) -> {
        closed = true;
        to.onReset(reason, detail);
      }
      default -> throw new IllegalStateException("not something that arrives: " + what);
    }
  }

  /** Ends a batch; false when nothing was in it. */
  boolean batchEnd() {
    if (receiver == null) {
      return !early.isEmpty();
    }
    if (!batch) {
      return false;
    }
    batch = false;
    if (!closed && !ended) {
      receiver.onBatchEnd();
    }
    return true;
  }

  void writable() {
    if (receiver != null && !closed) {
      receiver.onWritable();
    }
  }

  /** Delivers nothing any more. */
  void close() {
    closed = true;
    for (Object each = early.poll(); each != null; each = early.poll()) {
      if (each instanceof ByteBuf bytes) {
        bytes.release();
      }
    }
  }
}
