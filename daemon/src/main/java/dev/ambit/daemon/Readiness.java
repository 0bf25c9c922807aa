package dev.ambit.daemon;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Named gates; the process is ready when all are open (spec: ztunnel-observability §4).
 * Thread-safe.
 */
public final class Readiness {
  private final Map<String, Boolean> gates = new ConcurrentSkipListMap<>();

  /** Declares a gate, shut. */
  public Gate gate(String name) {
    if (gates.putIfAbsent(name, false) != null) {
      throw new IllegalStateException("gate " + name + ": got a second one, expected one");
    }
    return new Gate() {
      @Override
      public void open() {
        gates.put(name, true);
      }

      @Override
      public void shut() {
        gates.put(name, false);
      }
    };
  }

  public boolean ready() {
    return !gates.containsValue(false);
  }

  /** {@code ready\n}, or {@code not ready, pending: a, b\n} with sorted names. */
  public String text() {
    var pending = gates.entrySet().stream().filter(gate -> !gate.getValue()).map(Map.Entry::getKey);
    String names = String.join(", ", pending.toList());
    return names.isEmpty() ? "ready\n" : "not ready, pending: " + names + "\n";
  }

  /** The page {@code /healthz/ready}: 200 when ready, 500 with what is pending. */
  public AdminServer.Page page() {
    return request -> {
      String text = text();
      return AdminServer.Reply.text(text.startsWith("ready") ? 200 : 500, text);
    };
  }

  /** One thing readiness waits for. */
  public interface Gate {
    void open();

    void shut();
  }
}
