package dev.ambit.daemon.kernel;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open descriptor whose number is not given to the kernel for reuse while a call is using it:
 * {@link #close} closes at once, or when the last {@link #release} comes. Thread-safe.
 */
final class Descriptor {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final int number;
  private final AtomicInteger users = new AtomicInteger();

  Descriptor(int number) {
    this.number = number;
  }

  /** For looking only; use it between {@link #acquire} and {@link #release}. */
  int number() {
    return number;
  }

  boolean closed() {
    return users.get() < 0;
  }

  /** Answers the number, or -1 when closed. */
  int acquire() {
    int seen;
    do {
      seen = users.get();
      if (seen < 0) {
        return -1;
      }
    } while (!users.compareAndSet(seen, seen + 1));
    return number;
  }

  void release() {
    if (users.decrementAndGet() == CLOSED) {
      Libc.close(number);
    }
  }

  /** Whether this call closed it; a later one does nothing. */
  boolean close() {
    int seen = users.getAndUpdate(count -> count | CLOSED);
    if (seen == 0) {
      Libc.close(number);
    }
    return seen >= 0;
  }
}
