package dev.ambit.ztunnel.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ForwarderTest {
  private static final Query.Question STRAY =
      (Query.Question) Query.read(TestMessage.query(1, "stray.example", TestMessage.A));

  @Test
  void an_answer_with_another_id_is_not_believed() throws Exception {
    try (Transport transport = Transport.open(Transport.Kind.AUTO, 1);
        Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
        TestNameServer outside = TestNameServer.start()) {
      assertThat(ask(transport, sockets, outside, Duration.ofMillis(300)))
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withMessageContaining("no answer of");
      assertThat(outside.asked()).isNotEmpty();
    }
  }

  @Test
  void what_is_under_way_ends_with_the_pod() throws Exception {
    try (Transport transport = Transport.open(Transport.Kind.AUTO, 1);
        Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
        TestNameServer outside = TestNameServer.start()) {
      EventLoop loop = transport.loops().getFirst();
      Forwarder forwarder = forwarder(loop, sockets, outside, Duration.ofHours(1));
      CompletableFuture<byte[]> answer = on(loop, forwarder);
      // By now it has asked.
      assertThat(outside.asked().poll(30, TimeUnit.SECONDS)).isNotNull();
      loop.execute(forwarder::close);
      assertThat(answer)
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withMessageContaining("the pod is gone");
    }
  }

  private static CompletableFuture<byte[]> ask(
      Transport transport, Sockets sockets, TestNameServer outside, Duration timeout) {
    EventLoop loop = transport.loops().getFirst();
    return on(loop, forwarder(loop, sockets, outside, timeout));
  }

  private static Forwarder forwarder(
      EventLoop loop, Sockets sockets, TestNameServer outside, Duration timeout) {
    return new Forwarder(loop, sockets, new Upstreams(List.of(outside.address()), timeout, 1));
  }

  private static CompletableFuture<byte[]> on(EventLoop loop, Forwarder forwarder) {
    return CompletableFuture.completedFuture(STRAY).thenComposeAsync(forwarder::ask, loop);
  }
}
