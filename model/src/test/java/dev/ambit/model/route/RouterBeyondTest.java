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
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Routes that leave through a waypoint, a gateway or another network. */
final class RouterBeyondTest extends RouterFixture {
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
