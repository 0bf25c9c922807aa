package dev.ambit.controller.xds.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.controller.xds.EncodedResource;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.model.hash.XxHash64;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.WeightedWaypoint;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.workload.Address;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EncodingTest {
  @ParameterizedTest
  @CsvSource({
    "'',ef46db3751d8e999",
    "a,d24ec4f1a98c6e5b",
    "abc,44bc2cf5ad770999",
    "'message digest',66ed728fceeb3be",
    "abcdefghijklmnopqrstuvwxyz,cfe1f278fa89835c",
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890,"
        + "e04a477f19ee145d"
  })
  void hashes_as_xxh64(String text, String expected) {
    assertThat(Long.toHexString(XxHash64.of(text.getBytes(StandardCharsets.US_ASCII))))
        .isEqualTo(expected);
  }

  @ParameterizedTest(name = "with aliases: {0}")
  @ValueSource(booleans = {false, true})
  void a_response_around_shared_bytes_is_an_ordinary_message(boolean aliases) throws Exception {
    EncodedResource resource =
        new WireEncoder().encode(Mesh.workload("p", "10.0.0.1", "node-a", Mesh.key("echo")));
    DeltaResponse response =
        new DeltaResponse(
            ResourceType.ADDRESS.url(),
            "7",
            "n1",
            List.of(resource, resource),
            aliases,
            List.of("gone", "gone too"));
    InputStream stream = new ResponseMarshaller().stream(response);
    assertThat(stream).isInstanceOf(KnownLength.class);
    int announced = stream.available();
    ByteArrayOutputStream drained = new ByteArrayOutputStream();
    assertThat(((Drainable) stream).drainTo(drained)).isEqualTo(announced);
    assertThat(drained.size()).isEqualTo(announced);
    assertThat(stream.available()).isZero();
    assertThat(new ResponseMarshaller().stream(response).readAllBytes())
        .isEqualTo(drained.toByteArray());
    DeltaDiscoveryResponse read = DeltaDiscoveryResponse.parseFrom(drained.toByteArray());
    assertThat(read.getSystemVersionInfo()).isEqualTo("7");
    assertThat(read.getNonce()).isEqualTo("n1");
    assertThat(read.getTypeUrl()).isEqualTo(ResourceType.ADDRESS.url());
    assertThat(read.getRemovedResourcesList()).containsExactly("gone", "gone too");
    assertThat(read.getResourcesList()).hasSize(2);
    assertThat(read.getResources(0).getName()).isEqualTo(Mesh.uid("p"));
    assertThat(read.getResources(0).getVersion()).isEqualTo(resource.version());
    assertThat(read.getResources(0).getAliasesList())
        .isEqualTo(aliases ? List.of("/10.0.0.1") : List.of());
    assertThat(read.getUnknownFields().asMap()).isEmpty();
  }

  @Test
  void the_same_workload_is_always_the_same_bytes() {
    WireEncoder encoder = new WireEncoder();
    Workload one = Mesh.workload("p", "10.0.0.1", "n", Mesh.key("a"), Mesh.key("b"), Mesh.key("c"));
    Workload other =
        Mesh.workload("p", "10.0.0.1", "n", Mesh.key("c"), Mesh.key("a"), Mesh.key("b"));
    assertThat(encoder.encode(one).hash()).isEqualTo(encoder.encode(other).hash());
  }

  @Test
  void every_field_of_a_workload_finds_its_place() {
    Workload workload =
        Workload.named("uid")
            .name("n")
            .namespace("ns")
            .serviceAccount("sa")
            .trustDomain("td")
            .network("net")
            .hostname("host")
            .tunnel(Workload.Tunnel.HBONE)
            .nativeTunnel(true)
            .networkMode(Workload.NetworkMode.HOST_NETWORK)
            .status(Workload.Status.UNHEALTHY)
            .type(Workload.Type.JOB)
            .waypoint(new GatewayAddress(new GatewayAddress.ByHostname(Mesh.key("wp")), 15008))
            .networkGateway(
                new GatewayAddress(
                    new GatewayAddress.ByAddress(
                        new NetworkAddress("net", InetAddress.ofLiteral("1.2.3.4"))),
                    15009))
            .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088))
            .policies(List.of("a/b"))
            .capacity(0)
            .build();
    var wire = AddressEncoder.encode(workload).getWorkload();
    assertThat(wire.getTrustDomain()).isEqualTo("td");
    assertThat(wire.getHostname()).isEqualTo("host");
    assertThat(wire.getNativeTunnel()).isTrue();
    assertThat(wire.getNetworkModeValue()).isEqualTo(1);
    assertThat(wire.getStatusValue()).isEqualTo(1);
    assertThat(wire.getWorkloadTypeValue()).isEqualTo(3);
    assertThat(wire.getWaypoint().getHostname().getHostname()).startsWith("wp.");
    assertThat(wire.getWaypoint().getHboneMtlsPort()).isEqualTo(15008);
    assertThat(wire.getNetworkGateway().getAddress().getAddress().toByteArray())
        .containsExactly(1, 2, 3, 4);
    assertThat(wire.getApplicationTunnel().getPort()).isEqualTo(15088);
    assertThat(wire.getAuthorizationPoliciesList()).containsExactly("a/b");
    assertThat(wire.hasCapacity()).isTrue();
    assertThat(wire.getCapacity().getValue()).isZero();
    assertThat(new WireEncoder().encode(workload).aliases()).isEmpty();
  }

  @Test
  void every_field_of_a_service_finds_its_place() {
    GatewayAddress waypoint =
        new GatewayAddress(new GatewayAddress.ByHostname(Mesh.key("wp")), 15008);
    Service service =
        new Service(
            "s",
            Mesh.key("s"),
            List.of(),
            List.of(
                new Service.NetworkBlock(
                    "net",
                    new dev.ambit.model.workload.Cidr(InetAddress.ofLiteral("10.0.0.0"), 8))),
            Map.of(
                81, new ServicePort(81, 0, ServicePort.AppProtocol.GRPC),
                80, new ServicePort(80, 8080, ServicePort.AppProtocol.HTTP2)),
            List.of("spiffe://x"),
            waypoint,
            List.of(new WeightedWaypoint(waypoint, 90)),
            new LoadBalancing(
                List.of(LoadBalancing.Scope.NODE),
                LoadBalancing.Mode.STRICT,
                LoadBalancing.HealthPolicy.ALLOW_ALL),
            Service.IpFamilies.DUAL,
            false,
            true,
            Service.Visibility.NAMESPACE);
    Address wire = AddressEncoder.encode(service);
    assertThat(wire.getService().getAddresses(0).getLength()).isEqualTo(8);
    assertThat(wire.getService().getPorts(0).getServicePort()).isEqualTo(80);
    assertThat(wire.getService().getPorts(1).getAppProtocolValue()).isEqualTo(3);
    assertThat(wire.getService().getSubjectAltNamesList()).containsExactly("spiffe://x");
    assertThat(wire.getService().getWeightedWaypoints(0).getWeight()).isEqualTo(90);
    assertThat(wire.getService().getLoadBalancing().getModeValue()).isEqualTo(1);
    assertThat(wire.getService().getLoadBalancing().getRoutingPreferenceValue(0)).isEqualTo(4);
    assertThat(wire.getService().getLoadBalancing().getHealthPolicyValue()).isEqualTo(1);
    assertThat(wire.getService().getIpFamiliesValue()).isEqualTo(3);
    assertThat(wire.getService().getCanonical()).isFalse();
    assertThat(wire.getService().getIngressUseWaypoint()).isTrue();
    assertThat(wire.getService().getVisibilityValue()).isEqualTo(1);
    assertThat(wire.getService().getWaypoint().getHboneMtlsPort()).isEqualTo(15008);
  }
}
