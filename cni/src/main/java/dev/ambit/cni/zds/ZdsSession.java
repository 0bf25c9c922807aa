package dev.ambit.cni.zds;

import dev.ambit.cni.zds.wire.ZdsCodec;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.PacketSocket;
import dev.ambit.daemon.kernel.PacketSocket.Packet;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connected ztunnel: requests go out one by one, each after the answer to the one before (spec:
 * cni-socket §4). The protocol has no request numbers, so a late answer would be taken for the next
 * request's: when one does not come in time the connection is closed. Runs on a platform thread of
 * its own; {@link #enqueue} and {@link #latest} may be called from any.
 */
final class ZdsSession {
  private static final Log LOG = Log.scope("cni::zds");

  /** How long the first packet may take. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration LIVENESS = Duration.ofSeconds(1);
  private static final Duration GLANCE = Duration.ofMillis(10);

  /** More than a node's pods; a client that far behind is lost. */
  private static final int MOST_WAITING = 4096;

  private final int number;
  private final PacketSocket socket;
  private final BlockingQueue<Order> waiting = new LinkedBlockingQueue<>(MOST_WAITING);
  private final Map<String, Order> additions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  ZdsSession(int number, PacketSocket socket) {
    this.number = number;
    this.socket = socket;
  }

  /** Queues {@code order}; answers it at once when this session is over or too far behind. */
  Order enqueue(Order order) {
    if (order.pod() != null) {
      additions.put(order.pod().uid(), order);
    }
    if (closed || !waiting.offer(order)) {
      order.finish(
          new Answer.Unreachable(
              closed
                  ? "ztunnel has disconnected"
                  : "more than " + MOST_WAITING + " requests wait for ztunnel"));
    } else if (closed) {
      abandon("ztunnel has disconnected");
    }
    return order;
  }

  /** The last addition of a pod on this connection. */
  @Nullable Order latest(String uid) {
    return additions.get(uid);
  }

  void forget(String uid) {
    additions.remove(uid);
  }

  /** Waits for the client's first packet. */
  void greet() throws IOException {
    Optional<Packet> packet = socket.receive(ZdsCodec.MOST_BYTES, PATIENCE);
    if (packet.isEmpty()) {
      throw new IOException("hello: got nothing for " + PATIENCE.toSeconds() + " s");
    }
    ZdsCodec.hello(bytes(packet.get(), "hello"));
  }

  /** Serves until the client goes or breaks the protocol; then every waiting order is answered. */
  void serve() {
    String why = "ztunnel has disconnected";
    try {
      while (!closed) {
        Order order = waiting.poll(LIVENESS.toMillis(), TimeUnit.MILLISECONDS);
        if (order == null) {
          look();
        } else {
          exchange(order);
        }
      }
    } catch (IOException | ZdsCodec.Malformed e) {
      why = "ztunnel has disconnected: " + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
      abandon(why);
      LOG.info("ztunnel disconnected", "client", number, "reason", why);
    }
  }

  void close() {
    closed = true;
    socket.close();
  }

  private void exchange(Order order) throws IOException {
    Answer answer = new Answer.Unreachable("ztunnel has disconnected");
    try {
      socket.send(order.packet(), order.descriptor());
      Optional<Packet> packet = socket.receive(ZdsCodec.MOST_BYTES, order.patience());
      if (packet.isEmpty()) {
        String late = "ztunnel did not answer within " + order.patience().toMillis() + " ms";
        answer = new Answer.Unreachable(late);
        throw new IOException(late);
      }
      String error = ZdsCodec.answer(bytes(packet.get(), "answer"));
      answer = error.isEmpty() ? new Answer.Accepted() : new Answer.Refused(error);
    } finally {
      if (closed && !(answer instanceof Answer.Unreachable)) {
        answer = new Answer.Unreachable("the agent is closing");
      }
      order.finish(answer);
    }
  }

  /** Notices a client that went while nothing was to be said. */
  private void look() throws IOException {
    Optional<Packet> packet = socket.receive(ZdsCodec.MOST_BYTES, GLANCE);
    if (packet.isPresent()) {
      bytes(packet.get(), "silence");
      throw new IOException("got a packet that answers no request");
    }
  }

  private static byte[] bytes(Packet packet, String expected) throws IOException {
    for (int descriptor : packet.descriptors()) {
      dev.ambit.daemon.kernel.Kernel.close(descriptor);
    }
    if (packet.end()) {
      throw new IOException("the connection was closed");
    }
    if (packet.truncated() || !packet.descriptors().isEmpty()) {
      throw new IOException(
          expected + ": got a truncated packet or descriptors, expected a short message");
    }
    return packet.bytes();
  }

  private void abandon(String why) {
    Order order = waiting.poll();
    while (order != null) {
      order.finish(new Answer.Unreachable(why));
      order = waiting.poll();
    }
  }
}
