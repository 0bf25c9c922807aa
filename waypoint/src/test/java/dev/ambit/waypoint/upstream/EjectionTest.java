package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is left out, and for how long. */
@Timeout(60)
final class EjectionTest {
  private final Mesh mesh = new Mesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Cluster watched(OutlierDetection outliers, int count) {
    Cluster.Endpoint[] endpoints = new Cluster.Endpoint[count];
    for (int i = 0; i < count; i++) {
      endpoints[i] = new Cluster.Endpoint(Mesh.plain("e" + i), 1_000 + i, true);
    }
    return cluster(Protocol.HTTP_1, Policies.watched(outliers), endpoints);
  }

  /** Draws until {@code uid} was drawn {@code times} times, and lets it answer {@code status}. */
  private void answers(Cluster cluster, String uid, int status, int times) {
    mesh.onLoop(() -> {
      int left = times;
      for (int i = 0; left > 0 && i < 10_000; i++) {
        var chosen = (Upstreams.Chosen) mesh.upstreams.choose(cluster, mesh.call(head("GET", "/")));
        if (chosen.endpoint().workload().uid().equals(uid)) {
          if (status == 0) {
            chosen.failed();
          } else {
            chosen.answered(status);
          }
          left--;
        }
        chosen.over();
      }
      assertThat(left).isZero();
      return true;
    });
  }

  private Map<String, Integer> draws(Cluster cluster) {
    Map<String, Integer> counts = new HashMap<>();
    mesh.onLoop(() -> {
      for (int i = 0; i < 200; i++) {
        if (mesh.upstreams.choose(cluster, mesh.call(head("GET", "/")))
            instanceof Upstreams.Chosen chosen) {
          chosen.over();
          counts.merge(chosen.endpoint().workload().uid(), 1, Integer::sum);
        }
      }
      return true;
    });
    return counts;
  }

  private void pass(Duration time) {
    mesh.ahead.addAndGet(time.toNanos());
  }

  @Test
  @DisplayName("traffic-policy 3: out after 3 errors for 5 s, the second time for 10 s")
  void grows() {
    Cluster cluster = watched(Policies.outliers(3, 5, 100, 0), 2);
    answers(cluster, "e0", 500, 2);
    assertThat(draws(cluster)).hasSize(2);
    answers(cluster, "e0", 500, 1);
    assertThat(draws(cluster)).containsOnlyKeys("e1");
    assertThat(mesh.group.ejections()).isEqualTo(1);
    var row = mesh.group.rows().getFirst().endpoints().getFirst();
    assertThat(row.ejectedMillis()).isBetween(1L, 5_000L);
    pass(Duration.ofMillis(4_000));
    assertThat(draws(cluster)).containsOnlyKeys("e1");
    pass(Duration.ofMillis(2_100));
    assertThat(draws(cluster)).hasSize(2);
    answers(cluster, "e0", 503, 3);
    pass(Duration.ofMillis(9_000));
    assertThat(draws(cluster)).containsOnlyKeys("e1");
    pass(Duration.ofMillis(2_100));
    assertThat(draws(cluster)).hasSize(2);
  }

  @Test
  @DisplayName("traffic-policy 4: with 10 percent nobody of 2 pods is ejected, one of 10 is")
  void percent() {
    Cluster two = watched(Policies.outliers(3, 5, 10, 0), 2);
    answers(two, "e0", 500, 9);
    assertThat(draws(two)).hasSize(2);
    Cluster ten = watched(Policies.outliers(3, 5, 10, 0), 10);
    answers(ten, "e0", 500, 3);
    answers(ten, "e1", 500, 3);
    assertThat(draws(ten)).hasSize(9).doesNotContainKey("e0");
  }

  @Test
  @DisplayName("traffic-policy 5: all ejected: UH, or everybody when minHealthPercent says so")
  void all() {
    Cluster strict = watched(Policies.outliers(1, 5, 100, 0), 2);
    answers(strict, "e0", 500, 1);
    answers(strict, "e1", 500, 1);
    assertThat(mesh.choose(strict, mesh.call(head("GET", "/"))))
        .isInstanceOfSatisfying(
            Upstreams.Unable.class,
            unable -> assertThat(unable.reply()).isEqualTo(LocalReply.NO_HEALTHY_ENDPOINT));
    Cluster panics = watched(Policies.outliers(1, 5, 100, 50), 2);
    answers(panics, "e0", 500, 1);
    answers(panics, "e1", 500, 1);
    assertThat(draws(panics)).hasSize(2);
  }

  @Test
  void a_success_begins_the_count_anew() {
    Cluster cluster = watched(Policies.outliers(3, 5, 100, 0), 2);
    answers(cluster, "e0", 500, 2);
    answers(cluster, "e0", 200, 1);
    answers(cluster, "e0", 500, 2);
    assertThat(draws(cluster)).hasSize(2);
  }

  @Test
  void failures_of_our_own_count_as_errors_unless_they_are_split() {
    Cluster cluster = watched(Policies.outliers(3, 5, 100, 0), 2);
    answers(cluster, "e0", 0, 3);
    assertThat(draws(cluster)).containsOnlyKeys("e1");
    Cluster split =
        watched(
            new OutlierDetection(
                3, 0, 5, true, Duration.ofSeconds(1), Duration.ofSeconds(5), 100, 0),
            2);
    answers(split, "e0", 0, 4);
    assertThat(draws(split)).hasSize(2);
    answers(split, "e0", 0, 1);
    assertThat(draws(split)).containsOnlyKeys("e1");
  }

  @Test
  void gateway_errors_have_a_limit_of_their_own() {
    Cluster cluster =
        watched(
            new OutlierDetection(
                0, 2, 5, false, Duration.ofSeconds(1), Duration.ofSeconds(5), 100, 0),
            2);
    answers(cluster, "e0", 500, 10);
    assertThat(draws(cluster)).hasSize(2);
    answers(cluster, "e0", 503, 2);
    assertThat(draws(cluster)).containsOnlyKeys("e1");
  }

  @Test
  void what_is_known_survives_a_new_snapshot() {
    OutlierDetection outliers = Policies.outliers(3, 5, 100, 0);
    answers(watched(outliers, 2), "e0", 500, 3);
    assertThat(draws(watched(outliers, 3))).containsOnlyKeys("e1", "e2");
  }

  @Test
  void the_admin_page_tells_of_it() {
    answers(watched(Policies.outliers(3, 5, 100, 0), 2), "e0", 500, 3);
    var page = UpstreamPage.of(mesh.group.rows()).get(0);
    assertThat(page.get("cluster").asString())
        .isEqualTo("inbound-vip|80|http|app.demo.svc.cluster.local");
    assertThat(page.get("service").asString()).isEqualTo("demo/app.demo.svc.cluster.local");
    var endpoint = page.get("endpoints").get(0);
    assertThat(endpoint.get("address").asString()).isEqualTo("127.0.0.1:1000");
    assertThat(endpoint.get("ejected").asBoolean()).isTrue();
    assertThat(endpoint.get("healthy").asBoolean()).isTrue();
    assertThat(endpoint.get("failures").asInt()).isEqualTo(3);
    assertThat(endpoint.get("active").asInt()).isZero();
  }
}
