package dev.ambit.cli.dump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.cli.Terminal;
import dev.ambit.daemon.Json;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DumpReaderTest {
  private static final String EVERYTHING =
      """
      {"workloads": [{"uid": "u", "name": "n", "namespace": "ns", "network": "net1",
         "workloadIps": ["10.0.0.1"], "protocol": "TCP", "networkMode": "HostNetwork",
         "status": "Unhealthy", "nativeTunnel": true, "hostname": "h", "capacity": 3,
         "waypoint": {"destination": "net1/10.0.0.9", "hboneMtlsPort": 15009},
         "networkGateway": {"destination": "gw/gateway.gw"},
         "applicationTunnel": {"protocol": "PROXY", "port": 15088},
         "authorizationPolicies": ["ns/p"], "services": ["ns/s"]}],
       "services": [{"name": "s", "namespace": "ns", "hostname": "s", "ports": {},
         "cidrVips": [{"network": "net1", "cidr": "10.9.0.0/16"}], "visibility": "Namespace",
         "loadBalancer": {"routingPreferences": ["Network", "Zone"], "mode": "Failover",
           "healthPolicy": "AllowAll"}, "subjectAltNames": ["spiffe://x"],
         "weightedWaypoints": [
           {"destination": {"destination": "ns/w", "hboneMtlsPort": 15008}, "weight": 9},
           {"destination": "ns/c", "weight": 1}]},
         {"name": "t", "namespace": "ns", "hostname": "t", "ipFamilies": "IPv6",
          "loadBalancer": {"mode": "Standard", "healthPolicy": "OnlyHealthy"}}],
       "stagedServices": {"ns/later": {"u": {"workloadUid": "u", "port": {"80": 8080}}}},
       "policies": [{"name": "p", "namespace": "ns", "scope": "WorkloadSelector",
         "action": "Deny", "dryRun": true, "rules": [[[{
           "principals": [{"Exact": "a"}, {"Prefix": "b"}, {"Suffix": "c"}, {"Presence": []}],
           "sourceIps": ["10.0.0.0/8"], "notDestinationPorts": [80],
           "serviceAccounts": [{"namespace": "n", "serviceAccount": "s"}, "x/y"]}]]]}]}
      """;

  private static MeshView read(String json) {
    return DumpReader.read(Json.read(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void reads_what_istios_ztunnel_dumps() throws Exception {
    MeshView view = DumpReader.read(Terminal.dump("node-a"));
    ServiceKey echo = new ServiceKey("demo", "echo.demo.svc.cluster.local");
    assertThat(view.endpoints(echo))
        .extracting(Workload::name)
        .containsExactlyInAnyOrder("echo-a", "echo-b");
    Workload client = view.pod("demo", "client-a", "client").orElseThrow();
    assertThat(client.identity()).hasToString("spiffe://cluster.local/ns/demo/sa/client");
    assertThat(client.tunnel()).isEqualTo(Workload.Tunnel.HBONE);
    assertThat(client.node()).isEqualTo("node-a");
    assertThat(client.locality().zone()).isEqualTo("za");
    assertThat(client.type()).isEqualTo(Workload.Type.POD);
    Workload pod = view.workload("Kubernetes//Pod/demo/echo-a").orElseThrow();
    assertThat(pod.services().get(echo)).containsEntry(85, 8085).containsEntry(80, 8080);
    Service dual =
        view.serviceAt(new NetworkAddress("", InetAddress.ofLiteral("fd96::16")), "demo")
            .orElseThrow();
    assertThat(dual.name()).isEqualTo("dual");
    assertThat(dual.ipFamilies()).isEqualTo(Service.IpFamilies.DUAL);
    assertThat(dual.canonical()).isTrue();
    assertThat(dual.ports().get(85).targetPort()).isZero();
    assertThat(view.workloads()).hasSizeGreaterThan(10);
    assertThat(DumpReader.network(Terminal.dump("node-a"))).isEmpty();
  }

  @Test
  void reads_every_field() {
    MeshView view = read(EVERYTHING);
    Workload workload = view.workload("u").orElseThrow();
    assertThat(workload.networkMode()).isEqualTo(Workload.NetworkMode.HOST_NETWORK);
    assertThat(workload.status()).isEqualTo(Workload.Status.UNHEALTHY);
    assertThat(workload.waypoint())
        .isEqualTo(
            new GatewayAddress(
                new GatewayAddress.ByAddress(
                    new NetworkAddress("net1", InetAddress.ofLiteral("10.0.0.9"))),
                15009));
    assertThat(workload.networkGateway())
        .isEqualTo(
            new GatewayAddress(
                new GatewayAddress.ByHostname(new ServiceKey("gw", "gateway.gw")), 15008));
    assertThat(workload.services())
        .containsEntry(new ServiceKey("ns", "s"), Map.of())
        .containsEntry(new ServiceKey("ns", "later"), Map.of(80, 8080));
    Service service = view.service(new ServiceKey("ns", "s")).orElseThrow();
    assertThat(service.loadBalancing())
        .isEqualTo(
            new LoadBalancing(
                List.of(LoadBalancing.Scope.NETWORK, LoadBalancing.Scope.ZONE),
                LoadBalancing.Mode.FAILOVER,
                LoadBalancing.HealthPolicy.ALLOW_ALL));
    assertThat(service.weightedWaypoints())
        .extracting(share -> share.destination().destination() + " " + share.weight())
        .containsExactly("ns/w 9", "ns/c 1");
    assertThat(service.visibility()).isEqualTo(Service.Visibility.NAMESPACE);
    assertThat(view.service(new ServiceKey("ns", "t")).orElseThrow().loadBalancing())
        .isEqualTo(LoadBalancing.DEFAULT);
    Policy policy = view.policy(new PolicyKey("ns", "p")).orElseThrow();
    assertThat(policy.dryRun()).isTrue();
    Policy.Match match = policy.rules().getFirst().clauses().getFirst().matches().getFirst();
    assertThat(match.principals())
        .containsExactly(
            new StringMatch.Exact("a"),
            new StringMatch.Prefix("b"),
            new StringMatch.Suffix("c"),
            new StringMatch.Presence());
    assertThat(match.sourceIps()).containsExactly(Cidr.parse("10.0.0.0/8").orElseThrow());
    assertThat(match.notDestinationPorts()).containsExactly(80);
    assertThat(match.serviceAccounts())
        .containsExactly(new Policy.ServiceAccount("n", "s"), new Policy.ServiceAccount("x", "y"));
  }

  @Test
  void names_the_value_it_cannot_read() {
    assertThatThrownBy(() -> read("{\"workloads\": [{\"uid\": \"u\", \"status\": \"Odd\"}]}"))
        .hasMessage(
            "config_dump.workloads[0].status: got \"Odd\", expected one of [HEALTHY, UNHEALTHY]");
    assertThatThrownBy(() -> read("{\"workloads\": [{\"workloadIps\": [\"x\"]}]}"))
        .hasMessageContaining("workloadIps[0]: got \"x\", expected an IP address");
    assertThatThrownBy(() -> read("{\"policies\": [{\"rules\": [[[{\"principals\": [{}]}]]]}]}"))
        .hasMessageContaining("expected one of Exact, Prefix, Suffix, Presence");
  }
}
