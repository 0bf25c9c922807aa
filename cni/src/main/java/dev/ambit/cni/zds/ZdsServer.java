package dev.ambit.cni.zds;

import dev.ambit.cni.zds.wire.ZdsCodec;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.PacketSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Serves the CNI socket (spec: cni-socket §5.1). Several ztunnels may be connected while one takes
 * over from another: additions go to the newest, removals to all, and each new one is told the
 * whole roster first. Thread-safe; calls that wait say so.
 */
public final class ZdsServer implements Ztunnels {
  private static final Log LOG = Log.scope("cni::zds");

  private static final int MOST_CLIENTS = 8;
  private static final int ACCEPTS_PER_SECOND = 5;

  private final Path path;
  private final PacketSocket.Listener listener;
  private final Duration patience;

  private final ReentrantLock lock = new ReentrantLock();

  /** Empty: expected, but its namespace is not held. */
  private final Map<String, Optional<ProxiedPod>> roster = new LinkedHashMap<>();

  /** Oldest first; only those that said hello. */
  private final List<ZdsSession> clients = new ArrayList<>();

  private final CountDownLatch closed = new CountDownLatch(1);
  private int accepted;
  private Consumer<String> answered = _ -> {};
  private Runnable clientsChanged = () -> {};

  /**
   * Binds {@code path}; clients wait until {@link #serve}, so that the first snapshot can be whole.
   *
   * @param patience how long a ztunnel may take to answer
   */
  public ZdsServer(Path path, Duration patience) throws IOException {
    this.path = path;
    this.patience = patience;
    this.listener = PacketSocket.Listener.listen(path);
  }

  /**
   * Begins to answer clients.
   *
   * @param answered told a pod's uid when a snapshot's request for it was answered
   * @param clientsChanged called when a ztunnel came or went
   */
  public void serve(Consumer<String> answered, Runnable clientsChanged) {
    this.answered = answered;
    this.clientsChanged = clientsChanged;
    Thread.ofPlatform().daemon().name("zds-accept").start(this::accept);
  }

  @Override
  public Answer add(ProxiedPod pod) {
    Order order;
    lock.lock();
    try {
      roster.put(pod.uid(), Optional.of(pod));
      if (clients.isEmpty()) {
        return new Answer.Unreachable("no ztunnel is connected to " + path);
      }
      ZdsSession newest = clients.getLast();
      Order latest = newest.latest(pod.uid());
      order =
          latest != null && latest.holdsFor(pod)
              ? latest
              : newest.enqueue(Order.addition(pod, patience));
    } finally {
      lock.unlock();
    }
    return order.answer().join();
  }

  @Override
  public void expect(String uid) {
    lock.lock();
    try {
      roster.putIfAbsent(uid, Optional.empty());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public CompletableFuture<Answer> remove(String uid, Duration drain) {
    List<Order> orders = new ArrayList<>();
    lock.lock();
    try {
      if (roster.remove(uid) == null) {
        return CompletableFuture.completedFuture(new Answer.Accepted());
      }
      for (ZdsSession client : clients) {
        client.forget(uid);
        orders.add(client.enqueue(Order.of(ZdsCodec.del(uid, drain), patience.plus(drain))));
      }
    } finally {
      lock.unlock();
    }
    return orders.isEmpty()
        ? CompletableFuture.completedFuture(
            new Answer.Unreachable("no ztunnel is connected to " + path))
        : CompletableFuture.allOf(
                orders.stream().map(Order::answer).toArray(CompletableFuture<?>[]::new))
            .thenApply(_ -> orders.getLast().answer().join());
  }

  @Override
  public int connected() {
    lock.lock();
    try {
      return clients.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    listener.close();
    lock.lock();
    try {
      clients.forEach(ZdsSession::close);
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    ArrayDeque<Long> recent = new ArrayDeque<>();
    try {
      while (closed.getCount() > 0) {
        PacketSocket socket = listener.accept();
        int number = ++accepted;
        Thread.ofPlatform().daemon().name("zds-" + number).start(() -> serve(number, socket));
        calm(recent);
      }
    } catch (IOException e) {
      if (closed.getCount() > 0) {
        LOG.error("the CNI socket is lost; no ztunnel can connect", "error", e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** At most so many clients a second: one that fails at once must not spin us. */
  private void calm(ArrayDeque<Long> recent) throws InterruptedException {
    long now = System.nanoTime();
    recent.add(now);
    if (recent.size() > ACCEPTS_PER_SECOND) {
      long spare = TimeUnit.SECONDS.toNanos(1) - (now - recent.remove());
      if (spare > 0 && closed.await(spare, TimeUnit.NANOSECONDS)) {
        throw new InterruptedException("closed");
      }
    }
  }

  private void serve(int number, PacketSocket socket) {
    ZdsSession session = new ZdsSession(number, socket);
    try {
      session.greet();
    } catch (IOException | ZdsCodec.Malformed e) {
      LOG.warn("a client of the CNI socket was turned away", "error", e.getMessage());
      session.close();
      return;
    }
    if (!join(session)) {
      LOG.warn("a client of the CNI socket was turned away", "error", "too many are connected");
      session.close();
      return;
    }
    LOG.info("ztunnel connected", "client", number);
    clientsChanged.run();
    session.serve();
    lock.lock();
    try {
      clients.remove(session);
    } finally {
      lock.unlock();
    }
    clientsChanged.run();
  }

  /** Makes {@code session} the newest client, with the whole roster before anything else. */
  private boolean join(ZdsSession session) {
    lock.lock();
    try {
      if (clients.size() >= MOST_CLIENTS || closed.getCount() == 0) {
        return false;
      }
      roster.forEach((uid, pod) -> {
        Order order =
            pod.map(held -> Order.addition(held, patience))
                .orElseGet(() -> Order.of(ZdsCodec.keep(uid), patience));
        session.enqueue(order).answer().thenAccept(_ -> answered.accept(uid));
      });
      session.enqueue(Order.of(ZdsCodec.snapshotSent(), patience));
      clients.add(session);
      return true;
    } finally {
      lock.unlock();
    }
  }
}
