package dev.ambit.waypoint.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * One side of an exchange: the request of a client, or our request to an endpoint. The same shape
 * for HTTP/1.1 and HTTP/2, and the HTTP counterpart of {@code relay.Leg}. Confined to its event
 * loop.
 *
 * <p>What comes in comes in batches: heads and bytes, then the end of the batch, then nothing until
 * {@link #read} asks again. Only an end or a reset may come unasked.
 */
public interface HttpStream {
  EventLoop loop();

  /** Begins to deliver to {@code receiver}; what already arrived is delivered at once. */
  void start(Receiver receiver);

  /** Asks for one more batch, and with that grants the far end credit for the last one. */
  void read();

  /** Queues a request; only on the side towards an endpoint, once. */
  void request(RequestHead head, boolean end);

  /**
   * Queues a response head; only on the side towards a client, once for the final one, after any
   * number of informational ones.
   */
  void response(ResponseHead head, boolean end);

  /** Queues body bytes and takes over the reference. */
  void write(ByteBuf bytes);

  /** Ends our half after what is queued; {@code trailers} may be empty. */
  void finish(HttpHeaders trailers);

  void flush();

  /** Whether the queue is below its high watermark. */
  boolean writable();

  /** Ends the exchange now, both ways; nothing is delivered any more. */
  void reset(Reason reason);

  /** How a stream came to a bad end. */
  enum Reason {
    /** The far end has certainly not looked at the request. */
    REFUSED,
    /** The far end reset the stream. */
    RESET,
    /** The connection below broke or was closed. */
    CONNECTION_LOST,
    /** The far end broke the protocol. */
    PROTOCOL_ERROR,
    /** Nobody waits for it any more. */
    CANCELLED,
    /** We failed. */
    INTERNAL_ERROR
  }

  /** What happens on a stream. */
  interface Receiver {
    /** A response head, on the side towards an endpoint; informational ones first. */
    void onResponse(ResponseHead head);

    /** Body bytes, handed over; raw bytes after an upgrade. */
    void onBytes(ByteBuf bytes);

    /** The batch is complete: time to flush. */
    void onBatchEnd();

    /** The far end has ended its half; {@code trailers} may be empty. */
    void onFinish(HttpHeaders trailers);

    /** The queue has drained below its low watermark. */
    void onWritable();

    /** The stream is over before both halves were; {@code detail} is for people. */
    void onReset(Reason reason, @Nullable String detail);
  }
}
