package dev.ambit.waypoint.upstream.pool;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Who waits for a connection, in order, each counted as pending. */
final class Waiters {
  private final HttpPool.Place place;
  private final Deque<Waiter> queue = new ArrayDeque<>();

  Waiters(HttpPool.Place place) {
    this.place = place;
  }

  /** One request without a connection. */
  record Waiter(RequestHead head, Promise<HttpStream> promise) {}

  /** Lets one more wait, or fails it. */
  void add(RequestHead head, Promise<HttpStream> promise) {
    if (!place.pending()) {
      promise.setFailure(place.overflow());
      return;
    }
    Waiter waiter = new Waiter(head, promise);
    queue.add(waiter);
    promise.addListener(done -> {
      if (done.isCancelled() && queue.remove(waiter)) {
        place.cluster().pending.decrementAndGet();
      }
    });
  }

  int size() {
    return queue.size();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** The next one, which goes on waiting; null when nobody does. */
  @Nullable Waiter peek() {
    return queue.peek();
  }

  /** The next one, which waits no more; null when nobody does. */
  @Nullable Waiter next() {
    Waiter waiter = queue.poll();
    if (waiter != null) {
      place.cluster().pending.decrementAndGet();
    }
    return waiter;
  }

  void failAll(String why) {
    for (Waiter waiter = next(); waiter != null; waiter = next()) {
      waiter.promise().tryFailure(new PoolFailure(PoolFailure.Kind.UNREACHABLE, why));
    }
  }
}
