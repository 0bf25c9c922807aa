package dev.ambit.waypoint.upstream.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class NamesTest {
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch gate = new CountDownLatch(1);
  private volatile Instant now = Instant.EPOCH;
  private volatile String address = "10.0.0.1";
  private final Names names = new Names(() -> now, this::find);

  @AfterEach
  void close() {
    gate.countDown();
    names.close();
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  private InetAddress[] find(String name) throws UnknownHostException {
    asked.incrementAndGet();
    try {
      if (name.equals("slow")) {
        gate.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String answer = address;
    if (answer.isEmpty()) {
      throw new UnknownHostException(name);
    }
    return new InetAddress[] {InetAddress.ofLiteral(answer)};
  }

  private Future<InetAddress> resolved(String name) throws InterruptedException {
    Future<InetAddress> future = names.resolve(name, loop);
    assertThat(future.await(30, TimeUnit.SECONDS)).isTrue();
    return future;
  }

  /** Lets time pass until the answer is {@code expected}: it is looked up behind the scenes. */
  private void until(String name, String expected) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!resolved(name).getNow().equals(InetAddress.ofLiteral(expected))) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(end);
      now = now.plusSeconds(31);
      Thread.onSpinWait();
    }
  }

  @Test
  @DisplayName("waypoint-selection §11: names are looked up again, and stand while DNS fails")
  void again() throws Exception {
    assertThat(resolved("a").getNow()).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
    address = "10.0.0.2";
    assertThat(resolved("a").getNow()).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
    assertThat(asked).hasValue(1);
    until("a", "10.0.0.2");
    address = "";
    for (int i = 0; i < 3; i++) {
      now = now.plusSeconds(31);
      assertThat(resolved("a").getNow()).isEqualTo(InetAddress.ofLiteral("10.0.0.2"));
    }
    address = "10.0.0.3";
    until("a", "10.0.0.3");
  }

  @Test
  void a_name_nobody_knows_is_not_asked_for_at_once_again() throws Exception {
    address = "";
    assertThat(resolved("b").cause()).hasMessage("name b is not known to DNS");
    assertThat(resolved("b").cause()).isInstanceOf(LinkFailure.class);
    assertThat(asked).hasValue(1);
    address = "10.0.0.1";
    now = now.plusSeconds(6);
    assertThat(resolved("b").getNow()).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
  }

  @Test
  void a_hundred_who_ask_at_once_are_one_look_up() throws Exception {
    List<Future<InetAddress>> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      all.add(names.resolve("slow", loop));
    }
    gate.countDown();
    for (Future<InetAddress> each : all) {
      assertThat(each.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(each.isSuccess()).isTrue();
    }
    assertThat(asked).hasValue(1);
  }
}
