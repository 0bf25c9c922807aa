package dev.ambit.waypoint.upstream.link;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;

/** One try with its deadline; what is under way is undone when nobody waits any more. */
final class Attempt<T> {
  private final Promise<T> promise;
  private final Future<?> deadline;
  private Runnable undo = () -> {};

  Attempt(Promise<T> promise, Target target, EventLoop loop) {
    this.promise = promise;
    this.deadline =
        loop.schedule(() -> late(target), target.timeout().toNanos(), TimeUnit.NANOSECONDS);
    promise.addListener(done -> ended(done.isCancelled()));
  }

  private void late(Target target) {
    if (promise.tryFailure(
        new LinkFailure("no connection in " + target.timeout().toMillis() + " ms"))) {
      undo.run();
    }
  }

  private void ended(boolean cancelled) {
    deadline.cancel(false);
    if (cancelled) {
      undo.run();
    }
  }

  /** Replaces what undoes the last step. */
  void onCancel(Runnable undoing) {
    undo = undoing;
    if (promise.isCancelled()) {
      undoing.run();
    }
  }

  boolean isOver() {
    return promise.isDone();
  }

  boolean succeed(T made) {
    return promise.trySuccess(made);
  }

  void fail(String why) {
    promise.tryFailure(new LinkFailure(why));
  }
}
