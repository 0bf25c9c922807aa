package dev.ambit.ztunnel.proxy;

import dev.ambit.model.Failure;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The connections of one pod that have been accepted and have not ended. Thread-safe. */
final class Connections {
  /** One of them. */
  interface Connection {
    /** Ends it; called on any thread. */
    void cut(Failure failure, String reason);
  }

  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final int most;
  private final AtomicInteger inAll;
  private final int mostInAll;
  private volatile @Nullable CompletableFuture<Void> empty;

  /**
   * @param inAll counts those of all pods
   */
  Connections(int most, AtomicInteger inAll, int mostInAll) {
    this.most = most;
    this.inAll = inAll;
    this.mostInAll = mostInAll;
  }

  /** Adds {@code connection}, unless there are too many: then false. */
  boolean add(Connection connection) {
    if (inAll.incrementAndGet() > mostInAll || open.size() >= most) {
      inAll.decrementAndGet();
      return false;
    }
    open.add(connection);
    return true;
  }

  void remove(Connection connection) {
    if (open.remove(connection)) {
      inAll.decrementAndGet();
      CompletableFuture<Void> waiting = empty;
      if (waiting != null && open.isEmpty()) {
        waiting.complete(null);
      }
    }
  }

  int size() {
    return open.size();
  }

  /** Completes as soon as none is open. */
  CompletableFuture<Void> empty() {
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    empty = waiting;
    if (open.isEmpty()) {
      waiting.complete(null);
    }
    return waiting;
  }

  void cutAll(Failure failure, String reason) {
    open.forEach(connection -> connection.cut(failure, reason));
  }
}
