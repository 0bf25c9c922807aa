package dev.ambit.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class SocketsTest {
  /** Netty calls eight listeners inside of one another, and then puts them off. */
  @ParameterizedTest
  @CsvSource({"AUTO, 0", "AUTO, 7", "AUTO, 8", "AUTO, 20", "NIO, 0", "NIO, 20"})
  void connects_however_deep_inside_of_listeners(Transport.Kind kind, int depth) throws Exception {
    try (Transport transport = Transport.open(kind, 1);
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
      EventLoop loop = transport.loops().getFirst();
      CompletableFuture<ChannelFuture> dialled = new CompletableFuture<>();
      loop.execute(() ->
          inside(
              depth,
              loop,
              () ->
                  dialled.complete(
                      sockets.dial(
                          loop,
                          (InetSocketAddress) server.getLocalSocketAddress(),
                          null,
                          Duration.ofSeconds(30),
                          new ChannelInboundHandlerAdapter()))));
      ChannelFuture connected = dialled.get(30, TimeUnit.SECONDS);
      assertThat(connected.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(connected.isSuccess()).isTrue();
      assertThat(connected.channel().isActive()).isTrue();
      connected.channel().close().syncUninterruptibly();
    }
  }

  private static void inside(int depth, EventLoop loop, Runnable task) {
    if (depth == 0) {
      task.run();
      return;
    }
    Promise<Void> promise = loop.newPromise();
    promise.addListener(_ -> inside(depth - 1, loop, task));
    promise.setSuccess(null);
  }
}
