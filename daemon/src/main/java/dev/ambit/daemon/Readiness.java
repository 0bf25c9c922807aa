package dev.ambit.daemon;

/**
 * Named gates; the process is ready when all are open (spec: ztunnel-observability §4).
 * Thread-safe.
 */
public final class Readiness {
  /** Declares a gate, shut. */
  public Gate gate(String name) {
    throw new UnsupportedOperationException("gate");
  }

  public boolean ready() {
    throw new UnsupportedOperationException("ready");
  }

  /** {@code ready\n}, or {@code not ready, pending: a, b\n} with sorted names. */
  public String text() {
    throw new UnsupportedOperationException("text");
  }

  /** One thing readiness waits for. */
  public interface Gate {
    void open();

    void shut();
  }
}
