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

  private Exchanged upgrade(Cluster cluster, RequestHead.Version version) {
    RequestHead head =
        new RequestHead(
            "GET",
            "http",
            "app.demo",
            "/socket",
            Mesh.headers("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            "websocket",
            version);
    return Exchanged.open(mesh, mesh.chosen(cluster, head), head, false);
  }

  private void send(Exchanged exchanged, String bytes) {
    mesh.onLoop(() -> {
      exchanged.stream.write(Unpooled.copiedBuffer(bytes, StandardCharsets.UTF_8));
      exchanged.stream.flush();
      return true;
    });
  }

  @Test
  void an_upgrade_is_an_extended_connect() throws Exception {
    for (RequestHead.Version version : RequestHead.Version.values()) {
      Exchanged exchanged = upgrade(http2(app.plain("a")), version);
      exchanged.await("head 101");
      // RFC 6455 §1.3 gives this pair.
      assertThat(exchanged.head().headers().get("sec-websocket-accept"))
          .isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      send(exchanged, "ping");
      exchanged.await("bytes");
      assertThat(exchanged.body()).isEqualTo("ping");
      var request = app.nextRequest();
      assertThat(request.method()).hasToString("CONNECT");
      assertThat(request.get(":protocol")).hasToString("websocket");
      assertThat(request.contains("sec-websocket-key")).isFalse();
      mesh.onLoop(() -> {
        exchanged.stream.finish(Mesh.headers());
        return true;
      });
      exchanged.await("finish");
    }
  }

  @Test
  void an_endpoint_without_extended_connect_gets_upgrades_by_http_1() throws Exception {
    try (Http2App plain = new Http2App(mesh, new Http2Settings())) {
      Exchanged exchanged = upgrade(http2(plain.plain("a")), RequestHead.Version.HTTP_1_1);
      exchanged.awaitEnd();
      // This one speaks nothing but HTTP/2: the second connection came with HTTP/1.1.
      assertThat(exchanged.reason()).isNotNull();
      assertThat(plain.connections).hasValue(2);
    }
  }

  @Test
  void an_endpoint_that_speaks_http_1_breaks_the_protocol() throws Exception {
    try (Script script =
        new Script(peer -> {
          peer.bytes(24);
          peer.say("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
          peer.request();
        })) {
      Exchanged exchanged = mesh.get(http2(script.plain("a")), head("GET", "/"));
      assertThat(exchanged.reason()).isEqualTo(Reason.PROTOCOL_ERROR);
    }
  }

  @Test
  void a_connection_that_breaks_breaks_its_streams() throws Exception {
    RequestHead hold = head("GET", "/hold");
    Cluster cluster = http2(app.plain("a"));
    Exchanged exchanged = Exchanged.open(mesh, mesh.chosen(cluster, hold), hold, true);
    app.nextRequest();
    mesh.onLoop(() -> {
      app.held.forEach(stream -> stream.parent().pipeline().firstContext().close());
      return true;
    });
    exchanged.awaitEnd();
    assertThat(exchanged.reason()).isEqualTo(Reason.CONNECTION_LOST);
    assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
  }

  @Test
  void a_stalled_receiver_stalls_the_endpoint_and_not_its_neighbours() throws Exception {
    RequestHead echo = head("POST", "/echo");
    Cluster cluster = http2(app.plain("a"));
    Exchanged stalled = Exchanged.open(mesh, mesh.chosen(cluster, echo), echo, false).stalled();
    int size = 8 * 1024 * 1024;
    mesh.onLoop(() -> {
      stalled.stream.write(Unpooled.wrappedBuffer(new byte[size]));
      stalled.stream.flush();
      stalled.stream.finish(Mesh.headers());
      return true;
    });
    stalled.await("head 200");
    for (int i = 0; i < 20; i++) {
      assertThat(mesh.get(cluster, head("GET", "/")).body()).isEqualTo("ok");
    }
    assertThat(stalled.received()).isLessThan(2 * 1024 * 1024);
    stalled.goOn(mesh);
    stalled.await("finish");
    assertThat(stalled.received()).isEqualTo(size);
  }

  @Test
  void a_cancelled_exchange_is_reset_and_frees_its_place() throws Exception {
    RequestHead hold = head("GET", "/hold");
    Cluster cluster = http2(app.plain("a"));
    Exchanged exchanged = Exchanged.open(mesh, mesh.chosen(cluster, hold), hold, true);
    app.nextRequest();
    io.netty.channel.Channel held = mesh.onLoop(() -> app.held.iterator().next());
    mesh.onLoop(() -> {
      exchanged.stream.reset(Reason.CANCELLED);
      return true;
    });
    assertThat(held.closeFuture().await(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    assertThat(exchanged.reason()).isNull();
  }
}
