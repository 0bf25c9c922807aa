package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import io.netty.handler.codec.http2.Http2Error;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that speak garbage, stall, or flood (spec: threat-model §7.5). */
@Timeout(60)
final class HostilePeerTest {
  private final AtomicInteger asked = new AtomicInteger();
  private final TunnelPair pair =
      new TunnelPair(
          Transport.Kind.EPOLL,
          MeshTls.Engine.BORINGSSL,
          HboneSettings.DEFAULT.withDeadlines(Duration.ofSeconds(5), Duration.ofSeconds(3)));

  HostilePeerTest() {
    pair.answer =
        incoming -> {
          asked.incrementAndGet();
          incoming.accept(ConnectReply.open());
        };
  }

  @AfterEach
  void a_good_client_is_still_served() {
    assertThat(pair.open("127.0.0.1:80").isSuccess()).isTrue();
    pair.close();
  }

  private Socket plain() throws IOException {
    Socket socket = new Socket(pair.tunnelAddress().getAddress(), pair.tunnelAddress().getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private RawClient speaking() throws Exception {
    return RawClient.speaking(pair.tunnelAddress(), pair.clientCertificate);
  }

  private static void closedByServer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    try {
      in.readAllBytes();
    } catch (SocketException reset) {
      // As good.
    }
  }

  /** The connection ends with GOAWAY and this error. */
  private static void endsWith(RawClient client, Http2Error error) throws IOException {
    RawClient.Frame last = client.next(RawClient.GOAWAY);
    assertThat(last).isNotNull();
    assertThat(Http2Error.valueOf(last.error())).isEqualTo(error);
    assertThat(client.next()).isNull();
  }

  @Test
  void garbage_instead_of_a_handshake() throws Exception {
    try (Socket socket = plain()) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: pod\r\n\r\n".getBytes());
      closedByServer(socket);
    }
    assertThat(pair.refusals.poll(10, TimeUnit.SECONDS)).contains("TLS handshake failed");
  }

  @Test
  @DisplayName("RES-001: silence, and a handshake of one byte at a time, end at the deadline")
  void stalled_handshakes() throws Exception {
    long begun = System.nanoTime();
    try (Socket silent = plain();
        Socket slow = plain()) {
      Thread drip =
          Thread.ofVirtual()
              .start(() -> {
                byte[] hello = {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
                try {
                  for (byte one : hello) {
                    slow.getOutputStream().write(one);
                    new CountDownLatch(1).await(200, TimeUnit.MILLISECONDS);
                  }
                } catch (IOException | InterruptedException closed) {
                  // What is hoped for.
                }
              });
      closedByServer(silent);
      closedByServer(slow);
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofMillis(2_900), Duration.ofSeconds(15));
      drip.interrupt();
    }
    assertThat(pair.refusals.poll(10, TimeUnit.SECONDS)).contains("in time");
  }

  @Test
  @DisplayName("RES-001: a peer that shakes hands and then says nothing ends at the deadline")
  void silence_after_the_handshake() throws Exception {
    try (RawClient client =
        RawClient.connect(pair.tunnelAddress(), pair.clientCertificate, _ -> {})) {
      while (client.next() != null) {
        assertThat(asked).hasValue(0);
      }
    }
    assertThat(pair.refusals.poll(10, TimeUnit.SECONDS)).contains("in time");
  }

  @Test
  void many_stalled_handshakes_do_not_delay_a_good_client() throws Exception {
    List<Socket> stalled = new ArrayList<>();
    try {
      for (int i = 0; i < 500; i++) {
        stalled.add(plain());
      }
      assertThat(pair.open("127.0.0.1:80").isSuccess()).isTrue();
    } finally {
      for (Socket socket : stalled) {
        socket.close();
      }
    }
  }

  @Test
  @DisplayName("RES-003: the 201st stream at a time is refused, and the others live")
  void too_many_streams() throws Exception {
    try (RawClient client = speaking()) {
      for (int i = 0; i < 201; i++) {
        client.connect(2 * i + 1, "127.0.0.1:80");
      }
      RawClient.Frame refused = client.next(RawClient.RST_STREAM);
      assertThat(refused).isNotNull();
      assertThat(refused.stream()).isEqualTo(401);
      assertThat(Http2Error.valueOf(refused.error())).isEqualTo(Http2Error.REFUSED_STREAM);
      client.frame(RawClient.PING, 0, 0, new byte[8]);
      assertThat(client.next(RawClient.PING)).isNotNull();
      assertThat(asked).hasValue(200);
    }
  }

  @Test
  @DisplayName("RES-004: opening and resetting at line rate ends the connection")
  void rapid_reset() throws Exception {
    CountDownLatch gone = new CountDownLatch(FloodGuard.EARLY_RESETS);
    pair.answer = incoming -> incoming.onGone(gone::countDown);
    try (RawClient client = speaking()) {
      int stream = 1;
      try {
        for (int i = 0; i < 2_000; i++, stream += 2) {
          client.connect(stream, "127.0.0.1:80");
          client.frame(RawClient.RST_STREAM, 0, stream, cancel());
        }
      } catch (IOException closed) {
        assertThat(stream).isGreaterThan(2 * FloodGuard.EARLY_RESETS);
      }
      endsWith(client, Http2Error.ENHANCE_YOUR_CALM);
    }
    assertThat(gone.await(10, TimeUnit.SECONDS)).as("work for reset streams ended").isTrue();
    pair.answer = incoming -> incoming.accept(ConnectReply.open());
  }

  private static byte[] cancel() {
    return ByteBuffer.allocate(4).putInt((int) Http2Error.CANCEL.code()).array();
  }

  @Test
  @DisplayName("RES-004: thousands of short honest streams, each reset after its answer, live")
  void many_short_streams() throws Exception {
    try (RawClient client = speaking()) {
      for (int i = 0; i < 2_000; i++) {
        client.connect(2 * i + 1, "127.0.0.1:80");
        assertThat(client.status()).isEqualTo(200);
        client.frame(RawClient.RST_STREAM, 0, 2 * i + 1, cancel());
      }
    }
  }

  @Test
  @DisplayName("RES-009: a flood of PINGs ends the connection")
  void ping_flood() throws Exception {
    flood(RawClient.PING, new byte[8]);
  }

  @Test
  @DisplayName("RES-009: a flood of SETTINGS ends the connection")
  void settings_flood() throws Exception {
    flood(RawClient.SETTINGS, new byte[0]);
  }

  private void flood(int type, byte[] payload) throws Exception {
    try (RawClient client = speaking()) {
      try {
        for (int i = 0; i < 2 * FloodGuard.CONTROL_FRAMES; i++) {
          client.frame(type, 0, 0, payload);
        }
      } catch (IOException closed) {
        return;
      }
      RawClient.Frame last = client.next(RawClient.GOAWAY);
      if (last != null) {
        assertThat(Http2Error.valueOf(last.error())).isEqualTo(Http2Error.ENHANCE_YOUR_CALM);
      }
    }
  }

  @Test
  @DisplayName("RES-009: empty DATA frames end the connection")
  void empty_data() throws Exception {
    try (RawClient client = speaking()) {
      client.connect(1, "127.0.0.1:80");
      // In one write: the server may have closed before a tenth one.
      ByteBuffer frames = ByteBuffer.allocate(10 * 9);
      for (int i = 0; i < 10; i++) {
        frames.putInt(RawClient.DATA).put((byte) 0).putInt(1);
      }
      client.bytes(frames.array());
      endsWith(client, Http2Error.ENHANCE_YOUR_CALM);
    }
  }

  @Test
  @DisplayName("RES-006: endless small CONTINUATION frames end the connection")
  void continuation_flood() throws Exception {
    try (RawClient client = speaking()) {
      byte[] block = client.block(":method", "CONNECT", ":authority", "127.0.0.1:80");
      client.frame(RawClient.HEADERS, 0, 1, block);
      try {
        for (int i = 0; i < 1_000; i++) {
          client.frame(RawClient.CONTINUATION, 0, 1, new byte[0]);
        }
      } catch (IOException closed) {
        return;
      }
      assertThat(client.next(RawClient.GOAWAY)).isNotNull();
    }
    assertThat(asked).hasValue(0);
  }

  @Test
  @DisplayName("RES-007: a header list above 64 KiB is refused before anyone looks at it")
  void large_headers() throws Exception {
    try (RawClient client = speaking()) {
      byte[] block =
          client.block(
              ":method", "CONNECT", ":authority", "127.0.0.1:80", "x", "v".repeat(70 * 1024));
      int at = 0;
      for (int type = RawClient.HEADERS; at < block.length; type = RawClient.CONTINUATION) {
        int length = Math.min(16_384, block.length - at);
        byte[] part = new byte[length];
        System.arraycopy(block, at, part, 0, length);
        at += length;
        client.frame(type, at == block.length ? RawClient.END_HEADERS : 0, 1, part);
      }
      assertThat(client.status()).isIn(431, 0);
    }
    assertThat(asked).hasValue(0);
  }

  @Test
  void a_frame_above_the_advertised_size_ends_the_connection() throws Exception {
    try (RawClient client = speaking()) {
      client.connect(1, "127.0.0.1:80");
      try {
        client.frame(RawClient.DATA, 0, 1, new byte[HboneSettings.DEFAULT.frameSize() + 1]);
      } catch (IOException closed) {
        return;
      }
      endsWith(client, Http2Error.FRAME_SIZE_ERROR);
    }
  }

  @Test
  void garbage_after_the_handshake() throws Exception {
    try (RawClient client =
        RawClient.connect(pair.tunnelAddress(), pair.clientCertificate, _ -> {})) {
      client.bytes(new byte[64]);
      assertThat(client.next(RawClient.HEADERS)).isNull();
    }
    assertThat(pair.refusals.poll(10, TimeUnit.SECONDS)).contains("preface");
  }
}
