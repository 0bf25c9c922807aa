package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.StandIn;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.model.identity.SpiffeId;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The way of a connection through a waypoint as both ztunnels see it: from the client's to a pod of
 * the waypoint, and from there to the endpoint's. Real namespaces, daemons and certificates; the
 * waypoint itself is a stand-in.
 */
@Tag("kernel")
class WaypointPathTest {
  private static final String VIP = "10.96.211.80";
  private static final TestCa CA = TestCa.root("mesh root");
  private static final SpiffeId WAYPOINT = id("wp");
  private static final SpiffeId SERVER = id("server");

  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod server;
  private static StandIn waypoint;

  private static SpiffeId id(String account) {
    return new SpiffeId("cluster.local", "shop", account);
  }

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.network();
    mesh.given(CA.rootPem(), CA.keyPem());
    mesh.with("REQUIRE_WAYPOINT", "true");
    mesh.startAll();
    client = mesh.pod("shop", "client", "node-a");
    server = mesh.pod("shop", "server", "node-b");
    server.echoes(8080);
    mesh.enrols("shop");
    TestPod pod = mesh.pod("shop", "wp", "node-b");
    mesh.apply(
        "pod-shop-wp",
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: wp
          namespace: shop
          labels:
            istio.io/dataplane-mode: none
            gateway.networking.k8s.io/gateway-name: wp
            gateway.istio.io/managed: ambit.dev-waypoint
          annotations: {ambit.dev/netns: %s}
        spec: {nodeName: node-b, serviceAccountName: wp}
        status: {podIPs: [{ip: %s}]}
        """
            .formatted(pod.file(), pod.ipv4()));
    waypoint = new StandIn(pod, CA.workload(WAYPOINT), new StandIn.Endpoint(server, 8080, SERVER));
    // Its own Service, as the owner of a Gateway may name one.
    mesh.apply(
        "gateway",
        service(
                "wp-service",
                "10.96.211.15",
                15008,
                "",
                "gateway.networking.k8s.io/gateway-name: wp")
            + "---\n"
            + """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: wp, namespace: shop}
            spec:
              gatewayClassName: ambit-waypoint
              addresses: [{type: Hostname, value: wp-service}]
              listeners: [{name: mesh, port: 15008, protocol: HBONE}]
            """);
    mesh.apply(
        "web", service("web", VIP, 80, ", labels: {istio.io/use-waypoint: wp}", "app: server"));
    Until.holds("bound", () -> mesh.controllerPage("/conditions").contains("WaypointAccepted"));
    for (String node : new String[] {"node-a", "node-b"}) {
      mesh.awaitPolicy("shop", "ambit_require_waypoint_shop_wp");
      assertThat(node).isNotEmpty();
    }
  }

  private static String service(String name, String ip, int port, String marks, String selector) {
    return """
    apiVersion: v1
    kind: Service
    metadata: {name: %s, namespace: shop%s}
    spec:
      clusterIP: %s
      selector: {%s}
      ports: [{name: main, port: %d, targetPort: %d}]
    """
        .formatted(name, marks, ip, selector, port, port == 80 ? 8080 : port);
  }

  @AfterAll
  static void end() throws Exception {
    if (waypoint != null) {
      waypoint.close();
    }
    if (mesh != null) {
      mesh.close();
    }
  }

  @Test
  @DisplayName("hbone 6: a service address goes to its waypoint, by that address and as the client")
  void through_the_waypoint() throws Exception {
    Until.holds(
        "the waypoint is used",
        () -> mesh.logged("error").toString(),
        () -> {
          waypoint.asked.clear();
          return client.reaches(VIP, 80) && !waypoint.asked.isEmpty();
        });
    waypoint.asked.clear();
    mesh.forgetLog();
    try (Talk talk = client.connects(VIP, 80)) {
      assertThat(talk.echoes("hello")).isTrue();
      assertThat(waypoint.asked.poll(5, TimeUnit.SECONDS))
          .isEqualTo(id("client") + " " + VIP + ":80");
    }
    Until.holds(
        "both ends say who it was",
        () -> mesh.logged("access").toString(),
        () ->
            !mesh.logged("direction=\"inbound\"", "src.identity=\"" + WAYPOINT + "\"").isEmpty()
                && !mesh.logged("direction=\"outbound\"", "dst.identity=\"" + WAYPOINT + "\"")
                    .isEmpty());
  }

  @Test
  @DisplayName("threat-model D9: the pod behind it is reached by the waypoint only")
  void not_past_it() throws Exception {
    Until.holds("closed", () -> !client.reaches(server, 8080));
    assertThat(client.reaches(VIP, 80)).isTrue();
    mesh.apply(
        "allow",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: all, namespace: shop}
        spec: {action: ALLOW, rules: [{}]}
        """);
    mesh.awaitPolicy("shop", "all");
    assertThat(client.reaches(server, 8080)).as("with a policy that allows everybody").isFalse();
    assertThat(client.reaches(VIP, 80)).isTrue();
  }
}
