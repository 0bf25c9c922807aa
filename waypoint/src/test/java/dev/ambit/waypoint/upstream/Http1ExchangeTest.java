package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.RequestHead.Version;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both messages of an HTTP/1.1 exchange, and what comes between them. */
@Timeout(60)
final class Http1ExchangeTest {
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

  private final Mesh mesh = new Mesh();
  private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Cluster http1(Cluster.Endpoint... endpoints) {
    return cluster(Protocol.HTTP_1, TrafficPolicy.NONE, endpoints);
  }

  private void send(Exchanged exchanged, String bytes) {
    mesh.onLoop(() -> {
      exchanged.stream.write(Unpooled.copiedBuffer(bytes, StandardCharsets.UTF_8));
      exchanged.stream.flush();
      return true;
    });
  }

  private void finish(Exchanged exchanged, String... trailers) {
    mesh.onLoop(() -> {
      exchanged.stream.finish(Mesh.headers(trailers));
      return true;
    });
  }

  private Exchanged open(Script app, RequestHead head) {
    return Exchanged.open(mesh, mesh.chosen(http1(app.plain("a")), head), head, false);
  }

  @Test
  void a_request_body_is_chunked_and_has_trailers() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          requests.add(peer.until("\r\n0\r\nx-sum: 1\r\n\r\n"));
          peer.say(OK);
        })) {
      Exchanged exchanged = open(app, head("POST", "/", "te", "trailers"));
      send(exchanged, "abc");
      finish(exchanged, "x-sum", "1");
      exchanged.await("finish");
      assertThat(requests.poll()).isEqualTo("3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n");
      assertThat(app.nextRequest()).containsIgnoringCase("transfer-encoding: chunked");
    }
  }

  @Test
  void a_request_with_a_length_keeps_to_it() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          requests.add(peer.bytes(3));
          peer.say(OK);
        })) {
      Exchanged exchanged = open(app, head("POST", "/", "content-length", "3"));
      send(exchanged, "abc");
      finish(exchanged);
      exchanged.await("finish");
      assertThat(requests.poll()).isEqualTo("abc");
      Exchanged longer = open(app, head("POST", "/", "content-length", "3"));
      send(longer, "abcd");
      longer.awaitEnd();
      assertThat(longer.reason()).isEqualTo(Reason.INTERNAL_ERROR);
      Exchanged shorter = open(app, head("POST", "/", "content-length", "3"));
      finish(shorter);
      shorter.awaitEnd();
      assertThat(shorter.reason()).isEqualTo(Reason.INTERNAL_ERROR);
    }
  }

  @Test
  void an_early_response_is_whole_and_ends_the_connection() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno");
          peer.request();
        })) {
      Exchanged exchanged = open(app, head("POST", "/"));
      exchanged.await("finish");
      assertThat(exchanged.head().status()).isEqualTo(413);
      assertThat(exchanged.body()).isEqualTo("no");
      send(exchanged, "late");
      finish(exchanged);
      Exchanged next = open(app, head("POST", "/"));
      next.await("finish");
      assertThat(app.connections).hasValue(2);
    }
  }

  @Test
  void an_upgrade_turns_the_rest_into_bytes() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say(
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  + "Connection: Upgrade\r\nsec-websocket-accept: abc\r\n\r\nhello");
          peer.say(peer.bytes(4) + "!");
        })) {
      RequestHead plain = head("GET", "/chat", "sec-websocket-key", "k");
      for (RequestHead.Version version : List.of(Version.HTTP_1_1, Version.HTTP_2)) {
        RequestHead head =
            new RequestHead(
                version == Version.HTTP_2 ? "CONNECT" : "GET",
                "http",
                "app.demo",
                "/chat",
                plain.headers(),
                "websocket",
                version);
        Exchanged exchanged = open(app, head);
        exchanged.await("bytes");
        send(exchanged, "ping");
        exchanged.awaitEnd();
        assertThat(exchanged.reason()).isNull();
        assertThat(exchanged.body()).isEqualTo("helloping!");
        assertThat(exchanged.head().status()).isEqualTo(101);
        assertThat(exchanged.head().headers().contains("sec-websocket-accept"))
            .isEqualTo(version == Version.HTTP_1_1);
        assertThat(app.nextRequest())
            .startsWith("GET /chat HTTP/1.1\r\n")
            .containsIgnoringCase("connection: upgrade\r\n")
            .containsIgnoringCase("upgrade: websocket\r\n");
      }
    }
  }

  @Test
  void an_upgrade_that_is_not_granted_is_an_ordinary_response() throws Exception {
    try (Script app = Script.answering(OK)) {
      RequestHead head =
          new RequestHead(
              "GET", "http", "app.demo", "/", Mesh.headers(), "websocket", Version.HTTP_1_1);
      Exchanged exchanged = open(app, head);
      exchanged.await("finish");
      assertThat(exchanged.body()).isEqualTo("ok");
    }
  }

  @Test
  void a_stalled_receiver_stalls_the_endpoint() throws Exception {
    int size = 64 * 1024 * 1024;
    AtomicInteger sent = new AtomicInteger();
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say("HTTP/1.1 200 OK\r\ncontent-length: " + size + "\r\n\r\n");
          byte[] some = new byte[64 * 1024];
          while (sent.addAndGet(some.length) <= size) {
            peer.out.write(some);
          }
        })) {
      for (Cluster.Endpoint endpoint : List.of(app.plain("a"), app.captured("a"))) {
        sent.set(0);
        RequestHead head = head("GET", "/");
        Exchanged exchanged =
            Exchanged.open(mesh, mesh.chosen(http1(endpoint), head), head, true).stalled();
        exchanged.await("head 200");
        awaitStill(sent);
        assertThat(sent.get()).isLessThan(size / 2);
        exchanged.goOn(mesh);
        exchanged.awaitEnd();
        assertThat(exchanged.received()).isEqualTo(size);
      }
    }
  }

  /** Waits until a number has not grown for half a second. */
  private static void awaitStill(AtomicInteger number) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    for (int last = -1; last != number.get(); ) {
      last = number.get();
      assertThat(never.await(500, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  @Test
  void a_stalled_endpoint_stalls_the_request() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Script app =
        new Script(peer -> {
          peer.request();
          go.await();
          peer.until("0\r\n\r\n");
          peer.say(OK);
        })) {
      Exchanged exchanged = open(app, head("POST", "/"));
      byte[] some = new byte[64 * 1024];
      int chunks = 0;
      while (Boolean.TRUE.equals(mesh.onLoop(exchanged.stream::writable)) && chunks < 10_000) {
        mesh.onLoop(() -> {
          exchanged.stream.write(Unpooled.wrappedBuffer(some));
          exchanged.stream.flush();
          return true;
        });
        chunks++;
      }
      assertThat(chunks).isLessThan(1_000);
      go.countDown();
      exchanged.await("writable");
      finish(exchanged);
      exchanged.await("finish");
      assertThat(exchanged.body()).isEqualTo("ok");
    }
  }

  @Test
  void an_idle_connection_that_the_endpoint_closed_is_not_used() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say(OK);
          peer.socket.shutdownOutput();
          assertThat(peer.in.read()).isEqualTo(-1);
          closed.countDown();
        })) {
      Cluster cluster = http1(app.plain("a"));
      assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
      assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
    }
  }

  @Test
  void a_reset_is_not_the_end_of_a_body() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say("HTTP/1.1 200 OK\r\n\r\nsome of it");
          requests.take();
          peer.reset();
        })) {
      RequestHead head = head("GET", "/");
      Exchanged exchanged =
          Exchanged.open(mesh, mesh.chosen(http1(app.plain("a")), head), head, true);
      exchanged.await("bytes");
      requests.add("go");
      exchanged.awaitEnd();
      assertThat(exchanged.reason()).isEqualTo(Reason.CONNECTION_LOST);
    }
  }

  @Test
  void a_reset_is_told_and_a_cancelled_exchange_is_not() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.reset();
        })) {
      assertThat(mesh.get(http1(app.plain("a")), head("GET", "/")).reason())
          .isEqualTo(Reason.CONNECTION_LOST);
    }
    CountDownLatch ended = new CountDownLatch(1);
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.request();
          ended.countDown();
        })) {
      Exchanged exchanged = open(app, head("GET", "/"));
      app.nextRequest();
      mesh.onLoop(() -> {
        exchanged.stream.reset(Reason.CANCELLED);
        return true;
      });
      assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(exchanged.reason()).isNull();
    }
  }
}
