package dev.ambit.waypoint.upstream.pool;

import dev.ambit.model.traffic.Limits;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1: as many connections as requests at a time, the last used one first. */
final class Http1Pool implements HttpPool, Http1Connection.Owner {
  private final Place place;
  private final Waiters waiters;
  private final Deque<Http1Connection> idle = new ArrayDeque<>();
  private final Set<Http1Connection> open = new LinkedHashSet<>();
  private final Set<Future<Channel>> dials = new LinkedHashSet<>();
  private boolean draining;

  Http1Pool(Place place) {
    this.place = place;
    this.waiters = new Waiters(place);
  }

  private EventLoop loop() {
    return place.connector().loop();
  }

  @Override
  public Future<HttpStream> open(RequestHead head) {
    Http1Connection connection = pollIdle();
    if (connection != null) {
      return loop().newSucceededFuture(connection.exchange());
    }
    Promise<HttpStream> promise = loop().newPromise();
    waiters.add(head, promise);
    dialIfNeeded();
    return promise;
  }

  private @Nullable Http1Connection pollIdle() {
    for (Http1Connection each = idle.pollLast(); each != null; each = idle.pollLast()) {
      if (each.isUsable()) {
        return each;
      }
    }
    return null;
  }

  private void dialIfNeeded() {
    while (dials.size() < waiters.size() && place.mayConnect(open.size() + dials.size())) {
      dial();
    }
  }

  private void dial() {
    place.opening();
    Http1Connection connection = new Http1Connection(this);
    Future<Channel> dial = place.connector().channel(place.target(), connection.initializer());
    dials.add(dial);
    if (dial.isDone()) {
      dialled(dial, connection);
    } else {
      dial.addListener((Future<Channel> done) -> dialled(done, connection));
    }
  }

  private void dialled(Future<Channel> dial, Http1Connection connection) {
    dials.remove(dial);
    if (!dial.isSuccess()) {
      place.closed();
      place.endpoint().connectFailures.increment();
      Waiters.Waiter waiter = waiters.next();
      if (waiter != null) {
        String why = dial.isCancelled() ? "closed" : String.valueOf(dial.cause().getMessage());
        waiter.promise().tryFailure(new PoolFailure(PoolFailure.Kind.UNREACHABLE, why));
      }
      // Each that still waits has a dial of its own, unless limits forbade it.
      dialIfNeeded();
      return;
    }
    if (connection.isGone()) {
      place.closed();
      dialIfNeeded();
      return;
    }
    open.add(connection);
    Duration age = place.limits().maxConnectionDuration();
    if (age != null) {
      connection.ageTimer =
          loop().schedule(connection::retire, age.toNanos(), TimeUnit.NANOSECONDS);
    }
    freed(connection);
  }

  @Override
  public void freed(Http1Connection connection) {
    Limits limits = place.limits();
    boolean spent =
        limits.maxRequestsPerConnection() > 0
            && connection.served() >= limits.maxRequestsPerConnection();
    if (spent || (draining && waiters.isEmpty())) {
      connection.retire();
      return;
    }
    for (Waiters.Waiter next = waiters.next(); next != null; next = waiters.next()) {
      Http1Exchange exchange = connection.exchange();
      if (next.promise().trySuccess(exchange)) {
        return;
      }
      connection.returned();
    }
    idle.addLast(connection);
    connection.idle(loop().ticker().nanoTime());
    closeWhenIdle(connection);
  }

  private void closeWhenIdle(Http1Connection connection) {
    long limit = place.limits().idleTimeout().toNanos();
    if (limit == 0 || connection.idleTimer != null) {
      return;
    }
    long wait = connection.idleSince() + limit - loop().ticker().nanoTime();
    connection.idleTimer =
        loop()
            .schedule(
                () -> {
                  connection.idleTimer = null;
                  idleCheck(connection);
                },
                Math.max(0, wait),
                TimeUnit.NANOSECONDS);
  }

  private void idleCheck(Http1Connection connection) {
    if (!connection.isUsable()) {
      return;
    }
    long limit = place.limits().idleTimeout().toNanos();
    if (loop().ticker().nanoTime() - connection.idleSince() >= limit) {
      connection.retire();
    } else {
      closeWhenIdle(connection);
    }
  }

  @Override
  public void closed(Http1Connection connection) {
    if (open.remove(connection)) {
      idle.remove(connection);
      place.closed();
      dialIfNeeded();
    }
  }

  @Override
  public void drain() {
    draining = true;
    List.copyOf(idle).forEach(Http1Connection::retire);
    idle.clear();
  }

  @Override
  public void close() {
    draining = true;
    List.copyOf(dials).forEach(dial -> dial.cancel(false));
    waiters.failAll("the waypoint goes away");
    List.copyOf(open).forEach(Http1Connection::close);
  }

  @Override
  public boolean isEmpty() {
    return open.isEmpty() && dials.isEmpty() && waiters.isEmpty();
  }
}
