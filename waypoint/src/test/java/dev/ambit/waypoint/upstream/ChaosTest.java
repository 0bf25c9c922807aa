package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever endpoints and callers do, every count comes back to where it was. */
@Timeout(120)
final class ChaosTest {
  private static final int ROUNDS = 40;
  private static final int AT_A_TIME = 16;

  private final Mesh mesh = new Mesh();

  /** A fixed seed: a failure can be had again. */
  private final Random random = new Random(42);

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Script moody() throws Exception {
    return new Script(peer -> {
      for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
        int mood = Math.floorMod(request.hashCode(), 7);
        switch (mood) {
          case 0 -> peer.reset();
          case 1 -> peer.say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour");
          case 2 -> peer.say("HTTP/1.1 500 No\r\nconnection: close\r\n\r\nbroken");
          case 3 -> peer.say("nonsense\r\n\r\n");
          default -> peer.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
        if (mood < 4) {
          return;
        }
      }
    });
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"HTTP_1", "HTTP_2"})
  void counts_come_back(Protocol protocol) throws Exception {
    try (Script one = moody();
        Http2App two = new Http2App(mesh, new Http2Settings().maxConcurrentStreams(4))) {
      Cluster.Endpoint[] endpoints =
          protocol == Protocol.HTTP_1
              ? new Cluster.Endpoint[] {one.plain("a"), one.captured("b")}
              : new Cluster.Endpoint[] {two.plain("a")};
      Cluster cluster =
          cluster(
              protocol,
              Policies.pooled(
                  new dev.ambit.model.object.TrafficPolicy.ConnectionPool(
                      6, null, null, null, null, Policies.http(8, 0, 5, 0))),
              endpoints);
      for (int i = 0; i < ROUNDS; i++) {
        round(cluster, i);
      }
    }
    awaitZero();
  }

  @Test
  void counts_come_back_when_nobody_listens() throws Exception {
    Script gone = moody();
    gone.close();
    Cluster cluster =
        cluster(Protocol.HTTP_1, Policies.connections(2), gone.plain("a"), gone.captured("b"));
    for (int i = 0; i < 5; i++) {
      round(cluster, i);
    }
    awaitZero();
  }

  private void round(Cluster cluster, int number) throws InterruptedException {
    List<Upstreams.Chosen> chosen = new ArrayList<>();
    List<Future<HttpStream>> streams = new ArrayList<>();
    List<Exchanged> exchanges = new ArrayList<>();
    for (int i = 0; i < AT_A_TIME; i++) {
      RequestHead head = head("POST", path(number, i));
      if (mesh.choose(cluster, mesh.call(head)) instanceof Upstreams.Chosen one) {
        chosen.add(one);
        Future<HttpStream> stream = mesh.onLoop(() -> one.http(head));
        if (random.nextInt(5) == 0) {
          mesh.onLoop(() -> stream.cancel(false));
        }
        streams.add(stream);
        stream.addListener((Future<HttpStream> done) -> begin(done, head, exchanges));
      }
    }
    for (Future<HttpStream> stream : streams) {
      if (!stream.await(2, TimeUnit.SECONDS)) {
        mesh.onLoop(() -> stream.cancel(false));
      }
    }
    mesh.onLoop(() -> {
      exchanges.forEach(each -> each.stream.reset(HttpStream.Reason.CANCELLED));
      chosen.forEach(Upstreams.Chosen::over);
      return true;
    });
  }

  private static String path(int number, int i) {
    return switch (i % 5) {
      case 0 -> "/hold?" + number;
      case 1 -> "/reset";
      case 2 -> "/refuse";
      default -> "/x" + number + "/" + i;
    };
  }

  private static void begin(Future<HttpStream> done, RequestHead head, List<Exchanged> exchanges) {
    if (done.isSuccess()) {
      Exchanged exchanged = Exchanged.begin(done.getNow(), head, false);
      exchanges.add(exchanged);
      exchanged.stream.write(Unpooled.wrappedBuffer(new byte[1000]));
      exchanged.stream.flush();
      exchanged.stream.finish(Mesh.headers());
    }
  }

  /** Closing is not done at once: waits until nothing but idle connections is left. */
  private void awaitZero() throws InterruptedException {
    mesh.group.close();
    for (int i = 0; i < 200; i++) {
      UpstreamRow row = mesh.group.rows().getFirst();
      if (row.connections() == 0 && row.active() == 0 && row.pending() == 0) {
        assertThat(row.endpoints())
            .allSatisfy(each -> {
              assertThat(each.active()).isZero();
              assertThat(each.connections()).isZero();
            });
        return;
      }
      assertThat(new java.util.concurrent.CountDownLatch(1).await(50, TimeUnit.MILLISECONDS))
          .isFalse();
    }
    throw new AssertionError("left over: " + mesh.group.rows());
  }
}
