package dev.ambit.daemon.kernel;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * A network namespace, held by a descriptor. Sockets made inside stay inside. Platform threads
 * only: on a virtual thread {@code setns} would move its carrier.
 */
public final class Netns implements AutoCloseable {
  private Netns() {}

  /** Opens a namespace file such as {@code /run/netns/NAME} or {@code /proc/PID/ns/net}. */
  public static Netns open(Path file) {
    throw new UnsupportedOperationException("open");
  }

  /** The namespace of this process. */
  public static Netns own() {
    throw new UnsupportedOperationException("own");
  }

  /**
   * Takes over a received descriptor; throws (and closes it) when it is not a network namespace.
   */
  public static Netns adopt(int descriptor) {
    throw new UnsupportedOperationException("adopt");
  }

  public int descriptor() {
    throw new UnsupportedOperationException("descriptor");
  }

  /** Whether both descriptors mean the same namespace (device and inode). */
  public boolean same(Netns other) {
    throw new UnsupportedOperationException("same");
  }

  /**
   * Runs {@code work} on the calling platform thread, inside; cheap enough (two system calls) for
   * each new connection on an event loop. {@code work} must not block or start threads. If the way
   * back fails the process halts: a thread lost in a pod's namespace must not go on.
   */
  public <T> T inside(Supplier<T> work) {
    throw new UnsupportedOperationException("inside");
  }

  /** Runs blocking {@code work} inside, on a dedicated platform thread that ends with it. */
  public <T> T onOwnThread(Callable<T> work) throws Exception {
    throw new UnsupportedOperationException("onOwnThread");
  }

  /** A second, independent handle. */
  public Netns duplicate() {
    throw new UnsupportedOperationException("duplicate");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
