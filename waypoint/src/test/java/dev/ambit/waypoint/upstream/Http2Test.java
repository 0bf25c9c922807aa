package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** HTTP/2 towards endpoints. */
@Timeout(60)
final class Http2Test {
  private final Mesh mesh = new Mesh();
  private final Http2App app = new Http2App(mesh, new Http2Settings().connectProtocolEnabled(true));

  @AfterEach
  void stop() {
    app.close();
    mesh.close();
  }

  private static Cluster http2(Cluster.Endpoint... endpoints) {
    return cluster(Protocol.HTTP_2, TrafficPolicy.NONE, endpoints);
  }

  @Test
  void requests_share_a_connection_and_bring_trailers() throws Exception {
    Cluster cluster = http2(app.plain("a"));
    for (int i = 0; i < 5; i++) {
      Exchanged exchanged =
          mesh.get(cluster, head("GET", "/x", "Connection", "x-hop", "X-Hop", "1"));
      assertThat(exchanged.head().status()).isEqualTo(200);
      assertThat(exchanged.body()).isEqualTo("ok");
      assertThat(exchanged.trailers().get("grpc-status")).isEqualTo("0");
    }
    assertThat(app.connections).hasValue(1);
    var request = app.nextRequest();
    assertThat(request.authority()).hasToString("app.demo");
    assertThat(request.contains("x-hop")).isFalse();
  }

  @Test
  void an_endpoint_in_the_mesh_is_called_through_a_tunnel() throws Exception {
    Cluster cluster = http2(app.captured("a"));
    for (int i = 0; i < 3; i++) {
      assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
    }
    assertThat(mesh.tunnelled).hasValue(1);
    assertThat(app.connections).hasValue(1);
  }

  @Test
  void many_at_a_time() throws Exception {
    Cluster cluster = http2(app.plain("a"));
    RequestHead head = head("GET", "/hold");
    List<Exchanged> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(Exchanged.open(mesh, mesh.chosen(cluster, head), head, true));
    }
    for (int i = 0; i < 20; i++) {
      app.nextRequest();
    }
    app.release();
    for (Exchanged each : all) {
      each.await("finish");
    }
    assertThat(app.connections).hasValue(1);
  }

  @Test
  void bytes_and_trailers_both_ways() throws Exception {
    RequestHead head = head("POST", "/echo");
    Exchanged exchanged =
        Exchanged.open(mesh, mesh.chosen(http2(app.plain("a")), head), head, false);
    mesh.onLoop(() -> {
      exchanged.stream.write(Unpooled.copiedBuffer("ping", StandardCharsets.UTF_8));
      exchanged.stream.flush();
      exchanged.stream.finish(Mesh.headers("X-Sum", "42"));
      return true;
    });
    exchanged.await("finish");
    assertThat(exchanged.body()).isEqualTo("ping");
    assertThat(exchanged.trailers().get("x-sum")).isEqualTo("42");
  }

  @Test
  void informational_responses_come_first() throws Exception {
    assertThat(mesh.get(http2(app.plain("a")), head("GET", "/hints")).statuses())
        .containsExactly(103, 200);
  }

  @Test
  void resets_say_what_they_mean() throws Exception {
    Cluster cluster = http2(app.plain("a"));
    assertThat(mesh.get(cluster, head("GET", "/refuse")).reason()).isEqualTo(Reason.REFUSED);
    assertThat(mesh.get(cluster, head("GET", "/reset")).reason()).isEqualTo(Reason.RESET);
    assertThat(app.connections).hasValue(1);
  }

  @Test
  void an_early_response_is_whole() throws Exception {
    RequestHead head = head("POST", "/early");
    Exchanged exchanged =
        Exchanged.open(mesh, mesh.chosen(http2(app.plain("a")), head), head, false);
    exchanged.await("finish");
    assertThat(exchanged.head().status()).isEqualTo(413);
    assertThat(exchanged.body()).isEqualTo("no");
    mesh.onLoop(() -> {
      exchanged.stream.write(Unpooled.copiedBuffer("late", StandardCharsets.UTF_8));
      exchanged.stream.finish(Mesh.headers());
      assertThat(exchanged.stream.writable()).isTrue();
      return true;
    });
  }

  @Test
  void a_connection_that_goes_away_takes_no_more_requests() throws Exception {
    Cluster cluster = http2(app.plain("a"));
    assertThat(mesh.get(cluster, head("GET", "/goaway")).body()).isEqualTo("last");
    assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
    assertThat(app.connections).hasValue(2);
  }
}
