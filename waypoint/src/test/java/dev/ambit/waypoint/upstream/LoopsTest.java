package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Metrics;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits and ejections count over all loops. */
@Timeout(60)
final class LoopsTest {
  private final Mesh mesh = new Mesh();
  private final EventLoop other = mesh.transport.loops().get(1);

  @AfterEach
  void stop() {
    mesh.close();
  }

  private <T> T onOther(Callable<T> task) {
    return other.submit(task).syncUninterruptibly().getNow();
  }

  private Upstreams.Choice chooseOnOther(Cluster cluster) {
    return onOther(() -> mesh.group.of(other).choose(cluster, mesh.call(head("GET", "/"))));
  }

  @Test
  void requests_on_another_loop_count() {
    Cluster cluster =
        cluster(
            Protocol.HTTP_1,
            Policies.pooled(Policies.http(0, 1, 0, 0)),
            new Cluster.Endpoint(Mesh.plain("a"), 1, true));
    Upstreams.Chosen first = mesh.chosen(cluster, head("GET", "/"));
    assertThat(chooseOnOther(cluster)).isInstanceOf(Upstreams.Unable.class);
    mesh.onLoop(() -> {
      first.over();
      return true;
    });
    assertThat(chooseOnOther(cluster)).isInstanceOf(Upstreams.Chosen.class);
  }

  @Test
  void whoever_is_ejected_on_one_loop_is_so_on_all() {
    Cluster cluster =
        cluster(
            Protocol.HTTP_1,
            Policies.watched(Policies.outliers(2, 5, 100, 0)),
            new Cluster.Endpoint(Mesh.plain("a"), 1, true));
    var here = (Upstreams.Chosen) mesh.choose(cluster, mesh.call(head("GET", "/")));
    var there = (Upstreams.Chosen) chooseOnOther(cluster);
    mesh.onLoop(() -> {
      here.answered(500);
      here.over();
      return true;
    });
    onOther(() -> {
      there.answered(500);
      there.over();
      return true;
    });
    assertThat(mesh.choose(cluster, mesh.call(head("GET", "/"))))
        .isInstanceOf(Upstreams.Unable.class);
    assertThat(chooseOnOther(cluster)).isInstanceOf(Upstreams.Unable.class);
    Metrics metrics = new Metrics();
    mesh.group.show(metrics);
    assertThat(new String(metrics.scrape("").body(), StandardCharsets.UTF_8))
        .contains("envoy_cluster_outlier_detection_ejections_enforced_total 1")
        .contains("envoy_cluster_outlier_detection_ejections_active 1");
  }
}
