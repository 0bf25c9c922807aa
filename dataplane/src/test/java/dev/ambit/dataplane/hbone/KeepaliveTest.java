package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A silent peer is noticed in time (spec: hbone §3), on a clock the test moves. */
final class KeepaliveTest {
  private final EmbeddedChannel channel = new EmbeddedChannel();

  KeepaliveTest() {
    channel.freezeTime();
    channel.pipeline().addLast(new Keepalive(Duration.ofSeconds(10), Duration.ofSeconds(20)));
  }

  private void pass(long seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  private Http2PingFrame sent() {
    return channel.readOutbound();
  }

  private void answer(Http2PingFrame ping) {
    channel.writeInbound(new DefaultHttp2PingFrame(ping.content(), true));
  }

  @Test
  void pings_ten_seconds_after_the_start_and_after_each_answer() {
    pass(9);
    assertThat(sent()).isNull();
    pass(1);
    Http2PingFrame first = sent();
    assertThat(first.ack()).isFalse();
    pass(5);
    answer(first);
    pass(9);
    assertThat(sent()).isNull();
    pass(1);
    assertThat(sent()).isNotNull();
    assertThat(channel.isOpen()).isTrue();
  }

  @Test
  @DisplayName("hbone 44: a peer that went silent is closed 30 s after its last sign, at most")
  void closes_a_silent_peer() {
    pass(10);
    answer(sent());
    pass(10);
    assertThat(sent()).isNotNull();
    pass(19);
    assertThat(channel.isOpen()).isTrue();
    pass(1);
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void an_answer_to_another_ping_is_not_its_own() {
    pass(10);
    assertThat(sent()).isNotNull();
    Http2PingFrame foreign = new DefaultHttp2PingFrame(1, true);
    channel.writeInbound(foreign);
    assertThat(channel.<Object>readInbound()).isSameAs(foreign);
    pass(20);
    assertThat(channel.isOpen()).isFalse();
  }
}
