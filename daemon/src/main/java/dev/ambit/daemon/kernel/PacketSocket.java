package dev.ambit.daemon.kernel;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * An AF_UNIX, SOCK_SEQPACKET connection that can carry descriptors (spec: cni-socket §2). Blocking;
 * use from one platform thread, except {@link #close}, which wakes a blocked call.
 */
public final class PacketSocket implements AutoCloseable {
  private PacketSocket() {}

  public static PacketSocket connect(Path path) throws IOException {
    throw new UnsupportedOperationException("connect");
  }

  /** Sends one packet, with {@code descriptor} attached when it is not negative. */
  public void send(byte[] packet, int descriptor) throws IOException {
    throw new UnsupportedOperationException("send");
  }

  /**
   * Waits for one packet; empty when {@code timeout} passes. A zero-length packet with {@link
   * Packet#end} set means that the peer is gone.
   */
  public Optional<Packet> receive(int mostBytes, Duration timeout) throws IOException {
    throw new UnsupportedOperationException("receive");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }

  /**
   * One packet. The receiver owns {@code descriptors} and must close or adopt each.
   *
   * @param truncated whether bytes or descriptors were lost
   * @param end whether the peer has closed
   */
  public record Packet(byte[] bytes, List<Integer> descriptors, boolean truncated, boolean end) {}

  /** The listening side; replaces a stale socket file. */
  public static final class Listener implements AutoCloseable {
    private Listener() {}

    public static Listener listen(Path path) throws IOException {
      throw new UnsupportedOperationException("listen");
    }

    /** Blocks; throws when closed. */
    public PacketSocket accept() throws IOException {
      throw new UnsupportedOperationException("accept");
    }

    @Override
    public void close() {
      throw new UnsupportedOperationException("close");
    }
  }
}
