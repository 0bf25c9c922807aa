package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How streams share tunnels (spec: hbone §6). */
@Timeout(60)
final class TunnelPoolTest {
  private static TunnelPair pair(HboneSettings settings) {
    TunnelPair pair = new TunnelPair(Transport.Kind.EPOLL, MeshTls.Engine.BORINGSSL, settings);
    pair.answer = incoming -> incoming.accept(ConnectReply.open());
    return pair;
  }

  /** Opens {@code count} streams at once and waits until all are open. */
  private static List<TunnelPool.Stream> open(TunnelPair pair, TunnelPool.Key key, int count) {
    List<Future<TunnelPool.Stream>> opening =
        pair.onLoop(() -> {
          List<Future<TunnelPool.Stream>> all = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            all.add(pair.pool.open(key, TunnelPair.request("127.0.0.1:80")));
          }
          return all;
        });
    return opening.stream().map(future -> future.syncUninterruptibly().getNow()).toList();
  }

  private static void close(TunnelPair pair, List<TunnelPool.Stream> streams)
      throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(streams.size());
    streams.forEach(
        stream -> stream.leg().channel().closeFuture().addListener(_ -> closed.countDown()));
    pair.onLoop(() -> {
      streams.forEach(stream -> stream.leg().abort());
      return true;
    });
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @DisplayName("hbone 30, 31, 32, 33: streams per tunnel and tunnels")
  @CsvSource({"3, 2, 1", "2, 4, 2", "1, 3, 3", "101, 100, 1", "2, 5, 3"})
  void tunnels_for_streams(int most, int streams, int tunnels) {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT.withStreamsPerTunnel(most))) {
      open(pair, pair.key(), streams);
      assertThat(pair.accepted).hasValue(tunnels);
    }
  }

  @Test
  @DisplayName("hbone 31: full tunnels are not used again, and end with their last stream")
  void full_tunnels_retire() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT.withStreamsPerTunnel(2))) {
      List<TunnelPool.Stream> first = open(pair, pair.key(), 4);
      assertThat(pair.accepted).hasValue(2);
      assertThat(pair.onLoop(pair.pool::rows))
          .hasSize(2)
          .allMatch(TunnelPool.Row::retired)
          .allMatch(row -> row.streams() == 2);
      open(pair, pair.key(), 5);
      assertThat(pair.accepted).hasValue(5);
      close(pair, first);
      assertThat(pair.onLoop(pair.pool::rows)).hasSize(3);
    }
  }

  @Test
  void a_tunnel_with_room_is_used_again() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      close(pair, open(pair, pair.key(), 1));
      close(pair, open(pair, pair.key(), 3));
      open(pair, pair.key(), 2);
      assertThat(pair.accepted).hasValue(1);
    }
  }

  @Test
  @DisplayName("hbone 34: keys that differ in source address or in expected identities share none")
  void keys_differ() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      TunnelPool.Key key = pair.key();
      open(pair, key, 1);
      open(
          pair,
          new TunnelPool.Key(
              key.source(), key.peers(), key.nextHop(), InetAddress.ofLiteral("127.0.0.9")),
          1);
      open(
          pair,
          new TunnelPool.Key(
              key.source(),
              Set.of(TunnelPair.SERVER, new SpiffeId("cluster.local", "demo", "other")),
              key.nextHop(),
              key.sourceIp()),
          1);
      assertThat(pair.accepted).hasValue(3);
      open(
          pair,
          new TunnelPool.Key(
              key.source(),
              Set.of(new SpiffeId("cluster.local", "demo", "other"), TunnelPair.SERVER),
              key.nextHop(),
              key.sourceIp()),
          1);
      assertThat(pair.accepted).as("the order of identities means nothing").hasValue(3);
    }
  }

  @Test
  @DisplayName("hbone 35: after GOAWAY a new tunnel is used, and the live stream goes on")
  void goaway() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      TunnelPool.Stream live = open(pair, pair.key(), 1).getFirst();
      var drained = pair.server.drain();
      while (!pair.onLoop(pair.pool::rows).getFirst().retired()) {
        Thread.onSpinWait();
      }
      TunnelPool.Stream next = open(pair, pair.key(), 1).getFirst();
      assertThat(pair.accepted).hasValue(2);
      assertThat(live.leg().channel().isActive()).isTrue();
      assertThat(drained).isNotDone();
      assertThat(next.leg().channel().parent()).isNotSameAs(live.leg().channel().parent());
      close(pair, List.of(live));
      live.leg().channel().parent().closeFuture().await(10, TimeUnit.SECONDS);
      assertThat(live.leg().channel().parent().isOpen()).isFalse();
      close(pair, List.of(next));
      next.leg().channel().parent().close();
      assertThat(drained).succeedsWithin(10, TimeUnit.SECONDS);
    }
  }

  @Test
  @DisplayName("hbone 36: an unused tunnel is closed after its time, and none is left")
  void unused() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT.withUnusedRelease(Duration.ofMillis(100)))) {
      List<TunnelPool.Stream> streams = open(pair, pair.key(), 1);
      var tunnel = streams.getFirst().leg().channel().parent();
      assertThat(tunnel.closeFuture().await(300, TimeUnit.MILLISECONDS))
          .as("a tunnel with a live stream stays")
          .isFalse();
      close(pair, streams);
      assertThat(tunnel.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(pair.onLoop(pair.pool::rows)).isEmpty();
    }
  }

  @Test
  void a_storm_on_a_cold_key_makes_no_more_tunnels_than_its_streams_need() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      assertThat(open(pair, pair.key(), 1_000)).hasSize(1_000);
      assertThat(pair.accepted).hasValue(10);
    }
  }

  @Test
  void a_peer_that_allows_two_streams_gets_another_tunnel_for_the_third() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      ForeignServer server = new ForeignServer(pair, new Http2Settings().maxConcurrentStreams(2));
      assertThat(open(pair, server.key(), 5)).hasSize(5);
      assertThat(server.connections).hasValue(3);
    }
  }

  @Test
  void a_peer_that_allows_no_stream_fails_the_caller() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      ForeignServer server = new ForeignServer(pair, new Http2Settings().maxConcurrentStreams(0));
      Future<TunnelPool.Stream> stream =
          pair.openAsync(server.key(), "127.0.0.1:80").awaitUninterruptibly();
      assertThat(pair.failureOf(stream)).isEqualTo(Failure.HTTP2);
    }
  }

  @Test
  void a_stream_refused_unseen_is_tried_once_more_on_another_tunnel() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      ForeignServer server = new ForeignServer(pair, new Http2Settings());
      server.refuseFirst.set(1);
      assertThat(open(pair, server.key(), 1)).hasSize(1);
      assertThat(server.streams).hasValue(2);
      assertThat(server.connections).hasValue(2);
      server.refuseFirst.set(2);
      Future<TunnelPool.Stream> refused =
          pair.openAsync(server.key(), "127.0.0.1:80").awaitUninterruptibly();
      assertThat(pair.failureOf(refused)).isEqualTo(Failure.HTTP2);
    }
  }

  @Test
  void when_the_dial_fails_everyone_who_waits_is_told() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      TunnelPool.Key key;
      try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        key = keyOf(pair, closed);
      }
      List<Future<TunnelPool.Stream>> all =
          pair.onLoop(() -> {
            List<Future<TunnelPool.Stream>> many = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
              many.add(pair.pool.open(key, TunnelPair.request("127.0.0.1:80")));
            }
            return many;
          });
      assertThat(all)
          .allSatisfy(stream ->
              assertThat(pair.failureOf(stream.awaitUninterruptibly()))
                  .isEqualTo(Failure.UNREACHABLE));
    }
  }

  private static TunnelPool.Key keyOf(TunnelPair pair, ServerSocket socket) {
    return new TunnelPool.Key(
        TunnelPair.CLIENT,
        pair.expected,
        new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort()),
        InetAddress.getLoopbackAddress());
  }

  @Test
  @Timeout(30)
  void a_server_that_never_speaks_fails_the_caller_in_time() throws Exception {
    HboneSettings hasty =
        HboneSettings.DEFAULT.withDeadlines(Duration.ofSeconds(1), Duration.ofMillis(300));
    try (TunnelPair pair = pair(hasty);
        ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Future<TunnelPool.Stream> stream =
          pair.openAsync(keyOf(pair, silent), "127.0.0.1:80").awaitUninterruptibly();
      assertThat(pair.failureOf(stream)).isEqualTo(Failure.TLS);
      assertThat(stream.cause()).hasMessageContaining("no answer in");
    }
  }

  @Test
  void a_stream_nobody_waits_for_any_more_is_aborted() throws Exception {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      CountDownLatch gone = new CountDownLatch(1);
      CountDownLatch asked = new CountDownLatch(1);
      pair.answer =
          incoming -> {
            incoming.onGone(gone::countDown);
            asked.countDown();
          };
      Future<TunnelPool.Stream> stream = pair.openAsync(pair.key(), "127.0.0.1:80");
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      pair.onLoop(() -> stream.cancel(false));
      assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void a_status_other_than_200_is_a_refusal_that_names_it() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      pair.answer = incoming -> incoming.refuse(401);
      Future<TunnelPool.Stream> stream = pair.open("127.0.0.1:80");
      assertThat(pair.failureOf(stream)).isEqualTo(Failure.TUNNEL_REFUSED);
      assertThat(stream.cause()).hasMessage("http status: 401 Unauthorized");
      assertThat(pair.open("127.0.0.1:80").cause()).isNotNull();
      assertThat(pair.accepted).as("a refusal does not cost the tunnel").hasValue(1);
    }
  }

  @Test
  void a_stopped_pool_opens_nothing() {
    try (TunnelPair pair = pair(HboneSettings.DEFAULT)) {
      TunnelPool.Stream live = open(pair, pair.key(), 1).getFirst();
      pair.onLoop(() -> {
        pair.pool.stop();
        return true;
      });
      live.leg().channel().closeFuture().awaitUninterruptibly(10_000);
      assertThat(live.leg().channel().isOpen()).isFalse();
      assertThat(pair.failureOf(pair.open("127.0.0.1:80"))).isEqualTo(Failure.DRAINED);
    }
  }
}
