package dev.ambit.waypoint.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.waypoint.config.Destination.Protocol;
import dev.ambit.waypoint.http.RequestHead;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** HTTP/1.1 as clients speak it through a tunnel. */
class Http1Test {
  private final TestFront front = new TestFront(Protocol.HTTP);

  @AfterEach
  void close() {
    front.close();
  }

  /** Sends {@code text} and reads to the end of the connection. */
  private String all(String text) throws IOException {
    try (Socket socket = front.connect()) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** Reads until {@code end} was read. */
  static String until(InputStream in, String end) throws IOException {
    StringBuilder read = new StringBuilder();
    while (read.indexOf(end) < 0) {
      int c = in.read();
      if (c < 0) {
        throw new AssertionError("ended after: " + read);
      }
      read.append((char) c);
    }
    return read.toString();
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void aRequestIsServedWithWhatIsKnownOfItsCaller() throws Exception {
    String answer =
        all(
            "GET /hello?a=1 HTTP/1.1\r\nHost: web\r\nX-One: 1\r\nConnection: close, x-hop\r\n"
                + "X-Hop: 1\r\nKeep-Alive: 5\r\n\r\n");
    assertThat(answer)
        .isEqualTo("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
    var got = FakeServices.take(front.services.requests);
    assertThat(got.head().authority()).isEqualTo("web");
    assertThat(got.head().target()).isEqualTo("/hello?a=1");
    assertThat(got.head().headers().names()).containsExactly("x-one");
    assertThat(got.head().version()).isEqualTo(RequestHead.Version.HTTP_1_1);
    assertThat(got.ended()).isTrue();
    assertThat(got.caller().peer()).isEqualTo(TestFront.CLIENT);
    assertThat(got.caller().local().getPort()).isEqualTo(80);
  }

  @Test
  void oneConnectionCarriesManyRequestsAlsoPipelined() throws IOException {
    String request = "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n";
    String last = "GET /hello HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    String answer = all(request.repeat(50) + last);
    assertThat(answer.split("hello", -1)).hasSize(52);
    assertThat(front.services.requests).hasSize(51);
  }

  @Test
  void aBodyComesBackInChunksAndTrailersPass() throws IOException {
    String answer =
        all(
            "POST /echo HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n"
                + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Last: end\r\n\r\n");
    assertThat(answer).contains("transfer-encoding: chunked").contains("abc").contains("de");
    assertThat(answer).endsWith("0\r\nx-last: end\r\n\r\n");
  }

  @Test
  void bytesMayComeOneByOne() throws Exception {
    String text =
        "POST /echo HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\n"
            + "Host: web\r\nConnection: close\r\n\r\n";
    try (Socket socket = front.connect()) {
      socket.setTcpNoDelay(true);
      for (byte each : text.getBytes(StandardCharsets.US_ASCII)) {
        socket.getOutputStream().write(each);
      }
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).endsWith("hello").contains("0\r\n\r\nHTTP/1.1 200");
    }
  }

  @Test
  void headHasNoBodyAndItsLength() throws IOException {
    assertThat(all("HEAD /hello HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"))
        .isEqualTo("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n");
  }

  @Test
  void informationalHeadsComeFirst() throws IOException {
    assertThat(all("GET /early-hints HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n")
        .endsWith("ok");
  }

  @Test
  void http10IsAnsweredUntilTheConnectionCloses() throws Exception {
    assertThat(all("GET /chunks HTTP/1.0\r\n\r\n"))
        .isEqualTo("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo");
    assertThat(FakeServices.take(front.services.requests).head().authority())
        .isEqualTo(TestFront.AUTHORITY);
  }

  @Test
  void http10MayKeepItsConnection() throws IOException {
    String request = "GET /hello HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    assertThat(all(request + "GET /hello HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello")
        .endsWith("connection: close\r\n\r\nhello");
  }

  @Test
  void anAbsoluteTargetNamesTheHost() throws Exception {
    all("GET http://web:80/hello HTTP/1.1\r\nHost: web:80\r\nConnection: close\r\n\r\n");
    var head = FakeServices.take(front.services.requests).head();
    assertThat(head.authority()).isEqualTo("web:80");
    assertThat(head.target()).isEqualTo("/hello");
  }

  @Test
  void aRejectedUploadIsAnsweredAndTheConnectionCloses() throws IOException {
    String answer = all("POST /reject HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\nabc");
    assertThat(answer).startsWith("HTTP/1.1 403 Forbidden\r\n");
  }

  @Test
  void aSmallRejectedUploadDoesNotCostTheConnection() throws IOException {
    String answer =
        all(
            "POST /reject HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc"
                + "GET /hello HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 403 Forbidden\r\n").endsWith("hello");
  }

  @Test
  void whoeverIsAnsweredEarlyMayFinish() throws Exception {
    try (Socket socket = front.connect()) {
      send(socket, "POST /early HTTP/1.1\r\nHost: web\r\nContent-Length: 6\r\n\r\nabc");
      assertThat(until(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200");
      send(socket, "defGET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
      until(socket.getInputStream(), "hello");
      assertThat(FakeServices.take(front.services.endings)).isEqualTo("finished ");
    }
  }

  @Test
  void anUpgradeTurnsTheConnectionIntoBytes() throws Exception {
    try (Socket socket = front.connect()) {
      send(
          socket,
          "GET /ws HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
              + "Sec-WebSocket-Key: k\r\n\r\n");
      assertThat(until(socket.getInputStream(), "\r\n\r\n"))
          .isEqualTo(
              "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
                  + "upgrade: websocket\r\n\r\n");
      send(socket, "ping\r\n\r\n");
      until(socket.getInputStream(), "ping\r\n\r\n");
      socket.shutdownOutput();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
      assertThat(FakeServices.take(front.services.endings)).isEqualTo("finished ");
    }
  }

  @Test
  void anUpgradeThatIsNotTakenIsAnOrdinaryRequest() throws IOException {
    String answer =
        all(
            "GET /hello HTTP/1.1\r\nHost: web\r\nConnection: Upgrade, close\r\n"
                + "Upgrade: websocket\r\n\r\n");
    assertThat(answer).endsWith("connection: close\r\n\r\nhello");
  }

  @Test
  @DisplayName("threat-model SEC-075: bytes before the upgrade was answered are refused")
  void earlyBytesAreRefused() throws Exception {
    String answer =
        all(
            "GET /ws HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                + "GET /admin HTTP/1.1\r\nHost: web\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 400");
    assertThat(front.services.requests).isEmpty();
  }

  @Test
  void aStalledReaderStopsTheWriter() throws Exception {
    try (Socket socket = front.connect()) {
      send(socket, "GET /big HTTP/1.1\r\nHost: web\r\n\r\n");
      until(socket.getInputStream(), "\r\n\r\n");
      long before = -1;
      for (int same = 0; same < 5; ) {
        long now = front.services.written.get();
        same = now == before ? same + 1 : 0;
        before = now;
        front.loop.schedule(() -> {}, 50, java.util.concurrent.TimeUnit.MILLISECONDS).sync();
      }
      // The tunnel's window and both sockets' buffers, and no more.
      assertThat(before).isLessThan(32L << 20);
      socket.getInputStream().readNBytes(8 << 20);
      assertThat(front.services.written.get()).isGreaterThan(before);
    }
    assertThat(FakeServices.take(front.services.endings)).startsWith("reset ");
  }

  @Test
  void anUploadNobodyReadsIsHeldBack() throws Exception {
    try (Socket socket = front.connect()) {
      send(socket, "POST /hold HTTP/1.1\r\nHost: web\r\nContent-Length: 100000000\r\n\r\n");
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < 1_000; i++) {
                    socket.getOutputStream().write(new byte[100_000]);
                  }
                } catch (IOException closed) {
                  // The test is over.
                }
              });
      var got = FakeServices.take(front.services.requests);
      writer.join(Duration.ofSeconds(2));
      assertThat(writer.isAlive()).isTrue();
      long before = front.services.received.get();
      assertThat(before).isLessThan(8L << 20);
      front.loop.submit(got.stream()::read).sync();
      front.onLoop(() -> true);
      assertThat(front.services.received.get()).isGreaterThan(before);
    }
  }

  @Test
  void aLargeUploadArrivesWhole() throws IOException {
    try (Socket socket = front.connect()) {
      send(
          socket,
          "POST /sink HTTP/1.1\r\nHost: web\r\nContent-Length: 30000000\r\n"
              + "Connection: close\r\n\r\n");
      for (int i = 0; i < 300; i++) {
        socket.getOutputStream().write(new byte[100_000]);
      }
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .endsWith("30000000");
    }
  }

  @Test
  void aClientThatLeavesResetsItsRequest() throws Exception {
    try (Socket socket = front.connect()) {
      send(socket, "POST /hold HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\nabc");
      FakeServices.take(front.services.requests);
      socket.setSoLinger(true, 0);
    }
    assertThat(FakeServices.take(front.services.endings)).startsWith("reset ");
  }

  @Test
  void aResetBreaksTheConnection() {
    assertThatThrownBy(() -> all("GET /reset HTTP/1.1\r\nHost: web\r\n\r\n"))
        .isInstanceOf(SocketException.class);
  }

  @Test
  void aDrainedConnectionIsClosedWithItsNextResponse() throws IOException {
    try (Socket socket = front.connect()) {
      send(socket, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
      until(socket.getInputStream(), "hello");
      front.front.drain();
      front.onLoop(() -> true);
      send(socket, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .contains("connection: close")
          .endsWith("hello");
    }
  }

  @Test
  @DisplayName(
      "REL-070: a drained connection without requests is closed, whether it had any or not")
  void aDrainedConnectionWithoutRequestsIsClosed() throws IOException {
    try (Socket used = front.connect();
        Socket fresh = front.connect()) {
      used.setSoTimeout(30_000);
      fresh.setSoTimeout(30_000);
      send(used, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
      until(used.getInputStream(), "hello");
      front.front.drain();
      assertThat(used.getInputStream().read()).isEqualTo(-1);
      assertThat(fresh.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(front.front.open()).isZero();
  }

  @Test
  @DisplayName("REL-070: no request fails of clients that go on while their connections drain")
  void noRequestFailsWhileConnectionsDrain() throws Exception {
    int clients = 16;
    CountDownLatch busy = new CountDownLatch(clients);
    List<Future<Integer>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Socket slow = front.connect()) {
      slow.setSoTimeout(30_000);
      send(slow, "POST /echo HTTP/1.1\r\nHost: web\r\nContent-Length: 6\r\n\r\nabc");
      for (int i = 0; i < clients; i++) {
        all.add(threads.submit(() -> untilToldToClose(busy)));
      }
      assertThat(busy.await(30, TimeUnit.SECONDS)).isTrue();
      front.front.drain();
      for (Future<Integer> each : all) {
        assertThat(each.get(30, TimeUnit.SECONDS)).isGreaterThan(10);
      }
      send(slow, "def");
      assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200 ")
          .contains("abc")
          .contains("def");
    }
  }

  /** How many requests were answered, the last one with {@code Connection: close}. */
  private int untilToldToClose(CountDownLatch busy) throws IOException {
    try (Socket socket = front.connect()) {
      socket.setSoTimeout(30_000);
      int answered = 0;
      String answer = "";
      while (!answer.contains("connection: close")) {
        send(socket, "GET /hello HTTP/1.1\r\nHost: web\r\n\r\n");
        answer = until(socket.getInputStream(), "hello");
        answered++;
        if (answered == 10) {
          busy.countDown();
        }
      }
      return answered;
    }
  }
}
