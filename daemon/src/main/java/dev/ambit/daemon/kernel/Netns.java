package dev.ambit.daemon.kernel;

import dev.ambit.daemon.Log;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * A network namespace, held by a descriptor. Sockets made inside stay inside. Platform threads
 * only: on a virtual thread {@code setns} would move its carrier. Thread-safe; closing waits for
 * calls that are using the descriptor.
 */
public final class Netns implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x40000000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final long NS_GET_NSTYPE = 0xb703;
  private static final int EXIT_LOST = 70;

  /** The first thread's: any other might be in a pod's namespace just now. */
  private static final Netns OWN = open(Path.of("/proc/self/ns/net"));

  /** Where the calling thread is. */
  private static final ThreadLocal<Netns> PLACE = ThreadLocal.withInitial(() -> OWN);

  private final Descriptor descriptor;

  private Netns(int descriptor) {
    this.descriptor = new Descriptor(descriptor);
  }

  /**
   * Opens a namespace file such as {@code /run/netns/NAME} or {@code /proc/PID/ns/net}.
   *
   * @throws UncheckedIOException when there is none
   */
  public static Netns open(Path file) {
    int descriptor;
    try (Arena arena = Arena.ofConfined()) {
      descriptor = Libc.open(arena.allocateFrom(file.toString()), O_CLOEXEC);
    }
    if (descriptor < 0) {
      throw new UncheckedIOException(Libc.failure("open network namespace " + file, descriptor));
    }
    return checked(descriptor, file.toString());
  }

  /** The namespace of this process; closing it does nothing. */
  public static Netns own() {
    return OWN;
  }

  /**
   * Takes over a received descriptor; throws (and closes it) when it is not a network namespace.
   */
  public static Netns adopt(int descriptor) {
    return checked(descriptor, "descriptor " + descriptor);
  }

  private static Netns checked(int descriptor, String name) {
    int kind = Libc.ioctl(descriptor, NS_GET_NSTYPE);
    if (kind != CLONE_NEWNET) {
      Libc.close(descriptor);
      throw new UncheckedIOException(
          new IOException(name + ": got something else, expected a network namespace"));
    }
    return new Netns(descriptor);
  }

  public int descriptor() {
    return descriptor.number();
  }

  /** Whether both descriptors mean the same namespace (device and inode). */
  public boolean same(Netns other) {
    return identity().equals(other.identity());
  }

  private String identity() {
    int number = acquire();
    try {
      Path link = Path.of("/proc/self/fd/" + number);
      return Files.getAttribute(link, "unix:dev") + ":" + Files.getAttribute(link, "unix:ino");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      descriptor.release();
    }
  }

  /**
   * Runs {@code work} on the calling platform thread, inside; cheap enough (two system calls, 4 µs
   * measured) for each new connection on an event loop. {@code work} must not block or start
   * threads. If the way back fails the process halts: a thread lost in a pod's namespace must not
   * go on.
   */
  public <T> T inside(Supplier<T> work) {
    Netns before = PLACE.get();
    if (before == this) {
      return work.get();
    }
    enter();
    PLACE.set(this);
    try {
      return work.get();
    } finally {
      back(before);
      PLACE.set(before);
    }
  }

  /**
   * Runs blocking {@code work} inside, on a dedicated platform thread that ends with it. The caller
   * waits; when it is interrupted, so is {@code work}.
   */
  public <T> T onOwnThread(Callable<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter();
          PLACE.set(this);
          return work.call();
        });
    Thread thread = Thread.ofPlatform().daemon().name("netns").start(task);
    try {
      return task.get();
    } catch (InterruptedException e) {
      thread.interrupt();
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception failure) {
        throw failure;
      } else if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }

  private void enter() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException(
          "enter network namespace: got a virtual thread, expected a platform thread");
    }
    int number = acquire();
    try {
      int answer = Libc.setns(number, CLONE_NEWNET);
      if (answer < 0) {
        throw new UncheckedIOException(Libc.failure("enter network namespace", answer));
      }
    } finally {
      descriptor.release();
    }
  }

  private static void back(Netns to) {
    int number = to.descriptor.acquire();
    int answer = number < 0 ? number : Libc.setns(number, CLONE_NEWNET);
    if (answer < 0) {
      Log.scope("kernel")
          .error(
              "thread cannot leave the network namespace of a pod; halting",
              "error",
              Libc.failure("setns", answer).getMessage());
      Log.flush(Duration.ofSeconds(1));
      Runtime.getRuntime().halt(EXIT_LOST);
    }
    to.descriptor.release();
  }

  /** A second, independent handle. */
  public Netns duplicate() {
    int number = acquire();
    try {
      int copy = Libc.fcntl(number, F_DUPFD_CLOEXEC, 0);
      if (copy < 0) {
        throw new UncheckedIOException(Libc.failure("duplicate network namespace", copy));
      }
      return new Netns(copy);
    } finally {
      descriptor.release();
    }
  }

  private int acquire() {
    int number = descriptor.acquire();
    if (number < 0) {
      throw new IllegalStateException("network namespace: got a closed one, expected an open one");
    }
    return number;
  }

  @Override
  public void close() {
    if (this != OWN) {
      descriptor.close();
    }
  }
}
