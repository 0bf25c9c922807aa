package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DrainTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Drain drain = new Drain();

  private static final class Scripted implements Drain.Part {
    final CompletableFuture<Void> finished = new CompletableFuture<>();
    final List<String> calls = new ArrayList<>();

    @Override
    public CompletableFuture<Void> finish() {
      calls.add("finish");
      return finished;
    }

    @Override
    public void force() {
      calls.add("force");
    }
  }

  @Test
  void ends_when_the_last_part_is_done() {
    Scripted a = new Scripted();
    Scripted b = new Scripted();
    drain.add(a);
    drain.add(b);
    assertThat(drain.begun()).isFalse();

    CompletableFuture<Void> end = drain.begin(LONG);
    assertThat(drain.begun()).isTrue();
    a.finished.complete(null);
    assertThat(end).isNotDone();
    b.finished.complete(null);

    assertThat(end).isDone();
    assertThat(a.calls).containsExactly("finish");
    assertThat(drain.begin(LONG)).isSameAs(end);
  }

  @Test
  void ends_at_once_without_parts() {
    drain.add(new Scripted()).run();

    assertThat(drain.begin(LONG)).isDone();
  }

  @Test
  void forces_what_is_left_at_the_deadline() throws Exception {
    Scripted stuck = new Scripted();
    drain.add(stuck);

    drain.begin(Duration.ofMillis(20)).get(10, TimeUnit.SECONDS);

    assertThat(stuck.calls).containsExactly("finish", "force");
  }

  @Test
  void forces_a_part_that_fails() {
    Scripted broken = new Scripted();
    drain.add(broken);
    CompletableFuture<Void> end = drain.begin(LONG);

    broken.finished.completeExceptionally(new IllegalStateException("scripted"));

    assertThat(end).isDone();
    assertThat(broken.calls).containsExactly("finish", "force");
  }

  @Test
  void tells_a_late_part_at_once() {
    Scripted early = new Scripted();
    Scripted late = new Scripted();
    drain.add(early);
    CompletableFuture<Void> end = drain.begin(LONG);

    drain.add(late);
    assertThat(late.calls).containsExactly("finish");
    early.finished.complete(null);
    assertThat(end).isNotDone();
    late.finished.complete(null);
    assertThat(end).isDone();

    Scripted afterwards = new Scripted();
    drain.add(afterwards);
    assertThat(afterwards.calls).containsExactly("force");
  }
}
