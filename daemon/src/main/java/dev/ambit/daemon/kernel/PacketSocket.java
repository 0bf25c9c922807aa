package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.ambit.daemon.Log;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An AF_UNIX, SOCK_SEQPACKET connection that can carry descriptors (spec: cni-socket §2). Blocking;
 * use from one platform thread, except {@link #close}, which wakes a blocked call.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int SOCK_SEQPACKET_CLOEXEC = 5 | 0x80000;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SHUT_RDWR = 2;
  private static final short POLLIN = 1;
  private static final int BACKLOG = 16;

  /** {@code struct msghdr} of 64-bit Linux. */
  private static final int HEADER_BYTES = 56;

  private static final int IOV = 16;
  private static final int IOV_COUNT = 24;
  private static final int CONTROL = 32;
  private static final int CONTROL_BYTES = 40;
  private static final int FLAGS = 48;

  /** {@code struct cmsghdr}: length, level, type. */
  private static final int CONTROL_HEAD_BYTES = 16;

  /** More than the one descriptor a message of the protocol has, to notice and close the others. */
  private static final int MOST_CONTROL_BYTES = CONTROL_HEAD_BYTES + 8 * Integer.BYTES;

  private final Descriptor descriptor;

  private PacketSocket(int descriptor) {
    this.descriptor = new Descriptor(descriptor);
  }

  public static PacketSocket connect(Path path) throws IOException {
    int descriptor = socket();
    try (Arena arena = Arena.ofConfined()) {
      int answer = Libc.connect(descriptor, UnixAddress.of(path, arena));
      if (answer < 0) {
        throw Libc.failure("connect to " + path, answer);
      }
      return new PacketSocket(descriptor);
    } catch (IOException e) {
      Libc.close(descriptor);
      throw e;
    }
  }

  private static int socket() throws IOException {
    int descriptor = Libc.socket(UnixAddress.AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0);
    if (descriptor < 0) {
      throw Libc.failure("socket", descriptor);
    }
    return descriptor;
  }

  /**
   * Sends one packet, with {@code attached} beside it when that is not negative; the caller keeps
   * its descriptor.
   */
  public void send(byte[] packet, int attached) throws IOException {
    if (packet.length == 0) {
      throw new IllegalArgumentException("packet: got 0 bytes, expected some");
    }
    int number = acquire(descriptor);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = message(arena, arena.allocateFrom(JAVA_BYTE, packet));
      if (attached >= 0) {
        MemorySegment control = arena.allocate(CONTROL_HEAD_BYTES + 8, 8);
        control.set(JAVA_LONG, 0, CONTROL_HEAD_BYTES + Integer.BYTES);
        control.set(JAVA_INT, 8, SOL_SOCKET);
        control.set(JAVA_INT, 12, SCM_RIGHTS);
        control.set(JAVA_INT, CONTROL_HEAD_BYTES, attached);
        message.set(ADDRESS, CONTROL, control);
        message.set(JAVA_LONG, CONTROL_BYTES, control.byteSize());
      }
      int answer;
      do {
        answer = Libc.sendmsg(number, message, MSG_NOSIGNAL);
      } while (answer == -Libc.EINTR);
      if (answer < 0) {
        throw descriptor.closed() ? closed() : Libc.failure("send packet", answer);
      }
    } finally {
      descriptor.release();
    }
  }

  /**
   * Waits for one packet; empty when {@code timeout} passes. A zero-length packet with {@link
   * Packet#end} set means that the peer is gone.
   */
  public Optional<Packet> receive(int mostBytes, Duration timeout) throws IOException {
    int number = acquire(descriptor);
    try (Arena arena = Arena.ofConfined()) {
      if (!readable(number, timeout, arena)) {
        return Optional.empty();
      }
      MemorySegment bytes = arena.allocate(mostBytes, 8);
      MemorySegment message = message(arena, bytes);
      message.set(ADDRESS, CONTROL, arena.allocate(MOST_CONTROL_BYTES, 8));
      message.set(JAVA_LONG, CONTROL_BYTES, MOST_CONTROL_BYTES);
      int answer;
      do {
        answer = Libc.recvmsg(number, message, MSG_CMSG_CLOEXEC);
      } while (answer == -Libc.EINTR);
      if (descriptor.closed()) {
        descriptors(message).forEach(Kernel::close);
        throw closed();
      } else if (answer < 0 && answer != -Libc.ECONNRESET) {
        throw Libc.failure("receive packet", answer);
      }
      boolean truncated = (message.get(JAVA_INT, FLAGS) & (MSG_TRUNC | MSG_CTRUNC)) != 0;
      byte[] received = bytes.asSlice(0, Math.max(0, answer)).toArray(JAVA_BYTE);
      return Optional.of(new Packet(received, descriptors(message), truncated, answer <= 0));
    } finally {
      descriptor.release();
    }
  }

  private static boolean readable(int number, Duration timeout, Arena arena) throws IOException {
    MemorySegment what = arena.allocate(8, 4);
    what.set(JAVA_INT, 0, number);
    what.set(JAVA_SHORT, 4, POLLIN);
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long left = Math.max(0, (deadline - System.nanoTime() + 999_999) / 1_000_000);
      int answer = Libc.poll(what, (int) Math.min(left, Integer.MAX_VALUE));
      if (answer > 0) {
        return true;
      } else if (answer == 0) {
        return false;
      } else if (answer != -Libc.EINTR) {
        throw Libc.failure("poll", answer);
      }
    }
  }

  private static MemorySegment message(Arena arena, MemorySegment bytes) {
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(ADDRESS, 0, bytes);
    vector.set(JAVA_LONG, 8, bytes.byteSize());
    MemorySegment message = arena.allocate(HEADER_BYTES, 8);
    message.set(ADDRESS, IOV, vector);
    message.set(JAVA_LONG, IOV_COUNT, 1);
    return message;
  }

  private static List<Integer> descriptors(MemorySegment message) {
    long end = message.get(JAVA_LONG, CONTROL_BYTES);
    MemorySegment control = message.get(ADDRESS, CONTROL).reinterpret(MOST_CONTROL_BYTES);
    List<Integer> found = new ArrayList<>();
    long at = 0;
    while (at + CONTROL_HEAD_BYTES <= end) {
      long length = control.get(JAVA_LONG, at);
      boolean rights =
          control.get(JAVA_INT, at + 8) == SOL_SOCKET
              && control.get(JAVA_INT, at + 12) == SCM_RIGHTS;
      for (long i = at + CONTROL_HEAD_BYTES; rights && i + 4 <= at + length; i += 4) {
        found.add(control.get(JAVA_INT, i));
      }
      at += Math.max(CONTROL_HEAD_BYTES, (length + 7) & ~7L);
    }
    return found;
  }

  private static int acquire(Descriptor descriptor) throws IOException {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException(
          "packet socket: got a virtual thread, expected a platform thread");
    }
    int number = descriptor.acquire();
    if (number < 0) {
      throw closed();
    }
    return number;
  }

  private static IOException closed() {
    return new IOException("packet socket: closed");
  }

  @Override
  public void close() {
    shut(descriptor);
  }

  /** Wakes the call that uses it, which then gives the descriptor back. */
  private static void shut(Descriptor descriptor) {
    int number = descriptor.acquire();
    if (number >= 0) {
      descriptor.close();
      Libc.shutdown(number, SHUT_RDWR);
      descriptor.release();
    }
  }

  /**
   * One packet. The receiver owns {@code descriptors} and must close or adopt each.
   *
   * @param truncated whether bytes or descriptors were lost
   * @param end whether the peer has closed
   */
  public record Packet(byte[] bytes, List<Integer> descriptors, boolean truncated, boolean end) {}

  /** The listening side; replaces a stale socket file, which only its owner can use (0600). */
  public static final class Listener implements AutoCloseable {
    private final Descriptor descriptor;
    private final Path path;
    private final Object key;

    private Listener(int descriptor, Path path) throws IOException {
      this.descriptor = new Descriptor(descriptor);
      this.path = path;
      this.key = key(path);
    }

    /**
     * Bound under another name, made private, then renamed: never open to others. Makes the folder
     * when there is none.
     */
    public static Listener listen(Path path) throws IOException {
      Path fresh = path.resolveSibling(path.getFileName() + "~");
      int descriptor = socket();
      try (Arena arena = Arena.ofConfined()) {
        Files.createDirectories(fresh.toAbsolutePath().getParent());
        Files.deleteIfExists(fresh);
        int answer = Libc.bind(descriptor, UnixAddress.of(fresh, arena));
        if (answer < 0) {
          throw Libc.failure("bind " + path, answer);
        }
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
        answer = Libc.listen(descriptor, BACKLOG);
        if (answer < 0) {
          throw Libc.failure("listen on " + path, answer);
        }
        Files.move(
            fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return new Listener(descriptor, path);
      } catch (IOException e) {
        Libc.close(descriptor);
        throw e;
      }
    }

    /** Blocks; throws when closed. */
    public PacketSocket accept() throws IOException {
      int number = acquire(descriptor);
      try {
        int answer;
        do {
          answer = Libc.accept4(number, SOCK_CLOEXEC);
        } while (answer == -Libc.EINTR);
        if (answer < 0) {
          throw descriptor.closed() ? closed() : Libc.failure("accept on " + path, answer);
        }
        return new PacketSocket(answer);
      } finally {
        descriptor.release();
      }
    }

    private static Object key(Path path) throws IOException {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    @Override
    public void close() {
      if (!descriptor.closed()) {
        shut(descriptor);
        try {
          // A successor may have put its own socket there.
          if (key(path).equals(key)) {
            Files.delete(path);
          }
        } catch (IOException e) {
          Log.scope("kernel").debug("socket file already gone", "error", e);
        }
      }
    }
  }
}
