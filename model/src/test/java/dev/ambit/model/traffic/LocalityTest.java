package dev.ambit.model.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.object.TrafficPolicy.CookieKey;
import dev.ambit.model.object.TrafficPolicy.Distribute;
import dev.ambit.model.object.TrafficPolicy.HeaderKey;
import dev.ambit.model.object.TrafficPolicy.LocalityBalancing;
import dev.ambit.model.object.TrafficPolicy.QueryKey;
import dev.ambit.model.object.TrafficPolicy.SourceIpKey;
import dev.ambit.model.object.TrafficPolicy.Warmup;
import dev.ambit.model.traffic.LocalityPriorities.Place;
import dev.ambit.model.traffic.LocalityPriorities.Placed;
import dev.ambit.model.traffic.PriorityLoad.Health;
import dev.ambit.model.workload.Locality;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalityTest {
  private static final Place OWN = place("r1/z1/s1", Map.of());

  private static Place place(String locality, Map<String, String> labels) {
    String[] parts = locality.split("/", -1);
    Map<String, String> all = new HashMap<>(labels);
    all.put("topology.kubernetes.io/region", parts[0]);
    all.put("topology.kubernetes.io/zone", parts[1]);
    return new Place(new Locality(parts[0], parts[1], parts[2]), all, 1);
  }

  private static List<Integer> priorities(
      LocalityBalancing setting, boolean failover, String... localities) {
    return LocalityPriorities.of(
            setting,
            failover,
            OWN,
            Arrays.stream(localities).map(each -> place(each, Map.of())).toList())
        .stream()
        .map(Placed::priority)
        .toList();
  }

  @Test
  @DisplayName(
      "traffic-policy 14: without outlier detection everywhere, with it the own zone first")
  void failover_needs_outlier_detection() {
    String[] zones = {"r1/z1/s1", "r1/z2/s1"};
    assertThat(priorities(LocalityPriorities.DEFAULT, false, zones)).containsExactly(0, 0);
    assertThat(priorities(LocalityPriorities.DEFAULT, true, zones)).containsExactly(0, 1);
  }

  @Test
  @DisplayName("traffic-policy §6: subzone, zone, region, others; without gaps")
  void nearer_goes_first() {
    assertThat(
            priorities(
                LocalityPriorities.DEFAULT, true, "r2/z1/s1", "r1/z1/s1", "r1/z2/s1", "r1/z1/s2"))
        .containsExactly(3, 0, 2, 1);
    assertThat(priorities(LocalityPriorities.DEFAULT, true, "r2/z1/s1", "r1/z1/s2"))
        .containsExactly(1, 0);
    LocalityBalancing toThree =
        new LocalityBalancing(true, List.of(), Map.of("r1", "r3"), List.of());
    assertThat(priorities(toThree, true, "r1/z1/s1", "r2/z/s", "r3/z/s")).containsExactly(0, 2, 1);
    LocalityBalancing off = new LocalityBalancing(false, List.of(), Map.of(), List.of());
    assertThat(priorities(off, true, "r2/z/s", "r1/z1/s1")).containsExactly(0, 0);
  }

  @Test
  @DisplayName("traffic-policy 16: PreferClose keeps traffic in the zone without outlier detection")
  void prefer_close_forces_the_zone() {
    LocalityBalancing close = LocalityPriorities.ofTrafficDistribution("PreferClose");
    assertThat(priorities(close, true, "r1/z1/s9", "r1/z2/s1", "r2/z1/s1"))
        .containsExactly(0, 1, 2);
    assertThat(LocalityPriorities.ofTrafficDistribution("").enabled()).isFalse();
  }

  @Test
  @DisplayName("traffic-policy §6: labels from the first that differs; another network comes last")
  void labels_rank_endpoints() {
    LocalityBalancing setting =
        new LocalityBalancing(
            true, List.of(), Map.of(), List.of("topology.istio.io/network", "version=v2", "app"));
    Place own = place("r/z/s", Map.of("topology.istio.io/network", "n", "app", "x"));
    List<Place> endpoints =
        List.of(
            place("r/z/s", Map.of("topology.istio.io/network", "n", "version", "v2", "app", "x")),
            place("r/z/s", Map.of("topology.istio.io/network", "n", "version", "v2", "app", "y")),
            place("r/z/s", Map.of("topology.istio.io/network", "n", "version", "v1", "app", "x")),
            place("r/z/s", Map.of("topology.istio.io/network", "m", "version", "v2", "app", "x")),
            place("r/z/s", Map.of("topology.istio.io/network", "m", "version", "v1")));
    assertThat(LocalityPriorities.of(setting, true, own, endpoints))
        .extracting(Placed::priority)
        .containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  @DisplayName("traffic-policy §6: distribute shares weights and leaves the others out")
  void distribute_shares_weights() {
    LocalityBalancing setting =
        new LocalityBalancing(
            true,
            List.of(new Distribute("r1/z1/*", Map.of("r1/z1/*", 80, "r2/*", 20))),
            Map.of(),
            List.of());
    assertThat(
            LocalityPriorities.of(
                setting,
                false,
                OWN,
                List.of(
                    place("r1/z1/a", Map.of()),
                    place("r1/z1/b", Map.of()),
                    place("r2/z/s", Map.of()),
                    place("r3/z/s", Map.of()))))
        .containsExactly(
            new Placed(0, 40), new Placed(0, 40), new Placed(0, 20), new Placed(-1, 0));
  }

  @ParameterizedTest(name = "traffic-policy 15: {0} of 10 healthy keep {1} percent")
  @CsvSource({"10, 100", "8, 100", "7, 98", "5, 70", "1, 14", "0, 0"})
  void a_priority_keeps_what_it_can_bear(int healthy, int share) {
    PriorityLoad load = PriorityLoad.of(List.of(new Health(healthy, 10), new Health(10, 10)), 0);
    assertThat(load.shares()).containsExactly(share, 100 - share);
  }

  @Test
  @DisplayName("traffic-policy 5: all ejected is nobody, or everybody in panic")
  void all_ejected_is_nobody_or_panic() {
    PriorityLoad nobody = PriorityLoad.of(List.of(new Health(0, 2)), 0);
    assertThat(nobody.draw(new Random(1))).isEqualTo(-1);
    PriorityLoad panic = PriorityLoad.of(List.of(new Health(0, 2)), 50);
    assertThat(panic.draw(new Random(1))).isZero();
    assertThat(panic.panic()).containsExactly(true);
    assertThat(PriorityLoad.of(List.of(new Health(4, 4)), 50).panic()).containsExactly(false);
  }

  @Test
  void weak_priorities_share_all_of_the_traffic() {
    PriorityLoad load = PriorityLoad.of(List.of(new Health(1, 5), new Health(1, 5)), 0);
    assertThat(load.shares()).containsExactly(50, 50);
  }

  private static HttpAttributes request(String target, Map<String, String> headers) {
    return HttpAttributes.of("GET", "http", "a", target, headers::get, PathNormalization.BASE)
        .orElseThrow();
  }

  private static final RequestHash.Connection CONNECTION =
      new RequestHash.Connection("10.0.0.1", "10.0.0.1:1", "10.0.0.2:2");

  @Test
  @DisplayName("traffic-policy 6: the same value has the same hash, no value has none")
  void requests_are_hashed() {
    HeaderKey key = new HeaderKey("x-user");
    RequestHash first = RequestHash.of(key, request("/", Map.of("x-user", "a")), CONNECTION);
    assertThat(first.hash()).hasValue(0xd24ec4f1a98c6e5bL);
    assertThat(RequestHash.of(key, request("/x", Map.of("x-user", "a")), CONNECTION))
        .isEqualTo(first);
    assertThat(RequestHash.of(key, request("/", Map.of()), CONNECTION).hash()).isEmpty();
    assertThat(RequestHash.of(new QueryKey("q"), request("/?q=a", Map.of()), CONNECTION))
        .isEqualTo(first);
    assertThat(RequestHash.of(new SourceIpKey(), request("/", Map.of()), CONNECTION).hash())
        .isPresent();
  }

  @Test
  @DisplayName("traffic-policy 7: a cookie is made when it has a ttl, and sticks")
  void cookies_are_made() {
    CookieKey key = new CookieKey("session", "", Duration.ZERO, Map.of());
    RequestHash made = RequestHash.of(key, request("/", Map.of()), CONNECTION);
    assertThat(made.setCookie()).matches("session=\"[0-9a-f]+\"; HttpOnly");
    String sent = made.setCookie().substring(0, made.setCookie().indexOf(';'));
    RequestHash later = RequestHash.of(key, request("/", Map.of("cookie", sent)), CONNECTION);
    assertThat(later.hash()).isEqualTo(made.hash());
    assertThat(later.setCookie()).isEmpty();
    CookieKey none = new CookieKey("session", "", null, Map.of());
    RequestHash without = RequestHash.of(none, request("/", Map.of()), CONNECTION);
    assertThat(without.hash()).isEmpty();
    assertThat(without.setCookie()).isEmpty();
    CookieKey full = new CookieKey("s", "/p", Duration.ofMinutes(1), Map.of("SameSite", "Strict"));
    assertThat(RequestHash.of(full, request("/", Map.of()), CONNECTION).setCookie())
        .endsWith("; Max-Age=60; Path=/p; SameSite=Strict; HttpOnly");
  }

  @Test
  @DisplayName("traffic-policy §3: a new endpoint warms up")
  void endpoints_warm_up() {
    SlowStart linear = SlowStart.of(new Warmup(Duration.ofSeconds(10), 10, 1));
    assertThat(linear.factor(Duration.ZERO)).isEqualTo(0.1);
    assertThat(linear.factor(Duration.ofSeconds(5))).isEqualTo(0.5);
    assertThat(linear.factor(Duration.ofSeconds(11))).isEqualTo(1);
    SlowStart eager = SlowStart.of(new Warmup(Duration.ofSeconds(16), 10, 2));
    assertThat(eager.factor(Duration.ofSeconds(4))).isEqualTo(0.5);
  }
}
