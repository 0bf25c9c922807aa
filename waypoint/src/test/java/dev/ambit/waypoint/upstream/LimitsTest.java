package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.object.TrafficPolicy.RetryBudget;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits towards a cluster. */
@Timeout(60)
final class LimitsTest {
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  private static final RequestHead HEAD = head("GET", "/");

  private final Mesh mesh = new Mesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  /** One that answers nothing until it is told to. */
  private static Script slow(CountDownLatch go) throws Exception {
    return new Script(peer -> {
      while (!peer.request().isEmpty()) {
        go.await();
        peer.say(OK);
      }
    });
  }

  @Test
  @DisplayName("traffic-policy 2: more than http2MaxRequests at a time are refused with UO")
  void most_requests() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster cluster =
          cluster(Protocol.HTTP_1, Policies.pooled(Policies.http(1, 1, 0, 0)), app.plain("a"));
      Upstreams.Chosen first = mesh.chosen(cluster, HEAD);
      for (int i = 0; i < 2; i++) {
        assertThat(mesh.choose(cluster, mesh.call(HEAD)))
            .isInstanceOfSatisfying(
                Upstreams.Unable.class,
                unable -> assertThat(unable.reply()).isEqualTo(LocalReply.OVERFLOW));
      }
      over(first);
      assertThat(mesh.get(cluster, HEAD).body()).isEqualTo("ok");
      assertThat(mesh.group.rows().getFirst().overflows()).isEqualTo(2);
    }
  }

  private void over(Upstreams.Chosen chosen) {
    mesh.onLoop(() -> {
      chosen.over();
      return true;
    });
  }

  @Test
  @DisplayName("traffic-policy §4: requests wait for a connection, and no more than may")
  void most_connections_and_pending() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Script app = slow(go)) {
      TrafficPolicy policy =
          Policies.pooled(new ConnectionPool(1, null, null, null, null, Policies.http(1, 0, 0, 0)));
      Cluster cluster = cluster(Protocol.HTTP_1, policy, app.plain("a"));
      Exchanged first = Exchanged.open(mesh, mesh.chosen(cluster, HEAD), HEAD, true);
      app.nextRequest();
      Upstreams.Chosen second = mesh.chosen(cluster, HEAD);
      Future<HttpStream> waits = mesh.onLoop(() -> second.http(HEAD));
      Upstreams.Chosen third = mesh.chosen(cluster, HEAD);
      var refused =
          catchThrowableOfType(
              Upstreams.Unreachable.class, () -> Exchanged.open(mesh, third, HEAD, true));
      assertThat(refused.reply()).isEqualTo(LocalReply.OVERFLOW);
      assertThat(mesh.group.rows().getFirst().pending()).isEqualTo(1);
      assertThat(waits.isDone()).isFalse();
      go.countDown();
      first.await("finish");
      assertThat(waits.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(waits.isSuccess()).isTrue();
      assertThat(app.connections).hasValue(1);
      assertThat(mesh.group.rows().getFirst().pending()).isZero();
      mesh.onLoop(() -> {
        waits.getNow().reset(HttpStream.Reason.CANCELLED);
        return true;
      });
    }
  }

  @Test
  void whoever_gives_up_waits_no_more() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Script app = slow(go)) {
      Cluster cluster = cluster(Protocol.HTTP_1, Policies.connections(1), app.plain("a"));
      Exchanged first = Exchanged.open(mesh, mesh.chosen(cluster, HEAD), HEAD, true);
      Upstreams.Chosen second = mesh.chosen(cluster, HEAD);
      Future<HttpStream> waits = mesh.onLoop(() -> second.http(HEAD));
      assertThat(mesh.group.rows().getFirst().pending()).isEqualTo(1);
      mesh.onLoop(() -> waits.cancel(false));
      assertThat(mesh.group.rows().getFirst().pending()).isZero();
      go.countDown();
      first.await("finish");
    }
  }

  @Test
  @DisplayName("traffic-policy §4: maxRequestsPerConnection 1 uses no connection twice")
  void one_request_per_connection() throws Exception {
    TrafficPolicy policy = Policies.pooled(Policies.http(0, 0, 1, 0));
    try (Script app = Script.answering(OK)) {
      Cluster cluster = cluster(Protocol.HTTP_1, policy, app.plain("a"));
      for (int i = 0; i < 3; i++) {
        mesh.get(cluster, HEAD);
      }
      assertThat(app.connections).hasValue(3);
    }
    try (Http2App app = new Http2App(mesh, new Http2Settings())) {
      Cluster cluster = cluster(Protocol.HTTP_2, policy, app.plain("a"));
      for (int i = 0; i < 3; i++) {
        mesh.get(cluster, HEAD);
      }
      assertThat(app.connections).hasValue(3);
    }
  }

  @Test
  @DisplayName("traffic-policy §4: maxConcurrentStreams of either side makes more connections")
  void streams() throws Exception {
    try (Http2App app = new Http2App(mesh, new Http2Settings().maxConcurrentStreams(2))) {
      Cluster cluster = cluster(Protocol.HTTP_2, TrafficPolicy.NONE, app.plain("a"));
      RequestHead hold = head("GET", "/hold");
      mesh.get(cluster, HEAD);
      app.nextRequest();
      List<Future<HttpStream>> streams = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        Upstreams.Chosen chosen = mesh.chosen(cluster, hold);
        streams.add(mesh.onLoop(() -> chosen.http(hold)));
      }
      for (Future<HttpStream> stream : streams) {
        assertThat(stream.await(20, TimeUnit.SECONDS)).isTrue();
        mesh.onLoop(() -> {
          stream.getNow().request(hold, true);
          stream.getNow().flush();
          return true;
        });
      }
      for (int i = 0; i < 5; i++) {
        app.nextRequest();
      }
      assertThat(app.connections).hasValue(3);
    }
  }

  @Test
  @DisplayName("traffic-policy §4: retries under way are bounded, by number or by budget")
  void retries() {
    Cluster.Endpoint endpoint = new Cluster.Endpoint(Mesh.plain("a"), 1, true);
    Cluster two = cluster(Protocol.HTTP_1, Policies.pooled(Policies.http(0, 0, 0, 2)), endpoint);
    assertThat(retrying(two)).isTrue();
    assertThat(retrying(two)).isTrue();
    assertThat(retrying(two)).isFalse();
    retried(two);
    assertThat(retrying(two)).isTrue();
    retried(two);
    retried(two);
    TrafficPolicy budget =
        new TrafficPolicy(
            null, null, null, null, null, new RetryBudget(20, 3, Duration.ZERO), Map.of());
    Cluster byBudget = cluster(Protocol.HTTP_1, budget, endpoint);
    for (int i = 0; i < 25; i++) {
      mesh.chosen(byBudget, HEAD);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(retrying(byBudget)).isTrue();
    }
    assertThat(retrying(byBudget)).isFalse();
  }

  private boolean retrying(Cluster cluster) {
    return mesh.onLoop(() -> mesh.upstreams.retrying(cluster));
  }

  private void retried(Cluster cluster) {
    mesh.onLoop(() -> {
      mesh.upstreams.retried(cluster);
      return true;
    });
  }

  @Test
  @DisplayName("traffic-policy 17: nobody answers the connect within connectTimeout: UF")
  void connect_timeout() throws Exception {
    // A listener whose queue is full drops what comes: a black hole on loopback.
    List<Socket> fill = new ArrayList<>();
    try (ServerSocket hole = new ServerSocket()) {
      hole.bind(new InetSocketAddress(Mesh.LOOPBACK, 0), 1);
      for (int i = 0; i < 4; i++) {
        Socket socket = new Socket();
        fill.add(socket);
        Thread.ofVirtual()
            .start(() -> {
              try {
                socket.connect(hole.getLocalSocketAddress());
              } catch (java.io.IOException closed) {
                // At the end of the test.
              }
            });
      }
      org.assertj.core.api.Assertions.assertThatCode(() -> full(hole)).doesNotThrowAnyException();
      Cluster cluster =
          cluster(
              Protocol.HTTP_1,
              Policies.connectTimeout(Duration.ofMillis(100)),
              new Cluster.Endpoint(Mesh.plain("a"), hole.getLocalPort(), true));
      Upstreams.Chosen chosen = mesh.chosen(cluster, HEAD);
      long start = System.nanoTime();
      var failure =
          catchThrowableOfType(
              Upstreams.Unreachable.class, () -> Exchanged.open(mesh, chosen, HEAD, true));
      assertThat(failure.reply()).isEqualTo(LocalReply.CONNECT_FAILURE);
      assertThat(failure.outcome()).isInstanceOf(RetryPolicy.ConnectFailure.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(90), Duration.ofSeconds(5));
    } finally {
      for (Socket socket : fill) {
        socket.close();
      }
    }
  }

  /** Waits until connects to {@code hole} hang. */
  private static void full(ServerSocket hole) throws Exception {
    for (int i = 0; i < 100; i++) {
      try (Socket probe = new Socket()) {
        probe.connect(hole.getLocalSocketAddress(), 200);
      } catch (java.net.SocketTimeoutException hangs) {
        return;
      }
    }
    throw new AssertionError("the queue never filled");
  }

  @Test
  @DisplayName("traffic-policy §4: idle connections are closed after idleTimeout, old ones retired")
  void idle_and_age() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (Script app =
        new Script(peer -> {
          while (!peer.request().isEmpty()) {
            peer.say(OK);
          }
          ended.countDown();
        })) {
      HttpPool http =
          new HttpPool(
              0, 0, 0, 0, 0, Duration.ofMillis(50), TrafficPolicy.H2Upgrade.DEFAULT, false);
      Cluster cluster = cluster(Protocol.HTTP_1, Policies.pooled(http), app.plain("a"));
      mesh.get(cluster, HEAD);
      assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    }
    CountDownLatch aged = new CountDownLatch(1);
    try (Script app =
        new Script(peer -> {
          while (!peer.request().isEmpty()) {
            peer.say(OK);
          }
          aged.countDown();
        })) {
      TrafficPolicy old =
          Policies.pooled(
              new ConnectionPool(0, null, null, Duration.ofMillis(50), null, HttpPool.NONE));
      mesh.get(cluster(Protocol.HTTP_1, old, app.plain("a")), HEAD);
      assertThat(aged.await(20, TimeUnit.SECONDS)).isTrue();
    }
  }
}
