package dev.ambit.waypoint.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.hbone.TunnelFailure;
import dev.ambit.waypoint.config.Destination.Protocol;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a CONNECT, and how the protocol inside is found out. */
class FrontTest {
  private static final FrontSettings QUICK =
      FrontSettings.DEFAULT.withTimes(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMinutes(1),
          Duration.ofMillis(100));

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest(name = "waypoint-selection 6, SEC-070: {0} is refused")
  @ValueSource(
      strings = {
        "10.96.0.2:80",
        "10.96.0.1:12345",
        "127.0.0.1:15000",
        "169.254.169.254:80",
        "web:80"
      })
  void whatIsNotOursIsRefused(String authority) {
    try (TestFront front = new TestFront(Protocol.HTTP)) {
      assertThat(front.open(authority).cause())
          .isInstanceOf(TunnelFailure.class)
          .hasMessageContaining("404");
    }
  }

  @ParameterizedTest(name = "threat-model SEC-043: {0} is refused")
  @ValueSource(strings = {"a@b:1", ":80", "10.96.0.1:0", "10.96.0.1:99999"})
  void whatIsNoAuthorityIsRefused(String authority) {
    try (TestFront front = new TestFront(Protocol.HTTP)) {
      assertThat(front.open(authority).cause()).hasMessageContaining("400");
    }
  }

  @Test
  void aProxyMayTellThePortOfItsClientAndNoOtherAddress() throws Exception {
    try (TestFront front = new TestFront(Protocol.HTTP)) {
      front.forwarded = "for=\"127.0.0.1:4711\";host=web";
      try (Socket socket = front.connect()) {
        send(socket, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
        assertThat(FakeServices.take(front.services.requests).caller().source().getPort())
            .isEqualTo(4711);
      }
      front.forwarded = "for=\"10.0.0.9:4711\"";
      try (Socket socket = front.connect()) {
        send(socket, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
        var source = FakeServices.take(front.services.requests).caller().source();
        assertThat(source.getAddress().isLoopbackAddress()).isTrue();
        assertThat(source.getPort()).isNotEqualTo(4711);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"HTTP", "HTTP2", "GRPC", "DETECT"})
  void bothVersionsAreToldByTheirFirstBytes(Protocol protocol) throws Exception {
    try (TestFront front = new TestFront(protocol)) {
      try (Socket socket = front.connect()) {
        send(socket, "P");
        send(socket, "RIMES /hello HTTP/1.1\r\nHost: web\r\n\r\n");
        Http1Test.until(socket.getInputStream(), "hello");
      }
      try (RawHttp2 client = new RawHttp2(front.connect())) {
        client.get(1, "/hello");
        assertThat(client.status()).isEqualTo("200");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"TCP", "TLS", "DETECT"})
  void aServerMaySpeakFirst(Protocol protocol) throws Exception {
    try (TestFront front = new TestFront(protocol, QUICK);
        Socket socket = front.connect()) {
      Http1Test.until(socket.getInputStream(), "welcome ");
      send(socket, "GET / HTTP/1.1\r\n\r\n");
      Http1Test.until(socket.getInputStream(), "GET / HTTP/1.1\r\n\r\n");
      socket.shutdownOutput();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
      assertThat(FakeServices.take(front.services.serverNames)).isEmpty();
    }
  }

  @Test
  void bytesThatAreNoHttpArriveWhole() throws Exception {
    try (TestFront front = new TestFront(Protocol.DETECT);
        Socket socket = front.connect()) {
      send(socket, "\u0003\u0002no http");
      socket.shutdownOutput();
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .isEqualTo("welcome \u0003\u0002no http");
    }
  }

  @Test
  void aFewBytesAndThenSilenceAreBytes() throws Exception {
    try (TestFront front = new TestFront(Protocol.DETECT, QUICK);
        Socket socket = front.connect()) {
      send(socket, "GET");
      Http1Test.until(socket.getInputStream(), "welcome GET");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"TLS", "DETECT"})
  @DisplayName("the server name of a TLS hello is read and the hello passes")
  void theServerNameIsRead(Protocol protocol) throws Exception {
    byte[] hello = hello("shop.example");
    try (TestFront front = new TestFront(protocol);
        Socket socket = front.connect()) {
      socket.getOutputStream().write(hello, 0, 7);
      socket.getOutputStream().flush();
      front.onLoop(() -> true);
      socket.getOutputStream().write(hello, 7, hello.length - 7);
      socket.shutdownOutput();
      assertThat(FakeServices.take(front.services.serverNames)).isEqualTo("shop.example");
      assertThat(socket.getInputStream().readAllBytes()).endsWith(hello);
    }
  }

  private static byte[] hello(String name) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setServerNames(java.util.List.of(new SNIHostName(name)));
    engine.setSSLParameters(parameters);
    var out = java.nio.ByteBuffer.allocate(32 * 1024);
    engine.wrap(java.nio.ByteBuffer.allocate(0), out);
    var bytes = new ByteArrayOutputStream();
    bytes.write(out.array(), 0, out.position());
    return bytes.toByteArray();
  }
}
