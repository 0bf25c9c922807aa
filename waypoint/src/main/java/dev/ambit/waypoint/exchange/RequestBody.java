package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.http.HttpStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client has sent of a request body and nobody has taken yet; and, while the request may be
 * tried again, what was taken too, up to a limit. Owns the references.
 */
final class RequestBody {
  /** Who gets a copy of everything. */
  interface Tap {
    /** Hands over {@code bytes}. */
    void onBytes(ByteBuf bytes);

    void onBatchEnd();

    void onEnd(HttpHeaders trailers);
  }

  private final int replayLimit;
  private final List<ByteBuf> chunks = new ArrayList<>(4);
  private List<Tap> taps = List.of();
  private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;

  /** How many of {@link #chunks} the current try has. */
  private int sent;

  private long held;
  private boolean keeps = true;
  private boolean lossless = true;
  private boolean ended;

  RequestBody(int replayLimit, boolean ended) {
    this.replayLimit = replayLimit;
    this.ended = ended;
  }

  void add(ByteBuf bytes) {
    for (Tap tap : taps) {
      tap.onBytes(bytes.retainedDuplicate());
    }
    chunks.add(bytes);
    held += bytes.readableBytes();
    if (keeps && held > replayLimit && sent > 0) {
      letGo();
    }
  }

  void batchEnd() {
    for (Tap tap : taps) {
      tap.onBatchEnd();
    }
  }

  void end(HttpHeaders with) {
    ended = true;
    trailers = with;
    for (Tap tap : taps) {
      tap.onEnd(with);
    }
  }

  boolean ended() {
    return ended;
  }

  HttpHeaders trailers() {
    return trailers;
  }

  /** Bytes that are held here. */
  long held() {
    return held;
  }

  boolean allSent() {
    return sent == chunks.size();
  }

  /** Whether there is no body at all, as far as is known. */
  boolean isEmpty() {
    return ended && chunks.isEmpty() && lossless && trailers.isEmpty();
  }

  /** Writes what {@code to} has not got while it takes more; false when there was nothing. */
  boolean sendTo(HttpStream to) {
    boolean wrote = false;
    while (sent < chunks.size() && to.writable()) {
      ByteBuf next = chunks.get(sent);
      if (keeps) {
        to.write(next.retainedDuplicate());
        sent++;
      } else {
        chunks.remove(sent);
        lossless = false;
        held -= next.readableBytes();
        to.write(next);
      }
      wrote = true;
    }
    if (keeps && held > replayLimit) {
      letGo();
    }
    return wrote;
  }

  /** Whether the next try can have all of it. */
  boolean replayable() {
    return lossless;
  }

  void rewind() {
    sent = 0;
  }

  /** There will be no other try: what was sent goes now, and the rest as soon as it is sent. */
  void letGo() {
    keeps = false;
    lossless = lossless && sent == 0;
    for (ByteBuf chunk : chunks.subList(0, sent)) {
      held -= chunk.readableBytes();
      chunk.release();
    }
    chunks.subList(0, sent).clear();
    sent = 0;
  }

  /** {@code tap} gets everything from the beginning. */
  void tap(Tap tap) {
    for (ByteBuf chunk : chunks) {
      tap.onBytes(chunk.retainedDuplicate());
    }
    if (ended) {
      tap.onEnd(trailers);
    } else {
      taps = new ArrayList<>(taps);
      taps.add(tap);
    }
  }

  /** A copy of the first {@code most} bytes, for the caller to release. */
  ByteBuf copy(int most, ByteBufAllocator allocator) {
    ByteBuf copy = allocator.buffer((int) Math.min(most, held));
    for (ByteBuf chunk : chunks) {
      int count = Math.min(most - copy.readableBytes(), chunk.readableBytes());
      copy.writeBytes(chunk, chunk.readerIndex(), count);
    }
    return copy;
  }

  void release() {
    taps = List.of();
    keeps = false;
    lossless = false;
    chunks.forEach(ByteBuf::release);
    chunks.clear();
    sent = 0;
    held = 0;
  }
}
