package dev.ambit.model.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.ConnectionPool;
import dev.ambit.model.object.TrafficPolicy.HttpPool;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.object.TrafficPolicy.RetryBudget;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DestinationRulesTest {
  private static final String ECHO = "echo.demo.svc.cluster.local";
  private static final LoadBalancer RANDOM = new LoadBalancer(Algorithm.RANDOM, null, null, null);
  private static final ConnectionPool ONE =
      new ConnectionPool(1, Duration.ofMillis(100), null, null, null, HttpPool.NONE);

  private static TrafficPolicy policy(
      @Nullable LoadBalancer balancer,
      @Nullable ConnectionPool pool,
      Map<Integer, TrafficPolicy> ports) {
    return new TrafficPolicy(balancer, pool, null, null, null, null, ports);
  }

  private static DestinationRule rule(
      String namespace, String name, String host, TrafficPolicy policy, String... exportTo) {
    Metadata metadata = new Metadata(namespace, name, "", Map.of(), Map.of(), Instant.EPOCH, "");
    return new DestinationRule(
        metadata, host, policy, List.of(), Arrays.asList(exportTo), Map.of());
  }

  private static DestinationRules.Merged found(DestinationRule... rules) {
    return DestinationRules.of(Arrays.asList(rules), "istio-system", "cluster.local")
        .find(new DestinationRules.Lookup(ECHO, "demo", "waypoints"))
        .orElse(DestinationRules.Merged.NONE);
  }

  @Test
  @DisplayName("traffic-policy 8: the setting of a port inherits nothing")
  void a_port_inherits_nothing() {
    TrafficPolicy ofPort = policy(RANDOM, null, Map.of());
    DestinationRules.Merged merged =
        found(rule("demo", "d", "echo", policy(null, ONE, Map.of(80, ofPort))));
    DestinationRules.Effective at80 = merged.at(80, "").orElseThrow();
    assertThat(at80.policy().loadBalancer()).isEqualTo(RANDOM);
    assertThat(at80.limits().maxConnections()).isEqualTo(4294967295L);
    assertThat(at80.limits().connectTimeout()).isEqualTo(Duration.ofSeconds(10));
    DestinationRules.Effective at81 = merged.at(81, "").orElseThrow();
    assertThat(at81.policy().loadBalancer()).isNull();
    assertThat(at81.limits().maxConnections()).isEqualTo(1);
  }

  @Test
  @DisplayName("traffic-policy 9, 19: a subset inherits what it does not say; an unknown is none")
  void a_subset_inherits() {
    TrafficPolicy top =
        new TrafficPolicy(null, ONE, OutlierDetection.DEFAULT, null, null, null, Map.of());
    DestinationRule rule =
        new DestinationRule(
            rule("demo", "d", "echo", top).metadata(),
            "echo",
            top,
            List.of(
                new DestinationRule.Subset(
                    "v1", Map.of("version", "v1"), policy(RANDOM, null, Map.of())),
                new DestinationRule.Subset(
                    "v2",
                    Map.of("version", "v2"),
                    policy(null, null, Map.of(80, policy(RANDOM, null, Map.of()))))),
            List.of(),
            Map.of());
    DestinationRules.Effective v1 = found(rule).at(80, "v1").orElseThrow();
    assertThat(v1.policy().outlierDetection()).isEqualTo(OutlierDetection.DEFAULT);
    assertThat(v1.policy().loadBalancer()).isEqualTo(RANDOM);
    assertThat(v1.holds(Map.of("version", "v1", "app", "x"))).isTrue();
    assertThat(v1.holds(Map.of("version", "v2"))).isFalse();
    DestinationRules.Effective v2 = found(rule).at(80, "v2").orElseThrow();
    assertThat(v2.policy().outlierDetection()).isNull();
    assertThat(found(rule).at(81, "v2").orElseThrow().policy().connectionPool()).isEqualTo(ONE);
    assertThat(found(rule).at(80, "v3")).isEmpty();
  }

  @Test
  @DisplayName("traffic-policy 10: the waypoint's namespace wins; a client's does not count")
  void the_namespace_of_the_waypoint_wins() {
    DestinationRule ofWaypoint = rule("waypoints", "w", ECHO, TrafficPolicy.NONE);
    DestinationRule ofService = rule("demo", "s", "echo", TrafficPolicy.NONE);
    DestinationRule ofRoot =
        rule("istio-system", "r", "*.demo.svc.cluster.local", TrafficPolicy.NONE);
    DestinationRule ofClient = rule("client", "c", ECHO, TrafficPolicy.NONE);
    assertThat(found(ofService, ofWaypoint, ofRoot, ofClient).names())
        .containsExactly("waypoints/w");
    assertThat(found(ofService, ofRoot, ofClient).names()).containsExactly("demo/s");
    assertThat(found(ofRoot, ofClient).names()).containsExactly("istio-system/r");
    assertThat(found(ofClient).names()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "., false",
    "'*', true",
    "waypoints, true",
    "demo, false",
  })
  void a_rule_is_seen_where_it_is_exported_to(String exportTo, boolean seen) {
    DestinationRule rule = rule("demo", "d", "echo", TrafficPolicy.NONE, exportTo);
    assertThat(found(rule).names().isEmpty()).isEqualTo(!seen);
  }

  @Test
  @DisplayName("traffic-policy §1: the exact host, then the longest wildcard; the same are merged")
  void the_most_specific_host_wins() {
    DestinationRule all = rule("demo", "a", "*", TrafficPolicy.NONE);
    DestinationRule some = rule("demo", "b", "*.svc.cluster.local", TrafficPolicy.NONE);
    DestinationRule more = rule("demo", "c", "*.demo.svc.cluster.local", TrafficPolicy.NONE);
    DestinationRule exact = rule("demo", "d", "echo", TrafficPolicy.NONE);
    DestinationRule again = rule("demo", "e", ECHO, policy(RANDOM, null, Map.of()));
    assertThat(found(all, some, more, exact).names()).containsExactly("demo/d");
    assertThat(found(all, some, more).names()).containsExactly("demo/c");
    assertThat(found(all, some).names()).containsExactly("demo/b");
    assertThat(found(all).names()).containsExactly("demo/a");
    DestinationRules.Merged both = found(again, exact);
    assertThat(both.names()).containsExactly("demo/d", "demo/e");
    assertThat(both.policy()).isEqualTo(TrafficPolicy.NONE);
  }

  @Test
  @DisplayName("traffic-policy §4: limits have their defaults, a budget takes the place of retries")
  void limits_have_defaults() {
    Limits limits = DestinationRules.Merged.NONE.at(80, "").orElseThrow().limits();
    assertThat(limits.maxRequests()).isEqualTo(4294967295L);
    assertThat(limits.idleTimeout()).isEqualTo(Duration.ofHours(1));
    assertThat(limits.allowedRetries(5)).isEqualTo(4294967295L);
    Limits budget =
        Limits.of(
            new TrafficPolicy(
                null, null, null, null, null, new RetryBudget(20, 3, Duration.ZERO), Map.of()));
    assertThat(budget.allowedRetries(5)).isEqualTo(3);
    assertThat(budget.allowedRetries(100)).isEqualTo(20);
  }
}
