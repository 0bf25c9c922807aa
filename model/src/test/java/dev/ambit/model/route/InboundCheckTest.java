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
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.route.InboundCheck.Answer;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.ApplicationTunnel.Protocol;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InboundCheckTest {
  private static final ServiceKey ECHO = key("ns", "server.default.svc.cluster.local");
  private static final ServiceKey WAYPOINTS = key("ns", "waypoint.ns");
  private static final ApplicationTunnel PROXY = new ApplicationTunnel(Protocol.PROXY, 15088);

  private final InboundCheck check = new InboundCheck("");

  private Answer check(MeshView view, Workload local, String authority) {
    return check.check(view, local, local.addresses().getFirst(), authority);
  }

  private static Answer dial(String ip, int port) {
    return new Answer.Dial(at(ip, port), at(ip, port), null);
  }

  private static void assertRefused(Answer answer, Failure failure, String words) {
    assertThat(answer).isInstanceOf(Answer.Refuse.class);
    assertThat(((Answer.Refuse) answer).failure()).isEqualTo(failure);
    assertThat(((Answer.Refuse) answer).reason()).contains(words);
  }

  @Test
  @DisplayName("hbone 18: the own address is served")
  void serves_its_own_address() {
    Workload server = pod("server", "10.0.0.2").build();
    assertThat(check(view(server), server, "10.0.0.2:8080")).isEqualTo(dial("10.0.0.2", 8080));
  }

  @Test
  void serves_its_own_ipv6_address() {
    Workload server = pod("server", "fd00::2").build();
    assertThat(check(view(server), server, "[fd00::2]:8080")).isEqualTo(dial("fd00::2", 8080));
  }

  @Test
  @DisplayName("hbone 19: a hostname is served at the port the service maps")
  void serves_a_hostname() {
    Workload server = pod("server", "10.0.0.2").services(in(ECHO)).build();
    MeshView view = view(server, service(ECHO).ports(80, 8080).build());
    assertThat(check(view, server, ECHO.hostname() + ":80")).isEqualTo(dial("10.0.0.2", 8080));
  }

  @Test
  void refuses_an_unknown_hostname_or_port() {
    Workload server = pod("server", "10.0.0.2").services(in(ECHO)).build();
    MeshView view = view(server, service(ECHO).ports(80, 0).build());
    assertRefused(
        check(view, server, "nobody.example:80"), Failure.UNKNOWN_DESTINATION, "nobody.example");
    assertRefused(check(view, server, ECHO.hostname() + ":81"), Failure.UNKNOWN_DESTINATION, "81");
    assertRefused(check(view, server, ECHO.hostname() + ":80"), Failure.UNKNOWN_DESTINATION, "80");
  }

  @Test
  @DisplayName("hbone 19: a hostname that only another namespace sees is unknown")
  void applies_visibility() {
    Workload server = pod("server", "10.0.0.2").services(in(ECHO)).build();
    ServiceKey hidden = key("other", "hidden");
    MeshView view = view(server, service(hidden).ofNamespaceOnly().build());
    assertRefused(check(view, server, "hidden:80"), Failure.UNKNOWN_DESTINATION, "hidden");
  }

  private static WorkloadBuilder waypoint() {
    return pod("waypoint", "10.0.0.3").services(in(WAYPOINTS));
  }

  private static MeshView behind(GatewayAddress reference, Workload waypoint) {
    return view(
        waypoint,
        service(WAYPOINTS, "10.10.0.99").ports(15008, 15008).build(),
        pod("server", "10.0.0.2").waypoint(reference),
        service(ECHO, "10.10.0.1").waypoint(reference).build(),
        pod("free", "10.0.0.9"),
        service(key("ns", "free"), "10.10.0.9").build());
  }

  @ParameterizedTest(name = "hbone 20: the waypoint referenced by {1} serves {0}")
  @CsvSource({
    "10.0.0.2:80, pod",
    "10.10.0.1:80, pod",
    "10.0.0.2:80, vip",
    "10.10.0.1:80, vip",
    "10.0.0.2:80, name",
    "10.10.0.1:80, name"
  })
  void serves_what_it_is_the_waypoint_of(String authority, String reference) {
    GatewayAddress gateway =
        switch (reference) {
          case "pod" -> gateway("", "10.0.0.3", 15008);
          case "vip" -> gateway("", "10.10.0.99", 15008);
          default -> gateway(WAYPOINTS, 15008);
        };
    Workload waypoint = waypoint().build();
    String port = authority.substring(authority.lastIndexOf(':') + 1);
    assertThat(check(behind(gateway, waypoint), waypoint, authority))
        .isEqualTo(dial("10.0.0.3", Integer.parseInt(port)));
  }

  @Test
  @DisplayName("hbone 20: an application tunnel leads to its own port, on loopback for PROXY")
  void follows_the_application_tunnel() {
    Workload waypoint = waypoint().applicationTunnel(PROXY).build();
    MeshView view = behind(gateway("", "10.0.0.3", 15008), waypoint);
    assertThat(check(view, waypoint, "10.10.0.1:80"))
        .isEqualTo(new Answer.Dial(at("10.0.0.3", 15088), at("127.0.0.1", 15088), PROXY));
    assertThat(
            new InboundCheck("", InboundCheck.TunnelTo.POD_IP)
                .check(view, waypoint, ip("10.0.0.3"), "10.10.0.1:80"))
        .isEqualTo(new Answer.Dial(at("10.0.0.3", 15088), at("10.0.0.3", 15088), PROXY));
    assertThat(check.proxyDestination(view, waypoint, "10.10.0.1:80"))
        .hasValue(at("10.10.0.1", 80));
    assertThat(check.proxyDestination(view, waypoint, ECHO.hostname() + ":80"))
        .hasValue(at("10.10.0.1", 80));
  }

  @Test
  void keeps_the_family_and_the_port_of_an_application_tunnel() {
    ApplicationTunnel noPort = new ApplicationTunnel(Protocol.PROXY, 0);
    Workload six = pod("six", "fd00::3").applicationTunnel(noPort).build();
    assertThat(check(view(six), six, "[fd00::9]:80"))
        .isEqualTo(new Answer.Dial(at("fd00::3", 80), at("::1", 80), noPort));
    Workload raw =
        pod("raw", "10.0.0.3")
            .applicationTunnel(new ApplicationTunnel(Protocol.NONE, 9000))
            .build();
    assertThat(check(view(raw), raw, "10.0.0.9:80")).isEqualTo(dial("10.0.0.3", 9000));
  }

  @Test
  void prefers_a_virtual_ip_of_its_network() {
    Service service =
        new Service(
            "s",
            key("ns", "many"),
            List.of(
                new dev.ambit.model.workload.NetworkAddress("other", ip("10.10.0.2")),
                new dev.ambit.model.workload.NetworkAddress("", ip("fd10::1")),
                new dev.ambit.model.workload.NetworkAddress("", ip("10.10.0.1"))),
            List.of(),
            dev.ambit.model.Mesh.ports(80, 80),
            List.of(),
            null,
            List.of(),
            dev.ambit.model.workload.LoadBalancing.DEFAULT,
            Service.IpFamilies.AUTOMATIC,
            true,
            false,
            Service.Visibility.PUBLIC);
    Workload local = pod("w", "10.0.0.3").build();
    assertThat(check.proxyDestination(view(service), local, "many:80"))
        .hasValue(at("10.10.0.1", 80));
  }

  @ParameterizedTest(name = "hbone 21: unrelated authority {0} is refused with 400")
  @ValueSource(strings = {"10.0.0.9:80", "10.10.0.9:80", "9.9.9.9:80", "[fd00::9]:80"})
  void refuses_unrelated_addresses(String authority) {
    Workload waypoint = waypoint().build();
    Answer answer = check(behind(gateway("", "10.0.0.3", 15008), waypoint), waypoint, authority);
    assertRefused(answer, Failure.WRONG_DESTINATION, "ip mismatch: 10.0.0.3 != ");
    assertThat(((Answer.Refuse) answer).failure().status()).isEqualTo(400);
  }

  @Test
  @DisplayName("hbone 22: a waypoint of the workload only does not serve the service, or reverse")
  void tells_workload_and_service_waypoints_apart() {
    Workload waypoint = waypoint().build();
    GatewayAddress reference = gateway("", "10.0.0.3", 15008);
    MeshView workloadOnly =
        view(
            waypoint,
            pod("server", "10.0.0.2").services(in(ECHO)).waypoint(reference),
            service(ECHO, "10.10.0.1").build());
    assertRefused(
        check(workloadOnly, waypoint, "10.10.0.1:80"), Failure.WRONG_DESTINATION, "10.10.0.1");
    MeshView serviceOnly =
        view(
            waypoint,
            pod("server", "10.0.0.2").services(in(ECHO)),
            service(ECHO, "10.10.0.1").waypoint(reference).build());
    assertRefused(
        check(serviceOnly, waypoint, "10.0.0.2:80"), Failure.WRONG_DESTINATION, "10.0.0.2");
  }

  @ParameterizedTest(name = "hbone 23: authority {0} is refused with 400")
  @NullSource
  @ValueSource(
      strings = {
        "foo",
        "",
        ":80",
        "foo:",
        "foo:0",
        "foo:65536",
        "foo:8x",
        "a b:80",
        "[foo]:80",
        "fd00::2:80",
        "user@10.0.0.2:80",
        "[10.0.0.2]:80",
        "10.0.0.2:080808",
        "foo:-1"
      })
  void refuses_what_is_no_authority(String authority) {
    Workload server = pod("server", "10.0.0.2").build();
    Answer answer = check(view(server), server, authority);
    assertRefused(answer, Failure.BAD_REQUEST, "expected host:port");
    assertThat(((Answer.Refuse) answer).failure().status()).isEqualTo(400);
  }

  @ParameterizedTest(name = "hbone 24: own port {0} is refused with 503")
  @ValueSource(ints = {15001, 15006, 15008})
  void refuses_its_own_ports(int port) {
    Workload server = pod("server", "10.0.0.2").services(in(ECHO)).build();
    MeshView view = view(server, service(ECHO).ports(80, port).build());
    Answer answer = check(view, server, "10.0.0.2:" + port);
    assertRefused(answer, Failure.OWN_PORT, "" + port);
    assertThat(((Answer.Refuse) answer).failure().status()).isEqualTo(503);
    assertRefused(check(view, server, ECHO.hostname() + ":80"), Failure.OWN_PORT, "" + port);
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.2:80", "[fd00::2]:80", "[::1]:65535", "a.b-c_d:1"})
  void prints_what_it_parsed(String text) {
    assertThat(Authority.parse(text)).map(Authority::toString).hasValue(text);
  }
}
