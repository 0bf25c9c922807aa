package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Reads HTTP/1.1 requests off a stream of bytes, and takes no liberties: whatever another server
 * could read otherwise is refused (spec: threat-model SEC-071). Stops after each head and each end,
 * so that the caller decides when to go on.
 */
final class Http1Parser {
  /** Digits of a chunk size: up to 4 GiB less one. */
  private static final int CHUNK_DIGITS = 8;

  private static final int CHUNK_LINE = 256;

  /** What was read. */
  interface Sink {
    /** A head; the parser has stopped. */
    void head(Http1Head head);

    /** Bytes of the body, handed over. */
    void body(ByteBuf bytes);

    /** The end of the request; the parser has stopped. */
    void end(HttpHeaders trailers);
  }

  private enum State {
    HEAD,
    LENGTH,
    CHUNK_LINE,
    CHUNK,
    CHUNK_END,
    TRAILERS,
    RAW
  }

  private final FrontSettings limits;
  private final Sink sink;
  private State state = State.HEAD;
  private @Nullable Http1Lines lines;
  private @Nullable ByteBuf partial;
  private int headBytes;
  private boolean stopped;
  private long left;

  Http1Parser(FrontSettings limits, Sink sink) {
    this.limits = limits;
    this.sink = sink;
  }

  /** Whether a head has begun and is not complete. */
  boolean insideHead() {
    return state == State.HEAD && (lines != null || partial != null);
  }

  /** Whether a request has begun and is not complete. */
  boolean insideRequest() {
    return state != State.HEAD || insideHead();
  }

  /** From here on everything is bytes of the body. */
  void raw() {
    state = State.RAW;
  }

  void release() {
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }

  /**
   * Reads from {@code in} until it is empty or a head or an end was met. A body that fills the rest
   * of {@code in} is handed on with it.
   *
   * @return whether {@code in} still belongs to the caller
   */
  boolean read(ByteBuf in, ByteBufAllocator alloc) throws Malformed {
    stopped = false;
    while (!stopped && in.isReadable()) {
      switch (state) {
        case HEAD, CHUNK_LINE, CHUNK_END, TRAILERS -> line(in, alloc);
        case LENGTH, CHUNK -> {
          if (data(in)) {
            return false;
          }
        }
        case RAW -> {
          sink.body(in);
          return false;
        }
      }
    }
    return true;
  }

  /** Hands on what there is of the body; whether {@code in} went with it. */
  private boolean data(ByteBuf in) {
    boolean whole = in.readableBytes() <= left;
    int size = whole ? in.readableBytes() : (int) left;
    left -= size;
    sink.body(whole ? in : in.readRetainedSlice(size));
    if (left == 0) {
      if (state == State.CHUNK) {
        state = State.CHUNK_END;
      } else {
        end(EmptyHttpHeaders.INSTANCE);
      }
    }
    return whole;
  }

  private void end(HttpHeaders trailers) {
    state = State.HEAD;
    lines = null;
    headBytes = 0;
    stopped = true;
    sink.end(trailers);
  }

  /** Reads to the end of a line, or keeps what there is of it. */
  private void line(ByteBuf in, ByteBufAllocator alloc) throws Malformed {
    int start = in.readerIndex();
    int feed = in.indexOf(start, in.writerIndex(), (byte) '\n');
    int end = feed < 0 ? in.writerIndex() : feed + 1;
    count(end - start);
    if (feed < 0 || partial != null) {
      if (partial == null) {
        partial = alloc.buffer(Math.max(64, end - start));
      }
      partial.writeBytes(in, end - start);
      if (feed < 0) {
        return;
      }
      ByteBuf whole = partial;
      partial = null;
      try {
        line(whole, 0, whole.writerIndex() - 1);
      } finally {
        whole.release();
      }
    } else {
      in.readerIndex(end);
      line(in, start, feed);
    }
  }

  private void count(int bytes) throws Malformed {
    headBytes += bytes;
    if (state == State.CHUNK_LINE || state == State.CHUNK_END) {
      if (headBytes > CHUNK_LINE) {
        throw new Malformed(400, "http1.codec_error: chunk line too long");
      }
    } else if (headBytes > limits.headBytes()) {
      throw new Malformed(431, "http1.headers_too_large");
    }
  }

  /** One line, its line feed at {@code feed}. */
  private void line(ByteBuf in, int start, int feed) throws Malformed {
    if (feed == start || in.getByte(feed - 1) != '\r') {
      throw new Malformed(400, "http1.codec_error: bare LF");
    }
    int end = feed - 1;
    switch (state) {
      case HEAD -> headLine(in, start, end);
      case CHUNK_LINE -> chunkLine(in, start, end);
      case CHUNK_END -> {
        if (end != start) {
          throw new Malformed(400, "http1.codec_error: chunk longer than it said");
        }
        state = State.CHUNK_LINE;
        headBytes = 0;
      }
      case TRAILERS -> {
        Http1Lines trailers = lines();
        if (end == start) {
          end(trailers.trailers());
        } else {
          trailers.field(in, start, end);
        }
      }
      case LENGTH, CHUNK, RAW -> throw new IllegalStateException("a line in " + state);
    }
  }

  private Http1Lines lines() {
    if (lines == null) {
      lines = new Http1Lines(limits.headFields());
    }
    return lines;
  }

  private void headLine(ByteBuf in, int start, int end) throws Malformed {
    if (lines == null) {
      if (end == start && headBytes == 2) {
        // RFC 9112 §2.2: an empty line after a body that did not count it.
        return;
      }
      lines().request(in, start, end);
      return;
    }
    if (end > start) {
      lines.field(in, start, end);
      return;
    }
    Http1Head head = lines.head();
    lines = null;
    headBytes = 0;
    stopped = true;
    if (head.length() == Http1Head.CHUNKED) {
      state = State.CHUNK_LINE;
    } else if (head.length() > 0) {
      state = State.LENGTH;
      left = head.length();
    }
    sink.head(head);
    if (head.length() == 0 && head.upgrade().isEmpty()) {
      end(EmptyHttpHeaders.INSTANCE);
    }
  }

  private void chunkLine(ByteBuf in, int start, int end) throws Malformed {
    long size = 0;
    int at = start;
    while (at < end && Chars.isHex(in.getByte(at))) {
      size = size << 4 | Chars.hex(in.getByte(at));
      at++;
    }
    if (at == start || at - start > CHUNK_DIGITS) {
      throw new Malformed(400, "http1.codec_error: chunk size");
    }
    if (at < end && in.getByte(at) != ';') {
      throw new Malformed(400, "http1.codec_error: chunk extension");
    }
    for (; at < end; at++) {
      if (!Chars.isValue(in.getByte(at))) {
        throw new Malformed(400, "http1.codec_error: chunk extension");
      }
    }
    headBytes = 0;
    left = size;
    state = size == 0 ? State.TRAILERS : State.CHUNK;
  }
}
