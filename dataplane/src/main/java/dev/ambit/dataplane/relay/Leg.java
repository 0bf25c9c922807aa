package dev.ambit.dataplane.relay;

import io.netty.buffer.ByteBuf;

/**
 * One side of a {@link Relay}: a TCP socket or one HTTP/2 stream. Event-loop confined.
 *
 * <p>What comes in comes in batches: some bytes, then the end of the batch, then nothing until
 * {@link #read} asks again. Only the last batch before an end may come unasked.
 */
public interface Leg {
  /** Begins to deliver to {@code receiver}; what already arrived is delivered at once. */
  void start(Receiver receiver);

  /** Asks for one more batch, and with that grants the far end credit for the last one. */
  void read();

  /** Queues {@code bytes} and takes over the reference. */
  void write(ByteBuf bytes);

  void flush();

  /** Whether the queue is below its high watermark. */
  boolean writable();

  /**
   * Half-closes after what is queued: FIN on a socket, END_STREAM on a stream. {@link
   * Receiver#onFinished} follows when it is on its way.
   */
  void finish();

  /** Ends both directions, orderly, after what is queued. */
  void close();

  /** Ends both directions now: FIN on a socket, RST_STREAM CANCEL on a stream. */
  void abort();

  /** Ends both directions as broken: RST on a socket, RST_STREAM INTERNAL_ERROR on a stream. */
  void reset();

  /** What happens on a leg. */
  interface Receiver {
    /** Hands over {@code bytes}. */
    void onBytes(ByteBuf bytes);

    /** The batch is complete: time to flush. */
    void onBatchEnd();

    /** The queue has drained below its low watermark. */
    void onWritable();

    /** The peer will send nothing more, and still listens. */
    void onFinish();

    /** Our own half is closed: everything queued was handed to the kernel or the connection. */
    void onFinished();

    /** The peer is gone in both directions, which is an end and no error (spec: hbone §9). */
    void onGone();

    /** The leg failed: bytes may be missing. */
    void onBroken(Throwable cause);
  }
}
