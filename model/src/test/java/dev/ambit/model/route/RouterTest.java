package dev.ambit.model.route;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.gateway;
import static dev.ambit.model.Mesh.in;
import static dev.ambit.model.Mesh.ip;
import static dev.ambit.model.Mesh.key;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.ServiceUnderTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.LoadBalancing.Mode;
import dev.ambit.model.workload.LoadBalancing.Scope;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterTest {
  private static final Workload CLIENT = pod("client", "127.0.0.1", "fd00::1").build();
  private static final ServiceKey ECHO = key("ns", "echo.ns.svc.cluster.local");

  private final Random random = new Random(7);

  private Route route(MeshView view, String destination, int port) {
    return route(view, CLIENT, destination, port);
  }

  private Route route(MeshView view, Workload source, String destination, int port) {
    InetSocketAddress to = at(destination, port);
    return new Router("").route(view, source, source.addresses().getFirst(), to, random);
  }

  private static Set<SpiffeId> identities(String... accounts) {
    return java.util.Arrays.stream(accounts)
        .map(account -> new SpiffeId("cluster.local", "ns", account))
        .collect(java.util.stream.Collectors.toSet());
  }

  private static void assertRefused(Route route, Failure failure, String... words) {
    assertThat(route).isInstanceOf(Route.Refused.class);
    assertThat(((Route.Refused) route).failure()).isEqualTo(failure);
    assertThat(((Route.Refused) route).reason()).contains(words);
  }

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

  @ParameterizedTest(name = "hbone 12: {0} dialled by {1} reaches {2}")
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
  @DisplayName("hbone 13: another network without a gateway is refused")
  void refuses_another_network_without_gateway() {
    Workload far = pod("far", "10.9.0.1").network("net2").services(in(ECHO)).build();
    MeshView view = view(CLIENT, far, service(ECHO, "10.0.0.1").build());
    assertRefused(route(view, "10.0.0.1", 80), Failure.NO_GATEWAY, "net2");
  }

  private static final String FAR_NAME = "spiffe://cluster.local/ns/far/sa/far";

  private static Service far() {
    return service(key("ns", "example.com"), "10.0.0.9").names(FAR_NAME, "not-spiffe").build();
  }

  @Test
  @DisplayName("hbone 14: another network is reached by name through its gateway")
  void crosses_networks() {
    Workload gateway = pod("gateway", "10.22.1.1").network("net2").build();
    Workload remote =
        pod("remote")
            .network("net2")
            .services(in(key("ns", "example.com")))
            .networkGateway(gateway("net2", "10.22.1.1", 15009))
            .build();
    assertThat(route(view(CLIENT, gateway, remote, far()), "10.0.0.9", 80))
        .isEqualTo(
            new Route.DoubleTunnel(
                at("10.22.1.1", 15009),
                "example.com:80",
                identities("gateway"),
                Set.of(SpiffeId.parse(FAR_NAME).orElseThrow()),
                new Route.Target(far(), remote, false)));
  }

  @Test
  @DisplayName("hbone 15: a gateway by hostname maps its port")
  void finds_a_gateway_by_name() {
    ServiceKey eastWest = key("gw", "gateway.gw");
    MeshView view =
        view(
            CLIENT,
            pod("gateway", "10.22.1.1").network("net2").services(in(eastWest)),
            service(eastWest).ports(15009, 15008).build(),
            pod("remote")
                .network("net2")
                .services(in(key("ns", "example.com")))
                .networkGateway(gateway(eastWest, 15009)),
            far());
    assertThat(route(view, "10.0.0.9", 80))
        .isInstanceOfSatisfying(
            Route.DoubleTunnel.class,
            tunnel -> {
              assertThat(tunnel.nextHop()).isEqualTo(at("10.22.1.1", 15008));
              assertThat(tunnel.authority()).isEqualTo("example.com:80");
            });
  }

  @Test
  @DisplayName("hbone 16: when the local endpoint is unhealthy the remote one takes over")
  void fails_over_to_another_network() {
    Workload local = pod("local", "127.0.0.2").services(in(key("ns", "example.com"))).build();
    Service preferring =
        service(key("ns", "example.com"), "10.0.0.9").mode(Mode.FAILOVER, Scope.NETWORK).build();
    MeshView view =
        view(
            CLIENT,
            local,
            pod("gateway", "10.22.1.1").network("net2"),
            pod("remote")
                .network("net2")
                .services(in(key("ns", "example.com")))
                .networkGateway(gateway("net2", "10.22.1.1", 15009)),
            preferring);
    for (int i = 0; i < 20; i++) {
      assertThat(route(view, "10.0.0.9", 80)).isInstanceOf(Route.Tunnel.class);
    }
    MeshView sick =
        view.with(
            dev.ambit.model.Mesh.put(
                pod("local", "127.0.0.2")
                    .services(in(key("ns", "example.com")))
                    .status(Workload.Status.UNHEALTHY)));
    assertThat(route(sick, "10.0.0.9", 80)).isInstanceOf(Route.DoubleTunnel.class);
  }

  @Test
  @DisplayName("hbone 17: without names of the service nobody is accepted behind a gateway")
  void expects_only_service_names_behind_a_gateway() {
    Workload remote =
        pod("remote")
            .network("net2")
            .services(in(ECHO))
            .networkGateway(gateway("net2", "10.22.1.1", 15009))
            .build();
    MeshView view =
        view(
            CLIENT,
            pod("gateway", "10.22.1.1").network("net2"),
            remote,
            service(ECHO, "10.0.0.1").build());
    assertThat(route(view, "10.0.0.1", 80))
        .isInstanceOfSatisfying(
            Route.DoubleTunnel.class, tunnel -> assertThat(tunnel.peers()).isEmpty());
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

  @Test
  @DisplayName("workload-xds 22: a waypoint by hostname maps its port; a split is drawn by weight")
  void draws_weighted_waypoints() {
    ServiceKey primary = key("ns", "primary.ns");
    ServiceKey canary = key("ns", "canary.ns");
    MeshView view =
        view(
            CLIENT,
            service(primary).ports(15008, 15008).build(),
            service(canary).ports(15008, 15108).build(),
            pod("primary", "10.1.0.1").services(in(primary)),
            pod("canary", "10.1.0.2").services(in(canary)),
            service(ECHO, "10.0.0.1")
                .weighted(gateway(primary, 15008), 90)
                .weighted(gateway(canary, 15008), 10)
                .build());
    int canaries = 0;
    for (int i = 0; i < 10_000; i++) {
      Route.Tunnel tunnel = (Route.Tunnel) route(view, "10.0.0.1", 80);
      boolean isCanary = tunnel.nextHop().equals(at("10.1.0.2", 15108));
      assertThat(isCanary || tunnel.nextHop().equals(at("10.1.0.1", 15008))).isTrue();
      canaries += isCanary ? 1 : 0;
    }
    assertThat(canaries).isBetween(900, 1100);
  }

  @Test
  void expects_names_of_the_waypoint_service_too() {
    ServiceKey waypoints = key("ns", "waypoint.ns");
    MeshView view =
        view(
            CLIENT,
            service(waypoints)
                .ports(15008, 15008)
                .names("spiffe://cluster.local/ns/ns/sa/other")
                .build(),
            pod("waypoint", "10.1.0.1").services(in(waypoints)),
            service(ECHO, "10.0.0.1").waypoint(gateway(waypoints, 15008)).build());
    assertThat(((Route.Tunnel) route(view, "10.0.0.1", 80)).peers())
        .isEqualTo(identities("waypoint", "other"));
  }

  @Test
  void refuses_when_the_waypoint_is_unknown() {
    MeshView view =
        view(
            CLIENT,
            service(ECHO, "10.0.0.1").waypoint(gateway("", "10.1.0.1", 15008)).build(),
            pod("server", "127.0.0.2").waypoint(gateway(key("ns", "waypoint.ns"), 15008)));
    assertRefused(route(view, "10.0.0.1", 80), Failure.UNKNOWN_WAYPOINT, "10.1.0.1", "echo.ns");
    assertRefused(route(view, "127.0.0.2", 80), Failure.UNKNOWN_WAYPOINT, "ns/waypoint.ns");
  }

  @Test
  void reaches_a_remote_waypoint_through_its_gateway() {
    Workload waypoint =
        pod("waypoint", "10.1.0.1")
            .network("net2")
            .networkGateway(gateway("net2", "10.22.1.1", 15009))
            .build();
    MeshView view =
        view(
            CLIENT,
            waypoint,
            pod("gateway", "10.22.1.1").network("net2"),
            service(ECHO, "10.0.0.1").waypoint(gateway("net2", "10.1.0.1", 15008)).build());
    assertThat(route(view, "10.0.0.1", 80))
        .isInstanceOfSatisfying(
            Route.DoubleTunnel.class,
            tunnel -> assertThat(tunnel.authority()).isEqualTo("echo.ns.svc.cluster.local:80"));
  }

  @Test
  void resolves_a_workload_that_has_only_a_name() {
    Workload named =
        Workload.named("Kubernetes/networking.istio.io/ServiceEntry/ns/se/example.org")
            .name("se")
            .namespace("ns")
            .hostname("example.org")
            .services(in(ECHO))
            .build();
    Service echo = service(ECHO, "10.0.0.1").build();
    Route.ResolveName ask =
        new Route.ResolveName("example.org", 8080, new Route.Target(echo, named, false));
    assertThat(route(view(CLIENT, named, echo), "10.0.0.1", 80)).isEqualTo(ask);
    assertThat(Router.resolved(ask, ip("9.9.9.9")))
        .isEqualTo(new Route.Direct(at("9.9.9.9", 8080), ask.to()));
  }

  @Test
  void treats_mapped_addresses_as_ipv4() throws Exception {
    byte[] mapped = new byte[16];
    mapped[10] = -1;
    mapped[11] = -1;
    System.arraycopy(ip("127.0.0.2").getAddress(), 0, mapped, 12, 4);
    InetAddress six = java.net.Inet6Address.getByAddress(null, mapped, -1);
    MeshView view = view(CLIENT, pod("server", "127.0.0.2"));
    assertThat(
            new Router("")
                .route(view, CLIENT, ip("127.0.0.1"), new InetSocketAddress(six, 80), random))
        .isInstanceOfSatisfying(
            Route.Tunnel.class, tunnel -> assertThat(tunnel.authority()).isEqualTo("127.0.0.2:80"));
  }

  @Test
  void refuses_a_pod_without_an_identity() {
    Workload nobody = pod("nobody", "127.0.0.2").namespace("").build();
    assertRefused(route(view(CLIENT, nobody), "127.0.0.2", 80), Failure.TLS, "identity");
  }

  @Test
  void looks_services_up_on_the_network_of_the_client() {
    Workload client = pod("client", "127.0.0.1").network("net1").build();
    Workload server = pod("server", "127.0.0.2").network("net1").build();
    assertThat(
            new Router("net1")
                .route(view(client, server), client, ip("127.0.0.1"), at("127.0.0.2", 80), random))
        .isInstanceOf(Route.Tunnel.class);
    assertThat(route(view(CLIENT, server), "127.0.0.2", 80)).isInstanceOf(Route.Direct.class);
  }
}
