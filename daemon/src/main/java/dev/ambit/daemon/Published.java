package dev.ambit.daemon;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * An immutable value with one writer and many readers. Readers take {@link #get()} once per
 * decision and keep that reference; they never read it twice.
 */
public final class Published<T> {
  private final List<Consumer<T>> followers = new CopyOnWriteArrayList<>();
  private volatile T current;

  public Published(T first) {
    this.current = first;
  }

  public T get() {
    return current;
  }

  /** Called only by the owning thread. Followers run on it, so they must only hand over. */
  public void set(T next) {
    current = next;
    followers.forEach(follower -> follower.accept(next));
  }

  /**
   * Calls {@code follower} at every later change, until the returned handle is run. Follow first,
   * then read: what changes in between is seen twice, never missed.
   */
  public Runnable follow(Consumer<T> follower) {
    followers.add(follower);
    return () -> followers.remove(follower);
  }
}
