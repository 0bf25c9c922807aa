package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TasksTest {
  @Test
  void close_interrupts_and_joins() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    Tasks tasks = new Tasks("test");
    tasks.start(
        "waits",
        () -> {
          running.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
          }
        });
    assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();

    tasks.close();

    assertThat(interrupted.getCount()).isZero();
    assertThat(tasks.failures()).isZero();
    assertThatThrownBy(() -> tasks.start("late", () -> {})).hasMessageContaining("closed");
  }

  @Test
  void keep_runs_again_after_a_failure_and_ends_with_success() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    Runnable unfollow = Log.follow(lines::add);
    AtomicInteger runs = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(1);
    try (Tasks tasks = new Tasks("test")) {
      tasks.keep(
          "third time lucky",
          Duration.ofMillis(20),
          () -> {
            if (runs.incrementAndGet() < 3) {
              throw new IllegalStateException("run " + runs);
            }
            done.countDown();
          });
      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(tasks.failures()).isEqualTo(2);
    } finally {
      unfollow.run();
    }
    assertThat(lines)
        .filteredOn(line -> line.contains("third time lucky"))
        .hasSize(2)
        .first()
        .asString()
        .contains("\terror\ttasks\ttask failed\ttask=\"test/third time lucky\"")
        .contains("error=\"IllegalStateException: run 1\"");
  }

  @Test
  void every_goes_on_after_a_failure() throws Exception {
    CountDownLatch runs = new CountDownLatch(3);
    try (Tasks tasks = new Tasks("test")) {
      tasks.every(
          "fails",
          Duration.ofMillis(1),
          () -> {
            runs.countDown();
            throw new IllegalStateException("always");
          });
      assertThat(runs.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }
}
