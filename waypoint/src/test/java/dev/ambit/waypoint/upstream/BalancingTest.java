package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.CookieKey;
import dev.ambit.model.object.TrafficPolicy.HashKey;
import dev.ambit.model.object.TrafficPolicy.HeaderKey;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.QueryKey;
import dev.ambit.model.object.TrafficPolicy.SourceIpKey;
import dev.ambit.model.object.TrafficPolicy.Warmup;
import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the requests. Nothing is sent. */
@Timeout(60)
final class BalancingTest {
  private static final Locality HERE = new Locality("r", "a", "");
  private static final Locality THERE = new Locality("r", "b", "");

  private final Mesh mesh = new Mesh(new Here(Mesh.WAYPOINT, Mesh.LOOPBACK, HERE, "net", "node-1"));

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Cluster.Endpoint endpoint(String uid, int weight, Locality at) {
    return new Cluster.Endpoint(
        Workload.named(uid)
            .name(uid)
            .addresses(List.of(Mesh.LOOPBACK))
            .capacity(weight)
            .network("net")
            .locality(at)
            .build(),
        1_000 + Integer.parseInt(uid.substring(1)),
        true);
  }

  private static Cluster.Endpoint[] endpoints(int count) {
    Cluster.Endpoint[] all = new Cluster.Endpoint[count];
    Arrays.setAll(all, i -> endpoint("e" + i, 1, HERE));
    return all;
  }

  private static Cluster cluster(TrafficPolicy policy, String how, Cluster.Endpoint... endpoints) {
    return new Cluster(
        new Cluster.Key(new ServiceKey("demo", "app"), "", 80, ""),
        Cluster.Protocol.HTTP_1,
        List.of(endpoints),
        new Effective(policy, Map.of()),
        how);
  }

  /** Draws one endpoint whose request is over at once. */
  private Upstreams.Chosen draw(Cluster cluster, RequestHead head, String... tried) {
    Upstreams.Chosen chosen = (Upstreams.Chosen) mesh.choose(cluster, mesh.call(head, tried));
    mesh.onLoop(() -> {
      chosen.over();
      return true;
    });
    return chosen;
  }

  private static String uid(Upstreams.Chosen chosen) {
    return chosen.endpoint().workload().uid();
  }

  private Map<String, Integer> draws(Cluster cluster, int count) {
    Map<String, Integer> counts = new HashMap<>();
    mesh.onLoop(() -> {
      for (int i = 0; i < count; i++) {
        var chosen = (Upstreams.Chosen) mesh.upstreams.choose(cluster, mesh.call(head("GET", "/")));
        chosen.over();
        counts.merge(uid(chosen), 1, Integer::sum);
      }
      return true;
    });
    return counts;
  }

  @ParameterizedTest
  @DisplayName("traffic-policy 1: 1000 requests over 2 equal pods are 500 ± 80 each")
  @EnumSource(
      value = Algorithm.class,
      names = {"LEAST_REQUEST", "ROUND_ROBIN", "RANDOM"})
  void equal_pods(Algorithm algorithm) {
    // Binomial(1000, 1/2): 80 is 5.06 standard deviations; a false alarm has p < 5e-7.
    assertThat(draws(cluster(Policies.balanced(algorithm), "", endpoints(2)), 1000).values())
        .hasSize(2)
        .allSatisfy(count -> assertThat(count).isBetween(420, 580));
  }

  @Test
  @DisplayName("traffic-policy 1: no rule is least request, which spreads evenly over ten pods")
  void spread() {
    // Chi-square with 9 degrees of freedom: above 37.3 with p = 2.3e-5.
    double expected = 1000;
    Map<String, Integer> counts = draws(cluster(TrafficPolicy.NONE, "", endpoints(10)), 10_000);
    double chi =
        counts.values().stream().mapToDouble(c -> (c - expected) * (c - expected) / expected).sum();
    assertThat(counts).hasSize(10);
    assertThat(chi).isLessThan(37.3);
  }

  @Test
  void least_request_prefers_who_has_less_to_do() {
    Cluster cluster = cluster(TrafficPolicy.NONE, "", endpoints(2));
    Set<String> busy = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      busy.add(uid(mesh.chosen(cluster, head("GET", "/"))));
    }
    // Nobody is over: with two pods the idle one always wins, so they are filled in step.
    assertThat(busy).hasSize(2);
    assertThat(mesh.group.rows().getFirst().endpoints())
        .allSatisfy(row -> assertThat(row.active()).isEqualTo(25));
    assertThat(mesh.group.rows().getFirst().active()).isEqualTo(50);
  }

  @ParameterizedTest
  @DisplayName("traffic-policy 20: weights 90 and 10 are drawn about 90/10")
  @EnumSource(
      value = Algorithm.class,
      names = {"LEAST_REQUEST", "ROUND_ROBIN", "RANDOM"})
  void weights(Algorithm algorithm) {
    Cluster cluster =
        cluster(
            Policies.balanced(algorithm), "", endpoint("e1", 90, HERE), endpoint("e2", 10, HERE));
    // Binomial(10000, 0.9): the deviation is 30; 150 is five of them, p < 6e-7.
    assertThat(draws(cluster, 10_000).get("e1")).isBetween(8850, 9150);
  }

  @Test
  void weight_zero_draws_nothing() {
    Cluster cluster =
        cluster(TrafficPolicy.NONE, "", endpoint("e1", 1, HERE), endpoint("e2", 0, HERE));
    assertThat(draws(cluster, 100)).containsOnlyKeys("e1");
    Cluster nobody = cluster(TrafficPolicy.NONE, "", endpoint("e2", 0, HERE));
    assertThat(mesh.choose(nobody, mesh.call(head("GET", "/"))))
        .isInstanceOfSatisfying(
            Upstreams.Unable.class,
            unable -> assertThat(unable.reply()).isEqualTo(LocalReply.NO_HEALTHY_ENDPOINT));
  }

  @Test
  @DisplayName("traffic-policy 19: no endpoints are answered with UH")
  void nobody() {
    assertThat(mesh.choose(cluster(TrafficPolicy.NONE, ""), mesh.call(head("GET", "/"))))
        .isEqualTo(new Upstreams.Unable(LocalReply.NO_HEALTHY_ENDPOINT, "no endpoints"));
  }

  @ParameterizedTest
  @DisplayName("a retry goes to one that was not tried")
  @EnumSource(
      value = Algorithm.class,
      names = {"LEAST_REQUEST", "ROUND_ROBIN", "RANDOM"})
  void tried(Algorithm algorithm) {
    Cluster cluster = cluster(Policies.balanced(algorithm), "", endpoints(4));
    for (int i = 0; i < 100; i++) {
      assertThat(uid(draw(cluster, head("GET", "/"), "e0", "e1", "e3"))).isEqualTo("e2");
    }
    assertThat(uid(draw(cluster, head("GET", "/"), "e0", "e1", "e2", "e3"))).startsWith("e");
  }

  @ParameterizedTest
  @DisplayName(
      "traffic-policy 6: each of 100 values sticks to one pod; without a value they spread")
  @ValueSource(ints = {0, 65_537})
  void hashed_by_header(int maglev) {
    Cluster cluster = cluster(Policies.hashed(new HeaderKey("x-user"), maglev), "", endpoints(5));
    Set<String> used = new HashSet<>();
    for (int value = 0; value < 100; value++) {
      Set<String> pods = new HashSet<>();
      for (int i = 0; i < 10; i++) {
        pods.add(uid(draw(cluster, head("GET", "/", "x-user", "u" + value))));
      }
      assertThat(pods).hasSize(1);
      used.addAll(pods);
    }
    assertThat(used).hasSize(5);
    assertThat(draws(cluster, 200)).hasSize(5);
  }

  @Test
  void a_pod_that_goes_leaves_most_values_of_others_in_place() {
    HashKey key = new HeaderKey("x-user");
    Cluster.Endpoint[] five = endpoints(5);
    Cluster before = cluster(Policies.hashed(key, 0), "", five);
    Cluster after = cluster(Policies.hashed(key, 0), "", Arrays.copyOf(five, 4));
    Map<Integer, String> was = new HashMap<>();
    for (int value = 0; value < 200; value++) {
      was.put(value, uid(draw(before, head("GET", "/", "x-user", "u" + value))));
    }
    int stayed = 0;
    int left = 0;
    for (int value = 0; value < 200; value++) {
      String is = uid(draw(after, head("GET", "/", "x-user", "u" + value)));
      if (!was.get(value).equals("e4")) {
        left++;
        stayed += is.equals(was.get(value)) ? 1 : 0;
      }
    }
    // The others get a quarter more points each, which takes up to a fifth of the ring.
    assertThat(stayed).isGreaterThan(left * 7 / 10);
  }

  @Test
  @DisplayName("traffic-policy 7: a session cookie is set once and obeyed; without ttl none is set")
  void hashed_by_cookie() {
    HashKey key = new CookieKey("session", "/", Duration.ZERO, Map.of());
    Cluster cluster = cluster(Policies.hashed(key, 0), "", endpoints(5));
    Upstreams.Chosen first = draw(cluster, head("GET", "/"));
    assertThat(first.setCookie()).matches("session=\"[0-9a-f]+\"; Path=/; HttpOnly");
    String cookie = first.setCookie().substring(0, first.setCookie().indexOf(';'));
    for (int i = 0; i < 20; i++) {
      Upstreams.Chosen next = draw(cluster, head("GET", "/", "cookie", cookie));
      assertThat(uid(next)).isEqualTo(uid(first));
      assertThat(next.setCookie()).isEmpty();
    }
    HashKey without = new CookieKey("session", "", null, Map.of());
    Cluster passive = cluster(Policies.hashed(without, 0), "", endpoints(5));
    assertThat(draw(passive, head("GET", "/")).setCookie()).isEmpty();
    assertThat(draws(passive, 200)).hasSize(5);
  }

  @Test
  void hashed_by_query_or_source() {
    Cluster byQuery = cluster(Policies.hashed(new QueryKey("u"), 0), "", endpoints(5));
    Set<String> pods = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      pods.add(uid(draw(byQuery, head("GET", "/?a=" + i + "&u=7"))));
    }
    assertThat(pods).hasSize(1);
    Cluster bySource = cluster(Policies.hashed(new SourceIpKey(), 0), "", endpoints(5));
    assertThat(draws(bySource, 50)).hasSize(1);
  }

  @Test
  void a_session_keeps_to_its_endpoint_while_that_can_take_calls() {
    Cluster.Endpoint[] three = endpoints(3);
    Upstreams.Call call = mesh.call(head("GET", "/"));
    Upstreams.Call kept =
        new Upstreams.Call(
            mesh.caller(), call.request(), call.version(), call.connection(), call.tried(), "e1");
    Cluster all = cluster(TrafficPolicy.NONE, "", three);
    for (int i = 0; i < 20; i++) {
      assertThat(uid((Upstreams.Chosen) mesh.choose(all, kept))).isEqualTo("e1");
    }
    three[1] = new Cluster.Endpoint(three[1].workload(), three[1].port(), false);
    assertThat(uid((Upstreams.Chosen) mesh.choose(cluster(TrafficPolicy.NONE, "", three), kept)))
        .isNotEqualTo("e1");
  }

  @Test
  @DisplayName(
      "traffic-policy 14: without ejection both zones, with it the nearer one until it fails")
  void zones() {
    Cluster.Endpoint near = endpoint("e1", 1, HERE);
    Cluster.Endpoint far = endpoint("e2", 1, THERE);
    assertThat(draws(cluster(TrafficPolicy.NONE, "", near, far), 200)).hasSize(2);
    TrafficPolicy watched = Policies.watched(Policies.outliers(3, 30, 100, 0));
    Cluster cluster = cluster(watched, "", near, far);
    assertThat(draws(cluster, 200)).containsOnlyKeys("e1");
    Cluster down =
        cluster(watched, "", new Cluster.Endpoint(near.workload(), near.port(), false), far);
    assertThat(draws(down, 200)).containsOnlyKeys("e2");
    for (int i = 0; i < 3; i++) {
      Upstreams.Chosen chosen = draw(cluster, head("GET", "/"));
      mesh.onLoop(() -> {
        chosen.answered(500);
        return true;
      });
    }
    assertThat(draws(cluster, 200)).containsOnlyKeys("e2");
  }

  @Test
  @DisplayName("traffic-policy 15: a half healthy priority keeps 70 % of the traffic")
  void half_healthy() {
    List<Cluster.Endpoint> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(endpoint("e" + i, 1, HERE));
    }
    for (int i = 0; i < 2; i++) {
      all.set(i, new Cluster.Endpoint(all.get(i).workload(), all.get(i).port(), false));
    }
    all.add(endpoint("e9", 1, THERE));
    Cluster cluster =
        cluster(
            Policies.watched(Policies.outliers(5, 30, 10, 0)),
            "",
            all.toArray(Cluster.Endpoint[]::new));
    Map<String, Integer> counts = draws(cluster, 10_000);
    // Binomial(10000, 0.3): the deviation is 46; 230 is five of them, p < 6e-7.
    assertThat(counts.get("e9")).isBetween(2770, 3230);
    assertThat(counts).containsOnlyKeys("e2", "e3", "e9");
  }

  @Test
  @DisplayName("traffic-policy 16: trafficDistribution PreferClose keeps to the zone")
  void prefer_close() {
    Cluster.Endpoint near = endpoint("e1", 1, HERE);
    Cluster.Endpoint far = endpoint("e2", 1, THERE);
    assertThat(draws(cluster(TrafficPolicy.NONE, "PreferClose", near, far), 200))
        .containsOnlyKeys("e1");
  }

  @Test
  @DisplayName("an endpoint that warms up gets little at first")
  void warm_up() {
    TrafficPolicy policy =
        Policies.balanced(
            new LoadBalancer(
                Algorithm.ROUND_ROBIN, null, null, new Warmup(Duration.ofSeconds(100), 10, 1)));
    Cluster old = cluster(policy, "", endpoints(1));
    assertThat(draws(old, 10)).hasSize(1);
    mesh.ahead.addAndGet(Duration.ofSeconds(200).toNanos());
    Cluster grown = cluster(policy, "", endpoints(2));
    // A tenth of the weight: 1 of 11 turns; the clock of the test adds next to nothing.
    assertThat(draws(grown, 1100).get("e1")).isBetween(80, 130);
    mesh.ahead.addAndGet(Duration.ofSeconds(50).toNanos());
    assertThat(draws(grown, 1500).get("e1")).isBetween(450, 550);
    mesh.ahead.addAndGet(Duration.ofSeconds(50).toNanos());
    assertThat(draws(grown, 1000).get("e1")).isBetween(480, 520);
  }

  @Test
  void endpoints_behind_network_gateways_are_left_out_with_a_reason() {
    Cluster.Endpoint near = endpoint("e1", 1, HERE);
    Cluster.Endpoint remote =
        new Cluster.Endpoint(
            Workload.named("e2").network("other").addresses(List.of(Mesh.LOOPBACK)).build(),
            80,
            true);
    assertThat(draws(cluster(TrafficPolicy.NONE, "", near, remote), 100)).containsOnlyKeys("e1");
    assertThat(mesh.choose(cluster(TrafficPolicy.NONE, "", remote), mesh.call(head("GET", "/"))))
        .isInstanceOfSatisfying(
            Upstreams.Unable.class,
            unable -> assertThat(unable.why()).contains("network gateways"));
  }

  @Test
  void an_endpoint_of_two_families_is_called_by_ours() {
    Cluster.Endpoint both =
        new Cluster.Endpoint(
            Workload.named("e1")
                .addresses(
                    List.of(
                        java.net.InetAddress.ofLiteral("fd00::1"),
                        java.net.InetAddress.ofLiteral("10.0.0.1")))
                .build(),
            80,
            true);
    draw(cluster(TrafficPolicy.NONE, "", both), head("GET", "/"));
    assertThat(mesh.group.rows().getFirst().endpoints().getFirst().address())
        .isEqualTo("10.0.0.1:80");
  }
}
