package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream.Reason;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.1 towards endpoints that behave, and ones that do not. */
@Timeout(60)
final class Http1Test {
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

  private final Mesh mesh = new Mesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Cluster http1(Cluster.Endpoint... endpoints) {
    return cluster(Protocol.HTTP_1, TrafficPolicy.NONE, endpoints);
  }

  @Test
  void a_connection_is_used_again() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster cluster = http1(app.plain("a"));
      for (int i = 0; i < 5; i++) {
        Exchanged exchanged = mesh.get(cluster, head("GET", "/x?y=1", "x-a", "b"));
        assertThat(exchanged.head().status()).isEqualTo(200);
        assertThat(exchanged.body()).isEqualTo("ok");
      }
      assertThat(app.connections).hasValue(1);
      assertThat(app.nextRequest())
          .startsWith("GET /x?y=1 HTTP/1.1\r\n")
          .containsIgnoringCase("host: app.demo\r\n")
          .contains("x-a: b\r\n");
    }
  }

  @Test
  void an_endpoint_in_the_mesh_is_called_through_a_tunnel() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster cluster = http1(app.captured("a"));
      for (int i = 0; i < 3; i++) {
        assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
      }
      assertThat(mesh.tunnelled).hasValue(1);
    }
  }

  @Test
  void nobody_listens() throws Exception {
    Script app = Script.answering(OK);
    app.close();
    var chosen = mesh.chosen(http1(app.plain("a")), head("GET", "/"));
    var failure =
        org.assertj.core.api.Assertions.catchThrowableOfType(
            Upstreams.Unreachable.class,
            () -> Exchanged.open(mesh, chosen, head("GET", "/"), true));
    assertThat(failure.reply()).isEqualTo(dev.ambit.model.http.LocalReply.CONNECT_FAILURE);
  }

  @Test
  void a_body_shorter_than_said_is_a_reset() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort");
        })) {
      Exchanged exchanged = mesh.get(http1(app.plain("a")), head("GET", "/"));
      assertThat(exchanged.reason()).isEqualTo(Reason.CONNECTION_LOST);
      assertThat(exchanged.body()).isEqualTo("short");
    }
  }

  /** What one connection after the other says to one request. */
  private Exchanged said(String response, String method) throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.request();
          peer.say(response);
        })) {
      return mesh.get(http1(app.plain("a")), head(method, "/"));
    }
  }

  @Test
  void bodies_end_as_they_say() throws Exception {
    Exchanged chunked =
        said(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
                + "3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
            "GET");
    assertThat(chunked.body()).isEqualTo("abc");
    assertThat(chunked.trailers().get("x-sum")).isEqualTo("7");
    assertThat(chunked.head().headers().contains("transfer-encoding")).isFalse();
    assertThat(said("HTTP/1.1 200 OK\r\n\r\nall of it", "GET").body()).isEqualTo("all of it");
    assertThat(said("HTTP/1.0 200 OK\r\n\r\nold", "GET").body()).isEqualTo("old");
    Exchanged toHead = said("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "HEAD");
    assertThat(toHead.reason()).isNull();
    assertThat(toHead.head().headers().get("content-length")).isEqualTo("5");
    assertThat(said("HTTP/1.1 204 No\r\n\r\n", "GET").head().status()).isEqualTo(204);
    assertThat(said("HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n", "GET").reason()).isNull();
  }

  @ParameterizedTest
  @DisplayName("threat-model SEC-082: responses that break the protocol")
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nb@d header: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n"
            + "2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
      })
  void broken_responses(String response) throws Exception {
    assertThat(said(response, "GET").reason()).isEqualTo(Reason.PROTOCOL_ERROR);
  }

  @Test
  @DisplayName("threat-model SEC-082: too many or too large response headers")
  void large_heads() throws Exception {
    String large = "x: " + "y".repeat(61 * 1024) + "\r\n";
    assertThat(said("HTTP/1.1 200 OK\r\n" + large + "\r\n", "GET").reason())
        .isEqualTo(Reason.PROTOCOL_ERROR);
    StringBuilder many = new StringBuilder("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 101; i++) {
      many.append("x").append(i).append(": y\r\n");
    }
    assertThat(said(many + "\r\n", "GET").reason()).isEqualTo(Reason.PROTOCOL_ERROR);
  }

  @Test
  @DisplayName("threat-model RES-017: what comes behind a response answers nobody")
  void stray_responses() throws Exception {
    AtomicInteger number = new AtomicInteger();
    try (Script app =
        new Script(peer -> {
          while (!peer.request().isEmpty()) {
            peer.say(
                "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"
                    + number.incrementAndGet()
                    + "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray");
          }
        })) {
      Cluster cluster = http1(app.plain("a"));
      for (int i = 1; i <= 3; i++) {
        Exchanged exchanged = mesh.get(cluster, head("GET", "/"));
        assertThat(exchanged.statuses()).containsExactly(103, 200);
        assertThat(exchanged.body()).isEqualTo("" + i);
      }
      assertThat(app.connections).hasValue(3);
    }
  }

  @ParameterizedTest
  @DisplayName("a connection in doubt is not used again")
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
      })
  void not_used_again(String response) throws Exception {
    try (Script app = Script.answering(response)) {
      Cluster cluster = http1(app.plain("a"));
      for (int i = 0; i < 3; i++) {
        assertThat(mesh.get(cluster, head("GET", "/")).body()).startsWith("o");
      }
      assertThat(app.connections).hasValue(3);
    }
  }
}
