package dev.ambit.dataplane.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a relay makes of what happens on its legs, without sockets (spec: hbone §9). */
final class RelayTest {
  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final Scripted near = new Scripted();
  private final Scripted far = new Scripted();
  private final Ends ends = new Ends();
  private final Relay relay = Relay.join(near, far, clock.eventLoop(), Duration.ofHours(1), ends);

  /** A leg that does what the test says and remembers what it was told. */
  private static final class Scripted implements Leg {
    final List<String> told = new ArrayList<>();
    boolean writable = true;
    Receiver receiver = new Nobody();

    @Override
    public void start(Receiver to) {
      receiver = to;
    }

    @Override
    public void read() {
      told.add("read");
    }

    @Override
    public void write(ByteBuf bytes) {
      told.add("write " + bytes.toString(StandardCharsets.US_ASCII));
      bytes.release();
    }

    @Override
    public void flush() {
      told.add("flush");
    }

    @Override
    public boolean writable() {
      return writable;
    }

    @Override
    public void finish() {
      told.add("finish");
    }

    @Override
    public void close() {
      told.add("close");
    }

    @Override
    public void abort() {
      told.add("abort");
    }

    @Override
    public void reset() {
      told.add("reset");
    }

    List<String> told() {
      List<String> copy = List.copyOf(told);
      told.clear();
      return copy;
    }

    void brings(String... batch) {
      for (String bytes : batch) {
        receiver.onBytes(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
      }
      receiver.onBatchEnd();
    }
  }

  private static final class Nobody implements Leg.Receiver {
    @Override
    public void onBytes(ByteBuf bytes) {
      throw new AssertionError("before start");
    }

    @Override
    public void onBatchEnd() {}

    @Override
    public void onWritable() {}

    @Override
    public void onFinish() {}

    @Override
    public void onFinished() {}

    @Override
    public void onGone() {}

    @Override
    public void onBroken(Throwable cause) {}
  }

  private static final class Ends implements Relay.Listener {
    int fromNear;
    int fromFar;
    int ended;
    @Nullable Throwable cause;

    @Override
    public void fromNear(int bytes) {
      fromNear += bytes;
    }

    @Override
    public void fromFar(int bytes) {
      fromFar += bytes;
    }

    @Override
    public void ended(@Nullable Throwable by) {
      ended++;
      cause = by;
    }
  }

  @Test
  void asks_both_sides_at_once() {
    assertThat(near.told()).containsExactly("read");
    assertThat(far.told()).containsExactly("read");
  }

  @Test
  void flushes_once_a_batch_and_asks_for_the_next() {
    near.told();
    far.told();
    near.brings("a", "b", "c");
    assertThat(far.told()).containsExactly("write a", "write b", "write c", "flush");
    assertThat(near.told()).containsExactly("read");
    assertThat(ends.fromNear).isEqualTo(3);
    assertThat(ends.fromFar).isZero();
  }

  @Test
  void asks_for_nothing_while_the_other_side_is_full() {
    near.told();
    far.writable = false;
    near.brings("a");
    assertThat(near.told()).isEmpty();
    far.writable = true;
    far.receiver.onWritable();
    assertThat(near.told()).containsExactly("read");
    far.receiver.onWritable();
    assertThat(near.told()).as("asked already").isEmpty();
  }

  @Test
  void passes_a_half_close_on_and_keeps_the_other_direction_open() {
    near.told();
    far.told();
    near.receiver.onFinish();
    assertThat(far.told()).containsExactly("finish");
    far.receiver.onFinished();
    far.brings("answer");
    assertThat(near.told()).containsExactly("write answer", "flush");
    assertThat(ends.ended).isZero();
    far.receiver.onFinish();
    assertThat(near.told()).containsExactly("finish");
    near.receiver.onFinished();
    assertThat(near.told()).containsExactly("close");
    assertThat(far.told()).contains("close");
    assertThat(ends.ended).isEqualTo(1);
    assertThat(ends.cause).isNull();
  }

  @Test
  void a_finish_counts_when_it_is_on_its_way_and_not_before() {
    near.receiver.onFinish();
    far.receiver.onFinish();
    assertThat(ends.ended).isZero();
    far.receiver.onFinished();
    assertThat(ends.ended).isZero();
    near.receiver.onFinished();
    assertThat(ends.ended).isEqualTo(1);
  }

  @Test
  void a_side_that_vanished_ends_the_other_in_order() {
    far.told();
    near.receiver.onGone();
    assertThat(far.told()).containsExactly("close");
    far.brings("too late");
    assertThat(near.told).noneMatch(what -> what.startsWith("write"));
    far.receiver.onGone();
    assertThat(ends.ended).isEqualTo(1);
    assertThat(ends.cause).isNull();
  }

  @Test
  void a_broken_side_breaks_the_other() {
    near.told();
    RuntimeException cause = new RuntimeException("lost");
    far.receiver.onBroken(cause);
    assertThat(near.told()).containsExactly("reset");
    assertThat(ends.cause).isSameAs(cause);
    near.receiver.onGone();
    assertThat(ends.ended).isEqualTo(1);
  }

  @Test
  void a_cut_ends_both_sides_once() {
    near.told();
    far.told();
    relay.cut(null);
    relay.cut(null);
    assertThat(near.told()).containsExactly("abort");
    assertThat(far.told()).containsExactly("abort");
    assertThat(ends.ended).isEqualTo(1);
    near.brings("late");
    assertThat(far.told()).isEmpty();
  }

  @Test
  void a_half_closed_connection_that_stands_still_for_an_hour_is_cut() {
    near.receiver.onFinish();
    far.receiver.onFinished();
    clock.advanceTimeBy(59, TimeUnit.MINUTES);
    clock.runScheduledPendingTasks();
    far.brings("still here");
    clock.advanceTimeBy(2, TimeUnit.MINUTES);
    clock.runScheduledPendingTasks();
    assertThat(ends.ended).as("it moved in that hour").isZero();
    clock.advanceTimeBy(61, TimeUnit.MINUTES);
    clock.runScheduledPendingTasks();
    assertThat(ends.ended).isEqualTo(1);
    assertThat(ends.cause).isInstanceOf(Relay.HalfOpen.class);
  }
}
