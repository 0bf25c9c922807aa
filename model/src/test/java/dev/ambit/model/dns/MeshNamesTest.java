package dev.ambit.model.dns;

import static dev.ambit.model.Mesh.in;
import static dev.ambit.model.Mesh.key;
import static dev.ambit.model.Mesh.on;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.ServiceUnderTest.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.ServiceUnderTest;
import dev.ambit.model.dns.MeshNames.Family;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MeshNamesTest {
  private static final MeshNames NAMES = new MeshNames("cluster.local", "ns-preferred", true);
  private static final Workload CLIENT = client("ns1");
  private static final ServiceKey HEADLESS = key("ns1", "headless.ns1.svc.cluster.local");
  private static final ServiceKey SIX = key("ns1", "six.ns1.svc.cluster.local");
  private static final MeshView MESH =
      view(
          on1("ns1", "productpage.ns1.svc.cluster.local", "9.9.9.9"),
          on1("ns2", "example.ns2.svc.cluster.local", "10.10.10.10"),
          on1(
              "ns2",
              "details.ns2.svc.cluster.remote",
              "11.11.11.11",
              "12.12.12.12",
              "13.13.13.13",
              "14.14.14.14"),
          on1("ns1", "*.wildcard", "10.10.10.10"),
          on1("ns1", "*.b.wildcard", "11.11.11.11"),
          on1("ns1", "www.google.com", "1.1.1.1"),
          on1("ns1", "no-vip.example.com"),
          service(key("ns1", "block.example.com")).block("10.1.0.0/16").build(),
          onNetwork("nw2", "elsewhere.ns1.svc.cluster.local", "20.20.20.20"),
          both(),
          service(HEADLESS).build(),
          endpoint("one", HEADLESS, "30.30.30.30", "30.30.30.33", "2001:db8::30"),
          endpoint("two", HEADLESS, "31.31.31.31", "2001:db8::31"),
          service(SIX).build(),
          endpoint("three", SIX, "2001:db8::33"),
          sharing("ns-other", "preferred.io", false, "10.10.10.210"),
          sharing("ns-preferred", "preferred.io", false, "10.10.10.211"),
          sharing("ns-preferred", "everywhere.io", true, "10.10.10.110"),
          sharing("ns1", "everywhere.io", false, "10.10.10.112"),
          sharing("ns-preferred", "canonical.io", false, "10.10.10.140"),
          sharing("ns-third", "canonical.io", true, "10.10.10.141"),
          sharing("ns-third", "canonical.with.local", true, "10.10.10.151"),
          sharing("ns1", "canonical.with.local", false, "10.10.10.150"),
          renamed(service(key("ns2", "hidden.example.com")).ofNamespaceOnly(), "10.10.10.77"),
          renamed(
              service(key("ns1", "four.example.com")).families(Service.IpFamilies.IPV4_ONLY),
              "10.10.10.44",
              "2001:db8::44"));

  private static Workload client(String namespace) {
    return pod("client", "10.0.0.1").namespace(namespace).network("nw1").build();
  }

  private static Service on1(String namespace, String hostname, String... ips) {
    return renamed(service(key(namespace, hostname)), ips);
  }

  private static Service sharing(String namespace, String hostname, boolean canonical, String ip) {
    ServiceUnderTest service = service(key(namespace, hostname));
    return renamed(canonical ? service : service.notCanonical(), ip);
  }

  private static Service renamed(ServiceUnderTest service, String... ips) {
    return withAddresses(service.build(), Stream.of(ips).map(ip -> on("nw1", ip)).toList());
  }

  private static Service onNetwork(String network, String hostname, String ip) {
    return withAddresses(service(key("ns1", hostname)).build(), List.of(on(network, ip)));
  }

  private static Service both() {
    return withAddresses(
        service(key("ns1", "both.ns1.svc.cluster.local")).build(),
        List.of(on("nw1", "21.21.21.21"), on("nw2", "22.22.22.22")));
  }

  private static Service withAddresses(Service of, List<NetworkAddress> addresses) {
    return new Service(
        of.name(),
        of.key(),
        addresses,
        of.blocks(),
        of.ports(),
        of.subjectAltNames(),
        of.waypoint(),
        of.weightedWaypoints(),
        of.loadBalancing(),
        of.ipFamilies(),
        of.canonical(),
        of.ingressUseWaypoint(),
        of.visibility());
  }

  private static Workload endpoint(String name, ServiceKey service, String... ips) {
    return pod(name, ips).services(in(service)).build();
  }

  private static Resolution ask(Workload client, String name, Family family) {
    return NAMES.resolve(MESH, client, name, family, new SplittableRandom(7));
  }

  private static String text(Resolution resolution) {
    return switch (resolution) {
      case Resolution.Forward() -> "forward";
      case Resolution.Answer(_, String stripped, var addresses, _) ->
          (stripped.isEmpty() ? "" : stripped + " ")
              + String.join(" ", addresses.stream().map(IpAddresses::print).sorted().toList());
    };
  }

  @ParameterizedTest(name = "dns {0}: {1} {2} is {3}")
  @CsvSource(
      textBlock =
          """
          1,  productpage.ns1.svc.cluster.local.,     A,    9.9.9.9
          1,  productpage,                            A,    9.9.9.9
          1,  productpage.ns1,                        A,    9.9.9.9
          1,  productpage.ns1.svc,                    A,    9.9.9.9
          2,  PRODUCTPAGE.ns1,                        A,    9.9.9.9
          3,  example.ns2,                            A,    10.10.10.10
          3,  example,                                A,    forward
          4,  productpage.ns1.svc.cluster.local,      AAAA, ''
          5,  foo.wildcard,                           A,    10.10.10.10
          5,  a.b.wildcard,                           A,    11.11.11.11
          5,  b.wildcard,                             A,    10.10.10.10
          5,  wildcard,                               A,    forward
          6,  www.google.com.ns1.svc.cluster.local,   A,    www.google.com 1.1.1.1
          6,  www.google.com,                         A,    1.1.1.1
          7,  foo.wildcard.ns1.svc.cluster.local,     A,    10.10.10.10
          8,  www.google.com.ns2.svc.cluster.local,   A,    forward
          9,  elsewhere,                              A,    ''
          9,  both,                                   A,    21.21.21.21
          10, headless,                               A,    30.30.30.30 31.31.31.31
          10, headless,                               AAAA, 2001:db8::30 2001:db8::31
          10, six,                                    A,    ''
          10, six,                                    AAAA, 2001:db8::33
          11, no-vip.example.com,                     A,    forward
          11, block.example.com,                      A,    forward
          13, preferred.io,                           A,    10.10.10.211
          13, everywhere.io,                          A,    10.10.10.112
          13, canonical.io,                           A,    10.10.10.141
          13, canonical.with.local,                   A,    10.10.10.150
          14, hidden.example.com,                     A,    forward
          16, unknown.example.com,                    A,    forward
          20, four.example.com,                       A,    10.10.10.44
          20, four.example.com,                       AAAA, ''
          23, pod-0.headless.ns1.svc.cluster.local,   A,    forward
          """)
  void resolves(int vector, String name, String type, String expected) {
    Family family = type.equals("A") ? Family.IPV4 : Family.IPV6;
    assertThat(text(ask(CLIENT, name, family))).isEqualTo(expected);
  }

  @Test
  @DisplayName("dns 12: all four addresses, in an order that varies")
  void shuffles() {
    RandomGenerator random = new SplittableRandom(1);
    Set<List<String>> orders = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      Resolution got =
          NAMES.resolve(MESH, CLIENT, "details.ns2.svc.cluster.remote", Family.IPV4, random);
      orders.add(((Resolution.Answer) got).addresses().stream().map(IpAddresses::print).toList());
    }
    assertThat(orders)
        .hasSizeGreaterThan(1)
        .allSatisfy(order ->
            assertThat(order)
                .containsExactlyInAnyOrder(
                    "11.11.11.11", "12.12.12.12", "13.13.13.13", "14.14.14.14"));
  }

  @Test
  @DisplayName("dns 14: a service for its namespace only is answered there")
  void visible_at_home() {
    assertThat(text(ask(client("ns2"), "hidden.example.com", Family.IPV4)))
        .isEqualTo("10.10.10.77");
  }

  @Test
  @DisplayName("dns 20: without IPv6 no name of the mesh has an IPv6 address")
  void without_ipv6() {
    MeshNames four = new MeshNames("cluster.local", "", false);
    Resolution got = four.resolve(MESH, CLIENT, "headless", Family.IPV6, new SplittableRandom(1));
    assertThat(text(got)).isEmpty();
    assertThat(((Resolution.Answer) got).supported()).isFalse();
  }

  @Test
  @DisplayName("dns 6: each candidate once, in the order of the spec")
  void candidates() {
    assertThat(CandidateNames.of("a.b.ns1.svc.cluster.local", "ns1", "cluster.local"))
        .extracting(CandidateNames.Candidate::name)
        .containsExactly(
            "a.b.ns1.svc.cluster.local", "a.b", "a.b.svc.cluster.local", "a.b.ns1", "a.b.ns1.svc");
  }

  @Test
  void the_root_and_odd_names_are_left_to_others() {
    for (String name : List.of("", ".", "..", "a..b", "*", "*.com")) {
      assertThat(ask(CLIENT, name, Family.IPV4)).isEqualTo(new Resolution.Forward());
    }
  }
}
