package dev.ambit.dataplane.xds.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import dev.ambit.dataplane.xds.DeltaResponse;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.SharedValues;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Resource;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.workload.Address;
import dev.ambit.proto.workload.ApplicationTunnel;
import dev.ambit.proto.workload.GatewayAddress;
import dev.ambit.proto.workload.LoadBalancing;
import dev.ambit.proto.workload.NetworkAddress;
import dev.ambit.proto.workload.Port;
import dev.ambit.proto.workload.PortList;
import dev.ambit.proto.workload.Service;
import dev.ambit.proto.workload.TunnelProtocol;
import dev.ambit.proto.workload.WeightedWaypoint;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Wire resources become records, or are rejected with the reason. */
final class DecoderTest {
  private static final ByteString IP = ByteString.copyFrom(new byte[] {10, 0, 0, 1});

  static DeltaResponse.Content decode(String type, Resource resource) {
    return ResponseDecoder.decode(
            DeltaDiscoveryResponse.newBuilder().setTypeUrl(type).addResources(resource).build(),
            new SharedValues())
        .resources()
        .getFirst()
        .content();
  }

  private static DeltaResponse.Content address(Address address) {
    return decode(DeltaStream.ADDRESS, GoldenXds.resource("n", "1", address));
  }

  private static dev.ambit.proto.workload.Workload.Builder workload() {
    return dev.ambit.proto.workload.Workload.newBuilder()
        .setUid("u")
        .setNamespace("N")
        .addAddresses(IP);
  }

  private static Workload decoded(dev.ambit.proto.workload.Workload.Builder from) {
    DeltaResponse.Content content = address(Address.newBuilder().setWorkload(from).build());
    assertThat(content).isInstanceOf(DeltaResponse.Accepted.class);
    return ((MeshChange.WorkloadPut) ((DeltaResponse.Accepted) content).change()).workload();
  }

  private static dev.ambit.model.workload.Service decoded(Service.Builder from) {
    DeltaResponse.Content content = address(Address.newBuilder().setService(from).build());
    assertThat(content).isInstanceOf(DeltaResponse.Accepted.class);
    return ((MeshChange.ServicePut) ((DeltaResponse.Accepted) content).change()).service();
  }

  @Test
  void the_recorded_mesh_decodes_completely() {
    DeltaResponse response = ResponseDecoder.decode(GoldenXds.addresses("1"), new SharedValues());
    assertThat(response.resources())
        .hasSize(20)
        .allSatisfy(
            resource -> assertThat(resource.content()).isInstanceOf(DeltaResponse.Accepted.class));
    MeshView view =
        MeshView.empty()
            .with(
                response.resources().stream()
                    .map(resource -> ((DeltaResponse.Accepted) resource.content()).change())
                    .toList());
    Workload echo = view.workload("Kubernetes//Pod/demo/echo-a").orElseThrow();
    assertThat(echo.addresses())
        .containsExactly(
            InetAddress.ofLiteral("10.244.1.11"), InetAddress.ofLiteral("fd44:0:0:1::b"));
    assertThat(echo.tunnel()).isEqualTo(Workload.Tunnel.HBONE);
    assertThat(echo.type()).isEqualTo(Workload.Type.POD);
    assertThat(echo.identity()).isEqualTo(new SpiffeId("cluster.local", "demo", "echo"));
    assertThat(echo.services()).hasSize(2);
    assertThat(view.services()).hasSize(9);
    assertThat(response.bytes()).isGreaterThan(2000);
  }

  @Test
  void recorded_policies_decode() {
    for (String file : List.of("xds-authorization-conv.json", "xds-authorization-strict.json")) {
      DeltaResponse response =
          ResponseDecoder.decode(
              GoldenXds.response(file, DeltaStream.AUTHORIZATION, "1"), new SharedValues());
      assertThat(response.resources())
          .singleElement()
          .satisfies(resource ->
              assertThat(resource.content()).isInstanceOf(DeltaResponse.Accepted.class));
    }
  }

  @Test
  @DisplayName("workload-xds 17: what is not said has its default")
  void defaults_are_filled_in() {
    Workload workload = decoded(workload());
    assertThat(workload.identity()).hasToString("spiffe://cluster.local/ns/N/sa/default");
    assertThat(workload.clusterId()).isEqualTo("Kubernetes");
    assertThat(workload.capacity()).isEqualTo(1);
    assertThat(decoded(workload().setCapacity(UInt32Value.of(0))).capacity()).isZero();
    assertThat(decoded(workload().setCapacity(UInt32Value.of(-1))).capacity())
        .isEqualTo(Integer.MAX_VALUE);
    assertThat(decoded(workload().clearUid()).uid()).isEmpty();
    assertThat(decoded(workload().setWorkloadTypeValue(99)).type())
        .isEqualTo(Workload.Type.DEPLOYMENT);
  }

  @Test
  @DisplayName("workload-xds 16: an unknown visibility is PUBLIC")
  void an_unknown_visibility_is_public() {
    assertThat(decoded(Service.newBuilder().setVisibilityValue(9)).visibility())
        .isEqualTo(dev.ambit.model.workload.Service.Visibility.PUBLIC);
  }

  @Test
  @DisplayName("workload-xds 9: a prefix of full length is an exact address")
  void addresses_and_blocks_are_told_apart() {
    Service.Builder service = Service.newBuilder().setNamespace("n").setHostname("h");
    NetworkAddress.Builder address = NetworkAddress.newBuilder().setNetwork("w").setAddress(IP);
    service.addAddresses(address.build());
    service.addAddresses(address.setLength(32).build());
    service.addAddresses(address.setLength(24).build());
    assertThat(decoded(service).addresses()).hasSize(2);
    assertThat(decoded(service).blocks())
        .extracting(Object::toString)
        .containsExactly("w/10.0.0.1/24");
  }

  /** An address that must be rejected, and a word of the reason. */
  record Bad(String reason, Address address) {
    @Override
    public String toString() {
      return reason;
    }
  }

  private static Bad workload(
      String reason, Consumer<dev.ambit.proto.workload.Workload.Builder> change) {
    dev.ambit.proto.workload.Workload.Builder workload = workload();
    change.accept(workload);
    return new Bad(reason, Address.newBuilder().setWorkload(workload).build());
  }

  private static Bad service(String reason, Consumer<Service.Builder> change) {
    Service.Builder service = Service.newBuilder().setNamespace("n").setHostname("h");
    change.accept(service);
    return new Bad(reason, Address.newBuilder().setService(service).build());
  }

  private static LoadBalancing.Builder balancing() {
    return LoadBalancing.newBuilder();
  }

  static Stream<Bad> rejected() {
    ByteString three = ByteString.copyFrom(new byte[3]);
    return Stream.of(
        new Bad("address", Address.getDefaultInstance()),
        workload("addresses", w -> w.addAddresses(three)),
        workload("tunnel_protocol", w -> w.setTunnelProtocol(TunnelProtocol.LEGACY_ISTIO_MTLS)),
        workload("tunnel_protocol", w -> w.setTunnelProtocolValue(7)),
        workload("network_mode", w -> w.setNetworkModeValue(7)),
        workload("status", w -> w.setStatusValue(7)),
        workload("identity", w -> w.setNamespace("")),
        workload("identity", w -> w.setTrustDomain("a/b")),
        workload(
            "application_tunnel.protocol",
            w -> w.setApplicationTunnel(ApplicationTunnel.newBuilder().setProtocolValue(9))),
        workload(
            "application_tunnel.port",
            w -> w.setApplicationTunnel(ApplicationTunnel.newBuilder().setPort(65_536))),
        workload("services", w -> w.putServices("noslash", PortList.getDefaultInstance())),
        workload(
            "services.target_port",
            w ->
                w.putServices(
                    "n/h",
                    PortList.newBuilder()
                        .addPorts(Port.newBuilder().setServicePort(80).setTargetPort(70_000))
                        .build())),
        workload("waypoint", w -> w.setWaypoint(GatewayAddress.getDefaultInstance())),
        workload(
            "network_gateway",
            w ->
                w.setNetworkGateway(
                    GatewayAddress.newBuilder()
                        .setAddress(NetworkAddress.newBuilder().setAddress(three)))),
        workload(
            "waypoint.hbone_mtls_port",
            w ->
                w.setWaypoint(
                    GatewayAddress.newBuilder()
                        .setAddress(NetworkAddress.newBuilder().setAddress(IP))
                        .setHboneMtlsPort(-1))));
  }

  static Stream<Bad> rejectedServices() {
    ByteString three = ByteString.copyFrom(new byte[3]);
    return Stream.of(
        service("addresses", s -> s.addAddresses(NetworkAddress.newBuilder().setAddress(three))),
        service(
            "addresses.length",
            s -> s.addAddresses(NetworkAddress.newBuilder().setAddress(IP).setLength(33))),
        service("ports.service_port", s -> s.addPorts(Port.newBuilder().setServicePort(65_536))),
        service("ports.target_port", s -> s.addPorts(Port.newBuilder().setTargetPort(-1))),
        service("ip_families", s -> s.setIpFamiliesValue(9)),
        service(
            "load_balancing.routing_preference",
            s -> s.setLoadBalancing(balancing().addRoutingPreferenceValue(0))),
        service(
            "load_balancing.routing_preference",
            s -> s.setLoadBalancing(balancing().addRoutingPreferenceValue(9))),
        service("load_balancing.mode", s -> s.setLoadBalancing(balancing().setModeValue(9))),
        service(
            "load_balancing.health_policy",
            s -> s.setLoadBalancing(balancing().setHealthPolicyValue(9))),
        service("waypoint", s -> s.setWaypoint(GatewayAddress.getDefaultInstance())),
        service(
            "weighted_waypoints",
            s -> s.addWeightedWaypoints(WeightedWaypoint.newBuilder().setWeight(1))));
  }

  @ParameterizedTest(name = "workload-xds 4, 16: {0}")
  @MethodSource({"rejected", "rejectedServices"})
  void what_cannot_be_used_is_rejected(Bad bad) {
    DeltaResponse.Content content = address(bad.address);
    assertThat(content).isInstanceOf(DeltaResponse.Rejected.class);
    DeltaResponse.Rejected rejected = (DeltaResponse.Rejected) content;
    assertThat(rejected.reason()).startsWith(bad.reason + ":").contains("got").contains("expected");
    assertThat(rejected.instead()).isEmpty();
  }

  @Test
  void another_type_and_garbage_are_rejected() {
    Resource policy = GoldenXds.resource("n", "1", Authorization.getDefaultInstance());
    assertThat(decode(DeltaStream.ADDRESS, policy)).isInstanceOf(DeltaResponse.Rejected.class);
    Resource garbage =
        Resource.newBuilder()
            .setName("n")
            .setResource(
                Any.newBuilder()
                    .setTypeUrl(DeltaStream.ADDRESS)
                    .setValue(ByteString.copyFrom(new byte[] {10, 5, 1})))
            .build();
    assertThat(decode(DeltaStream.ADDRESS, garbage)).isInstanceOf(DeltaResponse.Rejected.class);
  }
}
