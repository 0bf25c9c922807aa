package dev.ambit.waypoint.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Destination.Protocol;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http2.Http2Error;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** HTTP/2 by prior knowledge inside a tunnel. */
class Http2Test {
  private final TestFront front = new TestFront(Protocol.GRPC);

  @AfterEach
  void close() {
    front.close();
  }

  private RawHttp2 client() throws Exception {
    return new RawHttp2(front.connect());
  }

  @Test
  void aRequestIsServed() throws Exception {
    try (RawHttp2 client = client()) {
      client.headers(
          1,
          true,
          ":method",
          "GET",
          ":scheme",
          "http",
          ":path",
          "/hello",
          ":authority",
          "web",
          "cookie",
          "a=1",
          "cookie",
          "b=2",
          "te",
          "trailers");
      assertThat(client.status()).isEqualTo("200");
      assertThat(client.next(RawHttp2.DATA).text()).isEqualTo("hello");
      var got = FakeServices.take(front.services.requests);
      assertThat(got.head().version()).isEqualTo(RequestHead.Version.HTTP_2);
      assertThat(got.head().authority()).isEqualTo("web");
      assertThat(got.head().headers().get("cookie")).isEqualTo("a=1; b=2");
      assertThat(got.head().headers().get("te")).isEqualTo("trailers");
      assertThat(got.ended()).isTrue();
    }
  }

  @Test
  void bodiesAndTrailersPassBothWays() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/echo").data(1, "abc", false).headers(1, true, "x-last", "end");
      assertThat(client.status()).isEqualTo("200");
      assertThat(client.next(RawHttp2.DATA).text()).isEqualTo("abc");
      var trailers = client.next(RawHttp2.HEADERS);
      assertThat(trailers.ends()).isTrue();
      assertThat(client.decode(trailers).get("x-last")).hasToString("end");
    }
  }

  @Test
  void manyRequestsShareAConnection() throws Exception {
    try (RawHttp2 client = client()) {
      for (int i = 0; i < 100; i++) {
        client.get(2 * i + 1, "/hello");
      }
      int ends = 0;
      while (ends < 100) {
        ends += client.next(RawHttp2.DATA).ends() ? 1 : 0;
      }
      assertThat(front.services.requests).hasSize(100);
    }
  }

  @Test
  void informationalHeadsComeFirst() throws Exception {
    try (RawHttp2 client = client()) {
      client.get(1, "/early-hints");
      assertThat(client.status()).isEqualTo("103");
      assertThat(client.status()).isEqualTo("200");
    }
  }

  @Test
  @DisplayName("RFC 8441: an extended CONNECT opens a WebSocket")
  void aWebSocketIsBytes() throws Exception {
    try (RawHttp2 client = client()) {
      client.headers(
          1,
          false,
          ":method",
          "CONNECT",
          ":protocol",
          "websocket",
          ":scheme",
          "http",
          ":path",
          "/ws",
          ":authority",
          "web");
      assertThat(client.status()).isEqualTo("200");
      client.data(1, "ping", false);
      assertThat(client.next(RawHttp2.DATA).text()).isEqualTo("ping");
      client.data(1, "", true);
      assertThat(client.next(RawHttp2.DATA).ends()).isTrue();
      assertThat(FakeServices.take(front.services.requests).head().upgrade())
          .isEqualTo("websocket");
    }
  }

  @Test
  void aCancelledRequestIsReset() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/hold").data(1, "abc", false);
      FakeServices.take(front.services.requests);
      client.frame(
          RawHttp2.RST_STREAM,
          0,
          1,
          ByteBuffer.allocate(4).putInt((int) Http2Error.CANCEL.code()).array());
      assertThat(FakeServices.take(front.services.endings)).isEqualTo("reset CANCELLED");
    }
  }

  @Test
  void aResetReachesTheClient() throws Exception {
    try (RawHttp2 client = client()) {
      client.get(1, "/reset");
      assertThat(client.next(RawHttp2.RST_STREAM).error())
          .isEqualTo((int) Http2Error.INTERNAL_ERROR.code());
    }
  }

  @Test
  void anUploadNobodyLooksAtIsStopped() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/reject").data(1, "abc", false);
      assertThat(client.status()).isEqualTo("403");
      assertThat(client.next(RawHttp2.RST_STREAM).error()).isZero();
    }
  }

  @Test
  void whoeverIsAnsweredEarlyMayFinish() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/early").data(1, "abc", false);
      assertThat(client.status()).isEqualTo("200");
      client.data(1, "def", true);
      assertThat(FakeServices.take(front.services.endings)).isEqualTo("finished ");
    }
  }

  @Test
  void anUploadNobodyReadsGetsNoCredit() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/hold");
      var got = FakeServices.take(front.services.requests);
      String piece = "a".repeat(16_000);
      // The window of a stream is 1 MiB, and what came unasked is granted by nobody.
      for (int i = 0; i < 60; i++) {
        client.data(1, piece, false);
      }
      client.frame(RawHttp2.PING, 0, 0, new byte[8]);
      List<Integer> updated = new ArrayList<>();
      for (var frame = client.next(); frame != null; frame = client.next()) {
        if (frame.type() == RawHttp2.WINDOW_UPDATE && frame.stream() == 1) {
          updated.add(ByteBuffer.wrap(frame.payload()).getInt());
        }
        if (frame.type() == RawHttp2.PING && frame.flags() == 1) {
          break;
        }
      }
      assertThat(updated).isEmpty();
      front.onLoop(() -> {
        got.stream().read();
        return true;
      });
      assertThat(front.services.received.get()).isLessThan(1_100_000);
    }
  }

  @Test
  void aStalledReaderStopsTheWriter() throws Exception {
    try (RawHttp2 client = client()) {
      client.get(1, "/big");
      client.next(RawHttp2.DATA);
      front.onLoop(() -> true);
      // The client granted 64 KiB; on top of that comes what waits here.
      assertThat(front.services.written.get()).isLessThan(500_000);
    }
    assertThat(FakeServices.take(front.services.endings)).startsWith("reset ");
  }

  @Test
  void aDrainedConnectionSaysGoAwayTwiceAndEndsWithItsLastRequest() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/echo");
      client.status();
      front.front.drain();
      var first = client.next(RawHttp2.GOAWAY);
      assertThat(ByteBuffer.wrap(first.payload()).getInt()).isEqualTo(Integer.MAX_VALUE);
      client.get(3, "/hello");
      // The answer may come before the second GOAWAY, or after it.
      StringBuilder texts = new StringBuilder();
      var second = client.next();
      while (second != null && second.type() != RawHttp2.GOAWAY) {
        texts.append(second.type() == RawHttp2.DATA ? second.text() : "");
        second = client.next();
      }
      assertThat(second).isNotNull();
      assertThat(ByteBuffer.wrap(second.payload()).getInt()).isLessThan(Integer.MAX_VALUE);
      client.data(1, "abc", true);
      for (var frame = client.next(); frame != null; frame = client.next()) {
        texts.append(frame.type() == RawHttp2.DATA ? frame.text() : "");
      }
      assertThat(texts.toString()).contains("abc").contains("hello");
    }
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        refused("400", "host of another", ":path", "/", ":authority", "a", "host", "b"),
        refused("400", "no host", ":path", "/"),
        refused("400", "host with user", ":path", "/", ":authority", "u@a"),
        refused("400", "path without slash", ":path", "admin", ":authority", "a"),
        refused("400", "blank in the path", ":path", "/a b", ":authority", "a"),
        refused("400", "star", ":path", "*", ":authority", "a"),
        refused("400", "absolute path", ":path", "http://b/", ":authority", "a"),
        refused("", "no path", ":authority", "a"),
        refused("", "empty path", ":path", "", ":authority", "a"),
        refused("", "connection", ":path", "/", ":authority", "a", "connection", "x"),
        refused(
            "",
            "transfer-encoding",
            ":path",
            "/",
            ":authority",
            "a",
            "transfer-encoding",
            "chunked"),
        refused("", "te", ":path", "/", ":authority", "a", "te", "gzip"),
        refused("", "upper case", ":path", "/", ":authority", "a", "X-A", "x"),
        refused("", "line feed in a value", ":path", "/", ":authority", "a", "x-a", "a\nb: c"),
        refused("", "CRLF in a value", ":path", "/", ":authority", "a", "x-a", "a\r\nb: c"),
        refused("", "NUL in a value", ":path", "/", ":authority", "a", "x-a", "a\0b"),
        refused("*", "colon in a name", ":path", "/", ":authority", "a", "x:a", "b"),
        refused("*", "blank in a name", ":path", "/", ":authority", "a", "x a", "b"),
        refused("", "unknown pseudo header", ":path", "/", ":authority", "a", ":x", "b"),
        refused("", "pseudo header twice", ":path", "/", ":path", "/b", ":authority", "a"));
  }

  /** "" is a reset without an answer, "*" either. */
  private static Arguments refused(String status, String name, String... fields) {
    return Arguments.of(status, name, fields);
  }

  @ParameterizedTest(name = "threat-model SEC-072: {1} is refused")
  @MethodSource("malformed")
  void malformedRequestsAreNotServed(String status, String name, String[] fields) throws Exception {
    String[] all = new String[fields.length + 4];
    String[] first = {":method", "GET", ":scheme", "http"};
    System.arraycopy(first, 0, all, 0, 4);
    System.arraycopy(fields, 0, all, 4, fields.length);
    try (RawHttp2 client = client()) {
      client.headers(1, true, all);
      String got = null;
      while (got == null) {
        var frame = client.next();
        if (frame == null) {
          break;
        }
        if (frame.stream() == 1 && frame.type() == RawHttp2.HEADERS) {
          got = String.valueOf(client.decode(frame).status());
        } else if (frame.type() == RawHttp2.RST_STREAM || frame.type() == RawHttp2.GOAWAY) {
          assertThat(frame.error()).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
          got = "";
        }
      }
      if (!status.equals("*")) {
        assertThat(got).isEqualTo(status);
      }
      assertThat(front.services.requests).isEmpty();
    }
  }

  @Test
  @DisplayName("threat-model SEC-072: a body of another length than announced is refused")
  void lengthsAreCounted() throws Exception {
    try (RawHttp2 client = client()) {
      client.post(1, "/sink", "content-length", "5").data(1, "abc", true);
      assertThat(client.next(RawHttp2.RST_STREAM).error())
          .isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
    } catch (SocketException closed) {
      // As good.
    }
    assertThat(front.services.endings).isNotEqualTo(List.of("finished "));
  }

  @Test
  void tooManyHeadersAreRefused() throws Exception {
    try (RawHttp2 client = client()) {
      String[] many = new String[202 + 8];
      String[] first = {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"};
      System.arraycopy(first, 0, many, 0, 8);
      for (int i = 8; i < many.length; i += 2) {
        many[i] = "x-" + i;
        many[i + 1] = "a";
      }
      client.headers(1, true, many);
      assertThat(client.status()).isEqualTo("431");
      client.get(3, "/hello");
      assertThat(client.status()).isEqualTo("200");
    }
  }

  @Test
  @DisplayName("threat-model RES-004: streams reset at once end the connection")
  void rapidResetEndsTheConnection() throws Exception {
    try (RawHttp2 client = client()) {
      byte[] cancel = ByteBuffer.allocate(4).putInt((int) Http2Error.CANCEL.code()).array();
      try {
        for (int i = 0; i < 1_000; i++) {
          client.post(2 * i + 1, "/hold").frame(RawHttp2.RST_STREAM, 0, 2 * i + 1, cancel);
        }
      } catch (SocketException closed) {
        return;
      }
      assertThat(client.next(RawHttp2.GOAWAY).error())
          .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
    }
  }
}
