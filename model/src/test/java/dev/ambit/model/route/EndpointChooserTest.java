package dev.ambit.model.route;

import static dev.ambit.model.Mesh.gateway;
import static dev.ambit.model.Mesh.in;
import static dev.ambit.model.Mesh.key;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.ServiceUnderTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.route.EndpointChooser.Choice;
import dev.ambit.model.route.EndpointChooser.Purpose;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.LoadBalancing.Mode;
import dev.ambit.model.workload.LoadBalancing.Scope;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class EndpointChooserTest {
  private static final ServiceKey ECHO = key("ns", "echo.ns");

  private final Random random = new Random(11);

  private static WorkloadBuilder endpoint(String name, String locality) {
    String[] parts = (locality + "///").split("/", -1);
    return pod(name, "10.0.0.1")
        .services(in(ECHO))
        .locality(new Locality(parts[0], parts[1], parts[2]));
  }

  private static final Workload CLIENT =
      endpoint("client", "r/z/s").node("node-a").clusterId("c1").network("net1").build();

  private Optional<Choice> choose(Service service, Workload... endpoints) {
    return EndpointChooser.choose(
        List.of(endpoints),
        new EndpointChooser.Target(service, 80),
        CLIENT,
        Purpose.APPLICATION,
        random);
  }

  private Set<String> chosen(Service service, Workload... endpoints) {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 300; i++) {
      choose(service, endpoints).ifPresent(choice -> names.add(choice.workload().name()));
    }
    return names;
  }

  @Test
  @DisplayName("workload-xds 10: STRICT [NODE] without an endpoint on the node finds none")
  void is_strict() {
    Service strict = service(ECHO).mode(Mode.STRICT, Scope.NODE).build();
    Workload there = endpoint("there", "r/z").node("node-b").build();
    Workload here = endpoint("here", "x/y").node("node-a").build();
    assertThat(choose(strict, there)).isEmpty();
    assertThat(chosen(strict, there, here)).containsExactly("here");
  }

  @Test
  @DisplayName("workload-xds 10: anything of the own network outranks anything remote")
  void prefers_the_own_network() {
    Service service =
        service(ECHO).mode(Mode.FAILOVER, Scope.NETWORK, Scope.REGION, Scope.ZONE).build();
    Workload remote =
        endpoint("remote", "r/z")
            .network("net2")
            .networkGateway(gateway("net2", "10.1.1.1", 15008))
            .build();
    Workload elsewhere = endpoint("elsewhere", "other/other").network("net1").build();
    assertThat(chosen(service, remote, elsewhere)).containsExactly("elsewhere");
    assertThat(chosen(service, remote)).containsExactly("remote");
  }

  @Test
  @DisplayName("workload-xds §7: [NETWORK, REGION, ZONE] ranks 5, 4, 3 local and 2, 1, 0 remote")
  void ranks_networks_first() {
    Service service =
        service(ECHO).mode(Mode.FAILOVER, Scope.NETWORK, Scope.REGION, Scope.ZONE).build();
    List<Workload> best =
        new ArrayList<>(
            List.of(
                endpoint("5", "r/z").network("net1").build(),
                endpoint("4", "r/y").network("net1").build(),
                endpoint("3", "q/z").network("net1").build(),
                endpoint("2", "r/z").network("net2").build(),
                endpoint("1", "r/y").network("net2").build(),
                endpoint("0", "q/y").network("net2").build()));
    while (!best.isEmpty()) {
      assertThat(chosen(service, best.toArray(Workload[]::new)))
          .containsExactly(best.getFirst().name());
      best.removeFirst();
    }
  }

  @Test
  @DisplayName("workload-xds 11: FAILOVER [REGION, ZONE] moves on only when the best is gone")
  void fails_over() {
    Service service = service(ECHO).mode(Mode.FAILOVER, Scope.REGION, Scope.ZONE).build();
    Workload zone = endpoint("zone", "r/z").build();
    Workload region = endpoint("region", "r/y").build();
    Workload other = endpoint("other", "q/z").build();
    assertThat(chosen(service, other, region, zone)).containsExactly("zone");
    assertThat(chosen(service, other, region)).containsExactly("region");
    assertThat(chosen(service, other)).containsExactly("other");
  }

  @Test
  void uses_all_without_a_preference() {
    Workload one = endpoint("one", "r/z").build();
    Workload two = endpoint("two", "q/y").build();
    assertThat(chosen(service(ECHO).build(), one, two)).containsExactly("one", "two");
  }

  @Test
  @DisplayName("workload-xds 12: draws follow capacity, and 0 is never drawn")
  void draws_by_capacity() {
    Workload three = endpoint("three", "").capacity(3).build();
    Workload one = endpoint("one", "").capacity(1).build();
    Workload none = endpoint("none", "").capacity(0).build();
    int threes = 0;
    for (int i = 0; i < 4_000; i++) {
      String name = choose(service(ECHO).build(), three, none, one).orElseThrow().workload().name();
      assertThat(name).isNotEqualTo("none");
      threes += name.equals("three") ? 1 : 0;
    }
    assertThat(threes).isBetween(2_850, 3_150);
    assertThat(choose(service(ECHO).build(), none)).isEmpty();
  }

  @Test
  @DisplayName("workload-xds §7 (gap): capacity 0 does not win the ranking")
  void leaves_capacity_0_out_of_the_ranking() {
    Service service = service(ECHO).mode(Mode.FAILOVER, Scope.REGION).build();
    Workload closed = endpoint("closed", "r/z").capacity(0).build();
    Workload open = endpoint("open", "q/z").build();
    assertThat(chosen(service, closed, open)).containsExactly("open");
  }

  @Test
  @DisplayName("workload-xds 13: a named port needs an endpoint that maps it")
  void needs_a_mapped_port() {
    Service named = service(ECHO).ports(80, 0).build();
    Workload plain = endpoint("plain", "").build();
    Workload mapping = endpoint("mapping", "").services(Map.of(ECHO, Map.of(80, 1234))).build();
    assertThat(choose(named, plain)).isEmpty();
    assertThat(choose(named, plain, mapping)).hasValue(new Choice(mapping, 1234));
    assertThat(choose(service(ECHO).ports(81, 81).build(), mapping)).isEmpty();
  }

  @Test
  void prefers_the_mapping_of_the_endpoint() {
    Workload mapping = endpoint("mapping", "").services(Map.of(ECHO, Map.of(80, 1234))).build();
    assertThat(choose(service(ECHO).ports(80, 8080).build(), mapping))
        .hasValue(new Choice(mapping, 1234));
  }

  @Test
  void takes_a_gateway_by_its_application_tunnel() {
    Workload waypoint =
        endpoint("waypoint", "")
            .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088))
            .build();
    Service without = service(ECHO).ports().build();
    EndpointChooser.Target target = new EndpointChooser.Target(without, 15008);
    assertThat(EndpointChooser.choose(List.of(waypoint), target, CLIENT, Purpose.GATEWAY, random))
        .hasValue(new Choice(waypoint, 15008));
    assertThat(
            EndpointChooser.choose(List.of(waypoint), target, CLIENT, Purpose.APPLICATION, random))
        .isEmpty();
  }

  @Test
  void needs_an_address_a_name_or_a_gateway() {
    Workload nowhere = endpoint("nowhere", "").addresses(List.of()).network("net1").build();
    Workload named = endpoint("named", "").addresses(List.of()).hostname("example.org").build();
    assertThat(choose(service(ECHO).build(), nowhere)).isEmpty();
    assertThat(chosen(service(ECHO).build(), nowhere, named)).containsExactly("named");
  }

  @Test
  void compares_one_field_per_scope() {
    for (Scope scope : Scope.values()) {
      Service strict = service(ECHO).mode(Mode.STRICT, scope).build();
      Workload same =
          endpoint("same", "r/z/s").node("node-a").clusterId("c1").network("net1").build();
      Workload other =
          endpoint("other", "q/y/t").node("node-b").clusterId("c2").network("net2").build();
      assertThat(chosen(strict, same, other)).as(scope.name()).containsExactly("same");
    }
    assertThat(Arrays.asList(Scope.values())).hasSize(6);
  }
}
