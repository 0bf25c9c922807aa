package dev.ambit.model.route;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.gateway;
import static dev.ambit.model.Mesh.in;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.ServiceUnderTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.LoadBalancing.Mode;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterTest extends RouterFixture {
  @Test
  @DisplayName("hbone 1: an unknown destination is dialled as it is")
  void passes_the_unknown_through() {
    assertThat(route(view(CLIENT), "1.2.3.4", 80))
        .isEqualTo(new Route.Direct(at("1.2.3.4", 80), Route.Target.UNKNOWN));
  }

  @Test
  @DisplayName("hbone 2: a HBONE workload is reached through its port 15008")
  void tunnels_to_a_pod() {
    Workload server = pod("server", "127.0.0.2").build();
    assertThat(route(view(CLIENT, server), "127.0.0.2", 80))
        .isEqualTo(
            new Route.Tunnel(
                at("127.0.0.2", 15008),
                "127.0.0.2:80",
                identities("server"),
                new Route.Target(null, server, false)));
  }

  @Test
  @DisplayName("hbone 3: a workload without HBONE is dialled plainly")
  void dials_a_plain_pod() {
    Workload server = pod("server", "127.0.0.2").tunnel(Workload.Tunnel.NONE).build();
    assertThat(route(view(CLIENT, server), "127.0.0.2", 80))
        .isEqualTo(new Route.Direct(at("127.0.0.2", 80), new Route.Target(null, server, false)));
  }

  @ParameterizedTest(name = "hbone {0}: {1} goes to waypoint {2} with authority {3}")
  @CsvSource({"4, 127.0.0.2, 127.0.0.10, 127.0.0.2:80", "5, ff06::c3, 127.0.0.11, [ff06::c3]:80"})
  void sends_a_pod_through_its_waypoint(
      int number, String destination, String waypointIp, String authority) {
    Workload waypoint = pod("waypoint", waypointIp).build();
    Workload server = pod("server", destination).waypoint(gateway("", waypointIp, 15008)).build();
    assertThat(route(view(CLIENT, server, waypoint), destination, 80))
        .isEqualTo(
            new Route.Tunnel(
                at(waypointIp, 15008),
                authority,
                identities("waypoint"),
                new Route.Target(null, waypoint, true)));
  }

  @Test
  @DisplayName("hbone 6: a service with a waypoint goes there unresolved")
  void sends_a_service_through_its_waypoint() {
    Workload waypoint = pod("waypoint", "127.0.0.10").build();
    Service echo = service(ECHO, "10.0.0.1").waypoint(gateway("", "127.0.0.10", 15008)).build();
    assertThat(route(view(CLIENT, waypoint, echo), "10.0.0.1", 80))
        .isEqualTo(
            new Route.Tunnel(
                at("127.0.0.10", 15008),
                "10.0.0.1:80",
                identities("waypoint"),
                new Route.Target(echo, waypoint, true)));
  }

  @Test
  @DisplayName("hbone 7: the waypoint itself reaches the pod and the service directly")
  void lets_the_waypoint_through() {
    Workload waypoint = pod("waypoint", "127.0.0.10").build();
    Workload server =
        pod("server", "127.0.0.2")
            .services(in(ECHO))
            .waypoint(gateway("", "127.0.0.10", 15008))
            .build();
    Service echo = service(ECHO, "10.0.0.1").waypoint(gateway("", "127.0.0.10", 15008)).build();
    MeshView view = view(waypoint, server, echo);
    assertThat(route(view, waypoint, "127.0.0.2", 80))
        .isEqualTo(
            new Route.Tunnel(
                at("127.0.0.2", 15008),
                "127.0.0.2:80",
                identities("server"),
                new Route.Target(null, server, false)));
    assertThat(route(view, waypoint, "10.0.0.1", 80))
        .isEqualTo(
            new Route.Tunnel(
                at("127.0.0.2", 15008),
                "127.0.0.2:8080",
                identities("server"),
                new Route.Target(echo, server, false)));
  }

  @Test
  @DisplayName("hbone 8: a service without endpoints is refused, unless it is PASSTHROUGH")
  void refuses_an_empty_service() {
    assertRefused(
        route(view(CLIENT, service(ECHO, "10.0.0.1").build()), "10.0.0.1", 80),
        Failure.NO_HEALTHY_ENDPOINT,
        "none of 0 endpoints",
        "echo.ns.svc.cluster.local");
    Service passing = service(ECHO, "10.0.0.1").mode(Mode.PASSTHROUGH).build();
    assertThat(route(view(CLIENT, passing), "10.0.0.1", 80))
        .isEqualTo(new Route.Direct(at("10.0.0.1", 80), new Route.Target(passing, null, false)));
  }

  @Test
  void names_the_ports_of_a_service_that_lacks_the_one_dialled() {
    assertRefused(
        route(view(CLIENT, service(ECHO, "10.0.0.1").build()), "10.0.0.1", 81),
        Failure.NO_HEALTHY_ENDPOINT,
        "got 81, expected one of [80]");
  }

  @Test
  @DisplayName("hbone 9: PASSTHROUGH with a waypoint goes to the waypoint")
  void prefers_the_waypoint_to_passthrough() {
    Workload waypoint = pod("waypoint", "127.0.0.10").build();
    Service echo =
        service(ECHO, "10.0.0.1")
            .mode(Mode.PASSTHROUGH)
            .waypoint(gateway("", "127.0.0.10", 15008))
            .build();
    assertThat(route(view(CLIENT, waypoint, echo), "10.0.0.1", 80))
        .isInstanceOfSatisfying(
            Route.Tunnel.class,
            tunnel -> assertThat(tunnel.nextHop()).isEqualTo(at("127.0.0.10", 15008)));
  }

  @Test
  @DisplayName("hbone 10: a named port goes only to the pod that maps it")
  void follows_a_named_port() {
    MeshView view =
        view(
            CLIENT,
            service(ECHO, "10.0.0.1").ports(80, 0).build(),
            pod("a", "127.0.0.2").services(in(ECHO)),
            pod("b", "127.0.0.3").services(Map.of(ECHO, Map.of(80, 1234))));
    for (int i = 0; i < 50; i++) {
      assertThat(route(view, "10.0.0.1", 80))
          .isInstanceOfSatisfying(
              Route.Tunnel.class,
              tunnel -> assertThat(tunnel.authority()).isEqualTo("127.0.0.3:1234"));
    }
  }

  @Test
  @DisplayName("hbone 11: host-network pods are chosen by service, never found by the node's IP")
  void keeps_host_network_pods_apart() {
    Workload one =
        pod("one", "127.0.0.2")
            .networkMode(Workload.NetworkMode.HOST_NETWORK)
            .tunnel(Workload.Tunnel.NONE)
            .services(in(ECHO))
            .build();
    Workload two =
        pod("two", "127.0.0.2")
            .networkMode(Workload.NetworkMode.HOST_NETWORK)
            .services(in(ECHO))
            .build();
    MeshView view = view(CLIENT, one, two, service(ECHO, "10.0.0.1").build());
    assertThat(route(view, "127.0.0.2", 80))
        .isEqualTo(new Route.Direct(at("127.0.0.2", 80), Route.Target.UNKNOWN));
    Set<Class<?>> kinds = new java.util.HashSet<>();
    for (int i = 0; i < 100; i++) {
      kinds.add(route(view, "10.0.0.1", 80).getClass());
    }
    assertThat(kinds).containsExactlyInAnyOrder(Route.Direct.class, Route.Tunnel.class);
  }

  @ParameterizedTest(name = "hbone 12; workload-xds 23: {0} dialled by {1} reaches {2}")
  @CsvSource({
    "IPV6_ONLY, 10.0.0.1, [fd00::2]:8080",
    "IPV6_ONLY, fd01::1, [fd00::2]:8080",
    "IPV4_ONLY, 10.0.0.1, 127.0.0.2:8080",
    "IPV4_ONLY, fd01::1, 127.0.0.2:8080",
    "DUAL, 10.0.0.1, 127.0.0.2:8080",
    "DUAL, fd01::1, [fd00::2]:8080",
    "AUTOMATIC, fd01::1, [fd00::2]:8080"
  })
  void honours_ip_families(Service.IpFamilies families, String dialled, String authority) {
    MeshView view =
        view(
            CLIENT,
            pod("server", "127.0.0.2", "fd00::2").services(in(ECHO)),
            service(ECHO, "10.0.0.1", "fd01::1").families(families).build());
    assertThat(route(view, dialled, 80))
        .isInstanceOfSatisfying(
            Route.Tunnel.class, tunnel -> assertThat(tunnel.authority()).isEqualTo(authority));
  }

  @Test
  void does_not_choose_a_pod_without_an_address_of_the_family() {
    MeshView view =
        view(
            CLIENT,
            pod("four", "127.0.0.2").services(in(ECHO)),
            service(ECHO, "fd01::1").families(Service.IpFamilies.IPV6_ONLY).build());
    assertRefused(route(view, "fd01::1", 80), Failure.NO_HEALTHY_ENDPOINT, "none of 1 endpoints");
  }

  @Test
  @DisplayName("hbone 45: a pod reaches itself by its own service")
  void reaches_itself_by_service() {
    Workload self = pod("client", "127.0.0.1").services(in(ECHO)).build();
    MeshView view = view(self, service(ECHO, "10.0.0.1").build());
    assertThat(route(view, self, "10.0.0.1", 80))
        .isInstanceOfSatisfying(
            Route.Tunnel.class,
            tunnel -> {
              assertThat(tunnel.nextHop()).isEqualTo(at("127.0.0.1", 15008));
              assertThat(tunnel.authority()).isEqualTo("127.0.0.1:8080");
            });
  }

  @ParameterizedTest(name = "hbone 46: own port at {0} is refused")
  @ValueSource(strings = {"10.5.0.1", "fd00::7", "127.0.0.1", "::1"})
  void refuses_its_own_ports(String destination) {
    Workload self = pod("client", "10.5.0.1", "fd00::7").tunnel(Workload.Tunnel.NONE).build();
    for (int port : new int[] {15001, 15006, 15008}) {
      assertRefused(route(view(self), self, destination, port), Failure.OWN_PORT, "" + port);
    }
    assertThat(route(view(self), self, destination, 15021)).isInstanceOf(Route.Direct.class);
  }

  @Test
  void refuses_a_service_that_maps_to_an_own_port_of_the_client() {
    Workload self =
        pod("client", "10.5.0.1").tunnel(Workload.Tunnel.NONE).services(in(ECHO)).build();
    MeshView view = view(self, service(ECHO, "10.0.0.1").ports(80, 15001).build());
    assertRefused(route(view, self, "10.0.0.1", 80), Failure.OWN_PORT, "15001");
  }
}
