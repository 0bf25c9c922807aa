package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.tls.MeshTls;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes, half closes and resets through a tunnel (spec: hbone §9), on every transport. */
@Timeout(60)
final class RelayedTrafficTest {
  /** An application that gets each accepted socket on a thread of its own. */
  record Application(ServerSocket socket) implements AutoCloseable {
    interface Conversation {
      void with(Socket peer) throws IOException;
    }

    static Application that(Conversation conversation) throws IOException {
      ServerSocket socket = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
      Thread.ofVirtual()
          .start(() -> {
            while (!socket.isClosed()) {
              try {
                Socket peer = socket.accept();
                Thread.ofVirtual()
                    .start(() -> {
                      try (peer) {
                        conversation.with(peer);
                      } catch (IOException gone) {
                        // The test looks at its own end.
                      }
                    });
              } catch (IOException closed) {
                return;
              }
            }
          });
      return new Application(socket);
    }

    InetSocketAddress address() {
      return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  void carries_bytes_both_ways(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind);
        var echo =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        var client = pair.connect(echo.address())) {
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
      client.shutdownOutput();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
      assertThat(pair.ending("client").cause()).isNull();
      assertThat(pair.ending("server").cause()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(MeshTls.Engine.class)
  void carries_bytes_with_either_tls_engine(MeshTls.Engine engine) throws Exception {
    try (var pair = new TunnelPair(Transport.Kind.EPOLL, engine, HboneSettings.DEFAULT);
        var echo =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        var client = pair.connect(echo.address())) {
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 40: after the client's FIN a response of 10 MiB is delivered whole")
  void half_close_by_the_client(Transport.Kind kind) throws Exception {
    byte[] response = new byte[10 * 1024 * 1024];
    new Random(1).nextBytes(response);
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer -> {
              peer.getInputStream().readAllBytes();
              peer.getOutputStream().write(response);
            });
        var client = pair.connect(application.address())) {
      client.getOutputStream().write("request".getBytes(StandardCharsets.UTF_8));
      client.shutdownOutput();
      assertThat(client.getInputStream().readAllBytes()).isEqualTo(response);
      assertThat(pair.ending("client").cause()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  void half_close_by_the_server_leaves_the_other_direction_open(Transport.Kind kind)
      throws Exception {
    byte[] upload = new byte[10 * 1024 * 1024];
    new Random(2).nextBytes(upload);
    var received = new CompletableFuture<byte[]>();
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer -> {
              peer.getOutputStream().write('!');
              peer.shutdownOutput();
              received.complete(peer.getInputStream().readAllBytes());
            });
        var client = pair.connect(application.address())) {
      assertThat(client.getInputStream().readAllBytes()).containsExactly('!');
      client.getOutputStream().write(upload);
      client.shutdownOutput();
      assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo(upload);
      assertThat(pair.ending("server").cause()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 41: a reset by the client is an orderly end at the far side, and no error")
  void reset_by_the_client(Transport.Kind kind) throws Exception {
    var seen = new CompletableFuture<Integer>();
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer -> {
              InputStream in = peer.getInputStream();
              in.readNBytes(5);
              peer.getOutputStream().write('x');
              seen.complete(in.read());
            });
        var client = pair.connect(application.address())) {
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().read()).isEqualTo('x');
      client.setSoLinger(true, 0);
      client.getInputStream().close();
      assertThat(seen.get(20, TimeUnit.SECONDS)).isEqualTo(-1);
      assertThat(pair.ending("client").cause()).isNull();
      assertThat(pair.ending("server").cause()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 41: a reset by the server ends the client in order")
  void reset_by_the_server(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer -> {
              peer.getInputStream().readNBytes(5);
              peer.setSoLinger(true, 0);
            });
        var client = pair.connect(application.address())) {
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().read()).isEqualTo(-1);
      assertThat(pair.ending("client").cause()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 42: a stream reset with INTERNAL_ERROR resets the client, and is an error")
  void broken_stream(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind)) {
      pair.answer = incoming -> incoming.accept(ConnectReply.open()).reset();
      try (var client = pair.connect(pair.tunnelAddress())) {
        assertThatThrownBy(() -> client.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
        assertThat(pair.ending("client").cause())
            .isInstanceOf(StreamLeg.StreamReset.class)
            .hasMessageContaining("INTERNAL_ERROR");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 42: a lost connection resets the clients of its streams")
  void lost_tunnel(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind);
        var echo =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        var client = pair.connect(echo.address())) {
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
      pair.server.stop();
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThat(pair.ending("client").cause()).isNotNull();
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  void a_client_that_sends_and_closes_at_once_is_served(Transport.Kind kind) throws Exception {
    var received = new CompletableFuture<byte[]>();
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer -> received.complete(peer.getInputStream().readAllBytes()))) {
      try (var client = pair.connect(application.address())) {
        client.getOutputStream().write("fire and forget".getBytes(StandardCharsets.UTF_8));
      }
      assertThat(received.get(20, TimeUnit.SECONDS)).asString().isEqualTo("fire and forget");
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  void a_server_may_speak_first(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind);
        var application =
            Application.that(peer ->
                peer.getOutputStream().write("220 ready".getBytes(StandardCharsets.UTF_8)));
        var client = pair.connect(application.address())) {
      assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("220 ready");
    }
  }

  @ParameterizedTest
  @EnumSource(value = Transport.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  @DisplayName("hbone 43: a stalled reader does not stop sixteen others on its tunnel")
  void stalled_reader(Transport.Kind kind) throws Exception {
    try (var pair = new TunnelPair(kind);
        var source =
            Application.that(peer -> {
              byte[] block = new byte[64 * 1024];
              while (true) {
                peer.getOutputStream().write(block);
              }
            });
        var echo =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        var stalled = pair.connect(source.address())) {
      assertThat(stalled.getInputStream().read()).isZero();
      for (int i = 0; i < 16; i++) {
        try (var client = pair.connect(echo.address())) {
          byte[] message = new byte[256 * 1024];
          new Random(i).nextBytes(message);
          Thread.ofVirtual()
              .start(() -> {
                try {
                  client.getOutputStream().write(message);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
          assertThat(client.getInputStream().readNBytes(message.length)).isEqualTo(message);
        }
      }
      assertThat(pair.accepted).hasValue(1);
      // And it goes on where it stalled.
      assertThat(stalled.getInputStream().readNBytes(20 * 1024 * 1024)).hasSize(20 * 1024 * 1024);
    }
  }
}
