package dev.ambit.waypoint.upstream.pool;

import dev.ambit.model.traffic.Limits;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** HTTP/2: one connection as long as it has room, then one more. */
final class Http2Pool implements HttpPool, Http2Connection.Owner {
  private final Place place;
  private final Waiters waiters;
  private final List<Http2Connection> usable = new ArrayList<>(1);
  private final Set<Http2Connection> open = new LinkedHashSet<>();
  private @Nullable Future<Channel> dial;
  private boolean draining;

  Http2Pool(Place place) {
    this.place = place;
    this.waiters = new Waiters(place);
  }

  private EventLoop loop() {
    return place.connector().loop();
  }

  @Override
  public Future<HttpStream> open(RequestHead head) {
    Promise<HttpStream> promise = loop().newPromise();
    Waiters.Waiter waiter = new Waiters.Waiter(head, promise);
    for (Http2Connection connection : usable) {
      if (mayTake(connection, waiter)) {
        use(connection, waiter);
        return promise;
      }
    }
    waiters.add(head, promise);
    dialIfNeeded();
    return promise;
  }

  /** Whether an endpoint takes upgrades is known only by its settings. */
  private static boolean mayTake(Http2Connection connection, Waiters.Waiter waiter) {
    return connection.hasRoom() && (connection.isReady() || waiter.head().upgrade().isEmpty());
  }

  private void use(Http2Connection connection, Waiters.Waiter waiter) {
    Promise<HttpStream> promise = waiter.promise();
    if (!waiter.head().upgrade().isEmpty() && !connection.extendedConnect()) {
      promise.tryFailure(
          new PoolFailure(PoolFailure.Kind.NO_UPGRADE, "the endpoint takes no extended CONNECT"));
      return;
    }
    Http2Exchange exchange = new Http2Exchange(connection);
    Future<Http2StreamChannel> stream = connection.open(exchange);
    if (stream.isDone()) {
      opened(stream, exchange, promise);
    } else {
      stream.addListener((Future<Http2StreamChannel> done) -> opened(done, exchange, promise));
    }
  }

  private static void opened(
      Future<Http2StreamChannel> stream, Http2Exchange exchange, Promise<HttpStream> promise) {
    if (!stream.isSuccess()) {
      promise.tryFailure(
          new PoolFailure(
              PoolFailure.Kind.UNREACHABLE,
              "no stream in the connection: " + stream.cause().getMessage()));
    } else if (!promise.trySuccess(exchange)) {
      exchange.reset(HttpStream.Reason.CANCELLED);
    }
  }

  private void serve(Http2Connection connection) {
    while (connection.hasRoom() && connection.isReady()) {
      Waiters.Waiter waiter = waiters.next();
      if (waiter == null) {
        return;
      }
      use(connection, waiter);
    }
  }

  private void dialIfNeeded() {
    boolean coming = dial != null || usable.stream().anyMatch(each -> !each.isReady());
    if (coming || waiters.isEmpty() || !place.mayConnect(usable.size())) {
      return;
    }
    place.opening();
    Limits limits = place.limits();
    Http2Connection connection =
        new Http2Connection(this, limits.maxConcurrentStreams(), limits.maxRequestsPerConnection());
    Future<Channel> dialled = place.connector().channel(place.target(), connection.initializer());
    dial = dialled;
    dialled.addListener((Future<Channel> done) -> dialled(done, connection));
  }

  private void dialled(Future<Channel> done, Http2Connection connection) {
    dial = null;
    if (!done.isSuccess() || connection.isGone()) {
      place.closed();
      place.endpoint().connectFailures.increment();
      Throwable cause = done.cause();
      waiters.failAll(cause == null ? "closed" : String.valueOf(cause.getMessage()));
      return;
    }
    open.add(connection);
    usable.add(connection);
    Duration age = place.limits().maxConnectionDuration();
    if (age != null) {
      connection.ageTimer =
          loop().schedule(connection::retire, age.toNanos(), TimeUnit.NANOSECONDS);
    }
    if (connection.isReady()) {
      ready(connection);
    } else {
      first(connection);
    }
  }

  /** One request may go before the endpoint has said anything. */
  private void first(Http2Connection connection) {
    Waiters.Waiter waiter = waiters.peek();
    if (waiter != null && mayTake(connection, waiter)) {
      waiters.next();
      use(connection, waiter);
    }
  }

  @Override
  public void ready(Http2Connection connection) {
    if (!open.contains(connection)) {
      return;
    }
    serve(connection);
    if (draining && waiters.isEmpty()) {
      connection.retire();
      return;
    }
    if (connection.active() == 0 && !connection.hasRoom() && !connection.isRetired()) {
      // One more connection would be no better, and another after it.
      waiters.failAll("the endpoint allows no streams");
    }
    if (connection.active() == 0) {
      closeWhenIdle(connection);
    }
    dialIfNeeded();
  }

  @Override
  public void streamEnded(Http2Connection connection) {
    serve(connection);
    if (connection.active() == 0 && !connection.isRetired()) {
      closeWhenIdle(connection);
    }
  }

  private void closeWhenIdle(Http2Connection connection) {
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
                  idleCheck(connection, limit);
                },
                Math.max(0, wait),
                TimeUnit.NANOSECONDS);
  }

  private void idleCheck(Http2Connection connection, long limit) {
    if (connection.active() > 0 || connection.isRetired()) {
      return;
    }
    if (loop().ticker().nanoTime() - connection.idleSince() >= limit) {
      connection.retire();
    } else {
      closeWhenIdle(connection);
    }
  }

  @Override
  public void retired(Http2Connection connection) {
    if (usable.remove(connection)) {
      if (!connection.isReady() && connection.isGone()) {
        waiters.failAll("closed by the endpoint before its settings");
      }
      dialIfNeeded();
    }
  }

  @Override
  public void closed(Http2Connection connection) {
    if (open.remove(connection)) {
      place.closed();
      dialIfNeeded();
    }
  }

  @Override
  public void drain() {
    draining = true;
    List.copyOf(usable).forEach(Http2Connection::retire);
  }

  @Override
  public void close() {
    draining = true;
    if (dial != null) {
      dial.cancel(false);
    }
    waiters.failAll("the waypoint goes away");
    List.copyOf(open).forEach(Http2Connection::close);
  }

  @Override
  public boolean isEmpty() {
    return open.isEmpty() && dial == null && waiters.isEmpty();
  }
}
