package dev.ambit.waypoint.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Destination.Protocol;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What another server might read otherwise is refused, and nothing after it is read. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SmugglingTest {
  private static final String HOST = "Host: web\r\n";
  private final TestFront front = new TestFront(Protocol.HTTP);

  @AfterAll
  void close() {
    front.close();
  }

  static Stream<Arguments> malformed() {
    return Stream.concat(malformedFraming(), malformedLines());
  }

  private static Stream<Arguments> malformedFraming() {
    return Stream.of(
        of(400, "CL and TE", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")),
        of(400, "TE and CL", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")),
        of(400, "two TE", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
        of(400, "TE identity, chunked", post("Transfer-Encoding: identity, chunked\r\n")),
        of(400, "TE gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n")),
        of(400, "TE chunked, identity", post("Transfer-Encoding: chunked, identity\r\n")),
        of(400, "TE xchunked", post("Transfer-Encoding: xchunked\r\n")),
        of(400, "TE with a vertical tab", post("Transfer-Encoding: \u000bchunked\r\n")),
        of(400, "TE quoted", post("Transfer-Encoding: \"chunked\"\r\n")),
        of(400, "TE empty", post("Transfer-Encoding:\r\n")),
        of(400, "TE before a tab and colon", post("Transfer-Encoding\t: chunked\r\n")),
        of(400, "space before the colon", post("Content-Length : 3\r\n")),
        of(400, "space before a name", post(" Content-Length: 3\r\n")),
        of(400, "folded value", get("X-A: 1\r\n 2\r\n")),
        of(400, "folded with a tab", get("X-A: 1\r\n\tTransfer-Encoding: chunked\r\n")),
        of(400, "two equal CL", post("Content-Length: 3\r\nContent-Length: 3\r\n")),
        of(400, "two unequal CL", post("Content-Length: 3\r\nContent-Length: 4\r\n")),
        of(400, "CL list", post("Content-Length: 3, 3\r\n")),
        of(400, "CL +3", post("Content-Length: +3\r\n")),
        of(400, "CL -1", post("Content-Length: -1\r\n")),
        of(400, "CL 0x3", post("Content-Length: 0x3\r\n")),
        of(400, "CL 3.0", post("Content-Length: 3.0\r\n")),
        of(400, "CL empty", post("Content-Length:\r\n")),
        of(400, "CL too long", post("Content-Length: 18446744073709551619\r\n")));
  }

  private static Stream<Arguments> malformedLines() {
    return Stream.of(
        of(400, "bare LF in a header", "GET / HTTP/1.1\r\nHost: web\nX: 1\r\n\r\n"),
        of(400, "bare LF everywhere", "GET / HTTP/1.1\nHost: web\n\n"),
        of(400, "bare CR in a value", get("X-A: 1\rX-B: 2\r\n")),
        of(400, "CR CR LF", get("X-A: 1\r\r\n")),
        of(400, "NUL in a value", get("X-A: 1\u0000\r\n")),
        of(400, "control in a value", get("X-A: \u0001\r\n")),
        of(400, "DEL in a value", get("X-A: \u007f\r\n")),
        of(400, "NUL in a name", get("X\u0000A: 1\r\n")),
        of(400, "name in quotes", get("\"X\": 1\r\n")),
        of(400, "name with a slash", get("X/A: 1\r\n")),
        of(400, "name of 8-bit characters", get("X\u00e4: 1\r\n")),
        of(400, "no name", get(": 1\r\n")),
        of(400, "no colon", get("Garbage\r\n")),
        of(400, "no host", "GET / HTTP/1.1\r\n\r\n"),
        of(400, "empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        of(400, "two hosts", get("Host: other\r\n")),
        of(400, "host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        of(400, "host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        of(400, "host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        of(400, "host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        of(400, "absolute form of another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        of(400, "absolute form with user", "GET http://u@web/ HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "absolute form of another scheme", "GET ftp://web/ HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "target without a slash", "GET admin HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "star without OPTIONS", "GET * HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "two blanks", "GET  / HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "tab in the request line", "GET\t/ HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "blank before the method", " GET / HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "blank after the version", "GET / HTTP/1.1 \r\n" + HOST + "\r\n"),
        of(400, "blank in the target", "GET /a b HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "8-bit target", "GET /\u00e4 HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "control in the target", "GET /\u0001 HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "method in brackets", "G[T / HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "no version", "GET /\r\n" + HOST + "\r\n"),
        of(400, "lower-case version", "GET / http/1.1\r\n" + HOST + "\r\n"),
        of(400, "version 1.2", "GET / HTTP/1.2\r\n" + HOST + "\r\n"),
        of(400, "version 1.10", "GET / HTTP/1.10\r\n" + HOST + "\r\n"),
        of(505, "version 3.0", "GET / HTTP/3.0\r\n" + HOST + "\r\n"),
        of(400, "leading control byte", "\u0001GET / HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "two leading empty lines", "\r\n\r\nGET / HTTP/1.1\r\n" + HOST + "\r\n"),
        of(405, "CONNECT", "CONNECT web:80 HTTP/1.1\r\n" + HOST + "\r\n"),
        of(400, "TE in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        of(431, "too many headers", get("X-A: 1\r\n".repeat(101))),
        of(431, "too long a header", get("X-A: " + "a".repeat(70_000) + "\r\n")),
        of(431, "too long a target", "GET /" + "a".repeat(70_000) + " HTTP/1.1\r\n\r\n"),
        of(431, "a line without end", "GET /" + "a".repeat(70_000)));
  }

  static Stream<Arguments> malformedBodies() {
    return Stream.of(
        body("chunk size in words", "three\r\nabc\r\n0\r\n\r\n"),
        body("chunk size with a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        body("chunk size 0x3", "0x3\r\nabc\r\n0\r\n\r\n"),
        body("chunk size with a blank", "3 \r\nabc\r\n0\r\n\r\n"),
        body("chunk size before a blank", " 3\r\nabc\r\n0\r\n\r\n"),
        body("no chunk size", "\r\nabc\r\n0\r\n\r\n"),
        body("chunk size overflow", "100000000000000003\r\nabc\r\n0\r\n\r\n"),
        body("chunk size of nine digits", "000000003\r\nabc\r\n0\r\n\r\n"),
        body("bare LF after a chunk size", "3\nabc\r\n0\r\n\r\n"),
        body("bare LF after a chunk", "3\r\nabc\n0\r\n\r\n"),
        body("a longer chunk", "3\r\nabcd\r\n0\r\n\r\n"),
        body("LF in an extension", "3;a=\nabc\r\n0\r\n\r\n"),
        body("CR in an extension", "3;a=\rb\r\nabc\r\n0\r\n\r\n"),
        body("NUL in an extension", "3;\u0000\r\nabc\r\n0\r\n\r\n"),
        body("a long extension", "3;" + "a".repeat(1000) + "\r\nabc\r\n0\r\n\r\n"),
        body("length in trailers", "0\r\nContent-Length: 3\r\n\r\n"),
        body("TE in trailers", "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        body("host in trailers", "0\r\nHost: a\r\n\r\n"),
        body("authorization in trailers", "0\r\nAuthorization: x\r\n\r\n"),
        body("space before a colon in trailers", "0\r\nX : a\r\n\r\n"));
  }

  private static Arguments of(int status, String name, String request) {
    return Arguments.of(status, name, request);
  }

  private static Arguments body(String name, String chunks) {
    return Arguments.of(name, chunks);
  }

  private static String post(String headers) {
    return "POST / HTTP/1.1\r\n" + HOST + headers + "\r\nabc";
  }

  private static String get(String headers) {
    return "GET / HTTP/1.1\r\n" + HOST + headers + "\r\n";
  }

  private String all(String text) throws IOException {
    try (Socket socket = front.connect()) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @ParameterizedTest(name = "threat-model SEC-071: {1} is answered with {0}")
  @MethodSource("malformed")
  void isRefusedAndNothingAfterItIsRead(int status, String name, String request) throws Exception {
    front.services.requests.clear();
    front.services.refusals.clear();
    String answer = all(request + "GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ").endsWith("\r\n\r\n");
    assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(2);
    assertThat(front.services.requests).isEmpty();
    assertThat(FakeServices.take(front.services.refusals)).startsWith(status + " ");
  }

  @ParameterizedTest(name = "threat-model SEC-071: {0} ends the request")
  @MethodSource("malformedBodies")
  void isRefusedInTheBody(String name, String chunks) throws Exception {
    front.services.requests.clear();
    front.services.refusals.clear();
    String answer =
        all(
            "POST /sink HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n"
                + chunks
                + "GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 400 ");
    assertThat(FakeServices.take(front.services.requests).head().target()).isEqualTo("/sink");
    assertThat(front.services.requests).isEmpty();
    assertThat(FakeServices.take(front.services.refusals)).startsWith("400 ");
  }

  @Test
  void anEmptyLineBeforeARequestIsPassedOver() throws IOException {
    assertThat(all("\r\nGET /hello HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"))
        .endsWith("hello");
  }

  @Test
  void underscoresAndEightBitValuesPass() throws Exception {
    front.services.requests.clear();
    all("GET /hello HTTP/1.1\r\nHost: web\r\nx_a: \u00e4\r\nConnection: close\r\n\r\n");
    assertThat(FakeServices.take(front.services.requests).head().headers().get("x_a"))
        .isEqualTo("\u00e4");
  }

  @Test
  @DisplayName("threat-model SEC-081: a head that trickles is answered with 408")
  void aSlowHeadIsEnded() throws Exception {
    var short0 =
        FrontSettings.DEFAULT.withTimes(
            Duration.ofMillis(200), Duration.ofMillis(300), Duration.ofSeconds(5), Duration.ZERO);
    try (TestFront slow = new TestFront(Protocol.HTTP, short0)) {
      for (String begun :
          List.of(
              "GET / HT",
              "GET / HTTP/1.1\r\nHost: web\r\n",
              "POST /sink HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nab")) {
        try (Socket socket = slow.connect()) {
          socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
          assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
              .startsWith("HTTP/1.1 408 ");
        }
      }
    }
  }
}
