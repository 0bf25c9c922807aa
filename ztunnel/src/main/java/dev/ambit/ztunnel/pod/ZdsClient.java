package dev.ambit.ztunnel.pod;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.kernel.PacketSocket;
import dev.ambit.dataplane.controlplane.Backoff;
import dev.ambit.dataplane.controlplane.Pause;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Listens to the node agent on the CNI socket, for ever: says hello, hands each message to the
 * roster, answers in order, connects again (spec: cni-socket §4). Runs on one platform thread of
 * its own. An agent that breaks the protocol costs the connection, not the process (design: house
 * §5 #23).
 */
public final class ZdsClient implements AutoCloseable {
  private static final Log LOG = Log.scope("zds");
  private static final Duration FIRST_DELAY = Duration.ofMillis(10);

  /** Upstream waits up to 15 s; but a dial on this machine costs nothing, and pods wait for it. */
  private static final Duration LAST_DELAY = Duration.ofSeconds(1);

  private static final Duration IDLE_LOOK = Duration.ofSeconds(60);

  /** The wire form of messages. */
  public interface Codec {
    byte[] hello();

    byte[] ack(String error);

    int mostBytes();

    /** Throws {@link Malformed}. */
    ZdsMessage decode(byte[] packet);
  }

  /** A packet that is not what the protocol allows. */
  public static final class Malformed extends RuntimeException {
    public Malformed(String message) {
      super(message);
    }
  }

  private final Path path;
  private final Codec codec;
  private final PodRoster roster;
  private final Pause pause;
  private final Backoff backoff = new Backoff(FIRST_DELAY, LAST_DELAY);
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable PacketSocket current;

  public ZdsClient(Path path, Codec codec, PodRoster roster, Pause pause) {
    this.path = path;
    this.codec = codec;
    this.roster = roster;
    this.pause = pause;
    this.thread = Thread.ofPlatform().daemon().name("zds").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /** Takes no more messages; the proxies stay as they are. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    PacketSocket socket = current;
    if (socket != null) {
      socket.close();
    }
  }

  private void run() {
    try {
      while (!closed) {
        connection();
        if (!closed) {
          pause.sleep(backoff.next());
        }
      }
    } catch (InterruptedException over) {
      LOG.debug("node agent no longer listened to");
    }
  }

  private void connection() throws InterruptedException {
    try (PacketSocket socket = PacketSocket.connect(path)) {
      current = socket;
      if (closed) {
        return;
      }
      socket.send(codec.hello(), -1);
      LOG.info("connected to the node agent", "socket", path.toString());
      roster.sessionBegun();
      while (exchange(socket)) {
        backoff.reset();
      }
    } catch (IOException lost) {
      if (!closed) {
        LOG.warn(
            "no connection to the node agent",
            "socket",
            path.toString(),
            "error",
            String.valueOf(lost.getMessage()));
      }
    } finally {
      current = null;
      roster.sessionEnded();
    }
  }

  /** One message and its answer; false when the connection is of no use any more. */
  private boolean exchange(PacketSocket socket) throws IOException, InterruptedException {
    Optional<PacketSocket.Packet> received = socket.receive(codec.mostBytes(), IDLE_LOOK);
    if (received.isEmpty()) {
      return true;
    }
    PacketSocket.Packet packet = received.get();
    if (packet.end()) {
      packet.descriptors().forEach(Kernel::close);
      LOG.info("the node agent has closed the connection");
      return false;
    }
    try {
      Request request = read(packet);
      socket.send(codec.ack(roster.handle(request.message, request.network)), -1);
      return true;
    } catch (Malformed malformed) {
      return refuse(socket, "failure to read message : " + malformed.getMessage());
    } catch (PodRoster.Violation violation) {
      return refuse(socket, "failure to process message : " + violation.getMessage());
    }
  }

  private boolean refuse(PacketSocket socket, String error) throws IOException {
    LOG.error("node agent breaks the protocol", "error", error);
    socket.send(codec.ack(error), -1);
    return false;
  }

  private record Request(ZdsMessage message, @Nullable Netns network) {}

  /** Every descriptor of {@code packet} ends up in the request or closed. */
  private Request read(PacketSocket.Packet packet) {
    List<Integer> descriptors = packet.descriptors();
    ZdsMessage message;
    try {
      if (packet.truncated()) {
        throw new Malformed("packet: got more than " + codec.mostBytes() + " bytes or descriptors");
      }
      message = codec.decode(packet.bytes());
      int wanted = message instanceof ZdsMessage.Add ? 1 : 0;
      if (descriptors.size() != wanted) {
        throw new Malformed("descriptors: got " + descriptors.size() + ", expected " + wanted);
      }
    } catch (Malformed malformed) {
      descriptors.forEach(Kernel::close);
      throw malformed;
    }
    if (descriptors.isEmpty()) {
      return new Request(message, null);
    }
    try {
      return new Request(message, Netns.adopt(descriptors.getFirst()));
    } catch (UncheckedIOException other) {
      throw new Malformed(String.valueOf(other.getMessage()));
    }
  }
}
