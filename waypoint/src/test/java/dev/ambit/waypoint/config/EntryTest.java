package dev.ambit.waypoint.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.RouteAction;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Services outside the cluster, and what TLS to them needs. */
final class EntryTest {
  private static final ServiceKey KEY = new ServiceKey("demo", "api.example.com");

  private static Service outside(List<NetworkAddress> addresses, LoadBalancing.Mode mode) {
    return new Service(
        "api",
        KEY,
        addresses,
        List.of(new Service.NetworkBlock("", Cidr.parse("10.50.0.0/16").orElseThrow())),
        Map.of(80, new ServicePort(80, 80, AppProtocol.HTTP11)),
        List.of(),
        Town.waypoint(),
        List.of(),
        new LoadBalancing(List.of(), mode, LoadBalancing.HealthPolicy.ALLOW_ALL),
        Service.IpFamilies.AUTOMATIC,
        false,
        false,
        Service.Visibility.PUBLIC);
  }

  private static Cluster behind(Snapshot snapshot, String dialled) {
    Destination asked = snapshot.destination(Town.authority(dialled)).orElseThrow();
    return snapshot.cluster(new RouteAction.Cluster(KEY, 80, ""), asked).orElseThrow();
  }

  @Test
  @DisplayName("waypoint-selection 19: resolution NONE goes on to where the client was going")
  void passthrough() {
    NetworkAddress exact = new NetworkAddress("", Town.ip("1.2.3.4"));
    Snapshot snapshot =
        new Town()
            .put(outside(List.of(exact), LoadBalancing.Mode.PASSTHROUGH))
            .with(
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: r, namespace: demo}
                spec:
                  parentRefs: [{group: networking.istio.io, kind: ServiceEntry, name: api}]
                  rules:
                  - matches: [{path: {type: Exact, value: /moved}}]
                    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]
                """);
    for (String dialled : List.of("1.2.3.4", "10.50.7.8")) {
      Cluster cluster = behind(snapshot, dialled + ":80");
      assertThat(cluster.endpoints()).hasSize(1);
      Cluster.Endpoint endpoint = cluster.endpoints().getFirst();
      assertThat(endpoint.workload().addresses()).containsExactly(InetAddress.ofLiteral(dialled));
      assertThat(endpoint.port()).isEqualTo(80);
      assertThat(endpoint.healthy()).isTrue();
    }
    Destination asked = snapshot.destination(Town.authority("1.2.3.4:80")).orElseThrow();
    assertThat(Town.chosen(asked, "/moved")).isEqualTo("302");
    assertThat(snapshot.destination(Town.authority("1.2.3.4:81"))).isEmpty();
    assertThat(behind(snapshot, "1.2.3.4:80").key())
        .isNotEqualTo(behind(snapshot, "10.50.7.8:80").key());
  }

  @Test
  @DisplayName("l7-authorization §1: a policy of a ServiceEntry holds for it")
  void policies() {
    Snapshot snapshot =
        new Town()
            .service("echo", 1)
            .put(outside(List.of(), LoadBalancing.Mode.UNSPECIFIED))
            .with(
                """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: none, namespace: demo}
                spec: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: api}]}
                """);
    assertThat(verdict(snapshot, "10.50.0.1:80")).isInstanceOf(Verdict.Denied.class);
    assertThat(verdict(snapshot, "10.96.0.1:80")).isInstanceOf(Verdict.Allowed.class);
  }

  private static Verdict verdict(Snapshot snapshot, String dialled) {
    return SnapshotTest.verdict(snapshot.destination(Town.authority(dialled)).orElseThrow());
  }

  @Test
  @DisplayName("traffic-policy §7: credentialName stands for what its Secret has")
  void credentials() {
    String rule =
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: d, namespace: demo}
        spec:
          host: api.example.com
          trafficPolicy: {tls: {mode: MUTUAL, credentialName: client, sni: api}}
        """;
    String secret =
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: client, namespace: %s}
        stringData: {tls.crt: chain, tls.key: hidden, ca.crt: roots}
        """;
    Town town = new Town().put(outside(List.of(), LoadBalancing.Mode.UNSPECIFIED));
    ClientTls tls = tls(town.with(rule, secret.formatted("demo")));
    assertThat(tls.clientCertificate()).isEqualTo("chain");
    assertThat(tls.privateKey()).isEqualTo("hidden");
    assertThat(tls.caCertificates()).isEqualTo("roots");
    assertThat(tls.sni()).isEqualTo("api");
    assertThat(tls.toString()).doesNotContain("hidden");
    assertThat(Town.objects(secret.formatted("demo")).toString()).doesNotContain("hidden");

    assertThat(tls(town.with(rule)).credentialName()).as("fails closed").isEqualTo("client");
    assertThat(tls(town.with(rule, secret.formatted("other"))).credentialName())
        .isEqualTo("client");
  }

  private static ClientTls tls(Snapshot snapshot) {
    return java.util.Objects.requireNonNull(
        behind(snapshot, "10.50.0.1:80").policy().policy().tls());
  }
}
