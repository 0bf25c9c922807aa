package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
}
