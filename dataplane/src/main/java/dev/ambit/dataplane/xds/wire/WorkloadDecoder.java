package dev.ambit.dataplane.xds.wire;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.SharedValues;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.workload.Port;
import dev.ambit.proto.workload.PortList;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code istio.workload.Workload} to {@link Workload} (spec: workload-xds §4). */
final class WorkloadDecoder {
  private static final String DEFAULT_ACCOUNT = "default";
  private static final String DEFAULT_CLUSTER = "Kubernetes";

  private WorkloadDecoder() {}

  static Workload decode(dev.ambit.proto.workload.Workload from, SharedValues shared) {
    Workload workload =
        Workload.named(from.getUid())
            .name(from.getName())
            .namespace(from.getNamespace())
            .serviceAccount(or(from.getServiceAccount(), DEFAULT_ACCOUNT))
            .trustDomain(or(from.getTrustDomain(), SpiffeId.DEFAULT_TRUST_DOMAIN))
            .network(from.getNetwork())
            .addresses(addresses(from))
            .hostname(from.getHostname())
            .tunnel(tunnel(from))
            .nativeTunnel(from.getNativeTunnel())
            .networkMode(networkMode(from))
            .status(status(from))
            .node(from.getNode())
            .clusterId(or(from.getClusterId(), DEFAULT_CLUSTER))
            .locality(
                new Locality(
                    from.getLocality().getRegion(),
                    from.getLocality().getZone(),
                    from.getLocality().getSubzone()))
            .workloadName(from.getWorkloadName())
            .type(type(from))
            .canonicalName(from.getCanonicalName())
            .canonicalRevision(from.getCanonicalRevision())
            .waypoint(Fields.gateway("waypoint", from.hasWaypoint(), from.getWaypoint()))
            .networkGateway(
                Fields.gateway(
                    "network_gateway", from.hasNetworkGateway(), from.getNetworkGateway()))
            .applicationTunnel(applicationTunnel(from))
            .services(services(from))
            .policies(from.getAuthorizationPoliciesList())
            .capacity(capacity(from))
            .sharing(shared)
            .build();
    requireIdentity(workload);
    return workload;
  }

  private static void requireIdentity(Workload workload) {
    try {
      workload.identity();
    } catch (IllegalArgumentException impossible) {
      throw new Undecodable(
          "identity", String.valueOf(impossible.getMessage()), "parts of a SPIFFE identity");
    }
  }

  private static String or(String value, String otherwise) {
    return value.isEmpty() ? otherwise : value;
  }

  private static List<InetAddress> addresses(dev.ambit.proto.workload.Workload from) {
    List<InetAddress> addresses = new ArrayList<>(from.getAddressesCount());
    from.getAddressesList().forEach(one -> addresses.add(Fields.address("addresses", one)));
    return addresses;
  }

  private static Workload.Tunnel tunnel(dev.ambit.proto.workload.Workload from) {
    return switch (from.getTunnelProtocol()) {
      case NONE -> Workload.Tunnel.NONE;
      case HBONE -> Workload.Tunnel.HBONE;
      case LEGACY_ISTIO_MTLS ->
          throw new Undecodable("tunnel_protocol", "LEGACY_ISTIO_MTLS", "NONE or HBONE");
      case UNRECOGNIZED ->
          throw Fields.unknownNumber("tunnel_protocol", from.getTunnelProtocolValue());
    };
  }

  private static Workload.NetworkMode networkMode(dev.ambit.proto.workload.Workload from) {
    return switch (from.getNetworkMode()) {
      case STANDARD -> Workload.NetworkMode.STANDARD;
      case HOST_NETWORK -> Workload.NetworkMode.HOST_NETWORK;
      case UNRECOGNIZED -> throw Fields.unknownNumber("network_mode", from.getNetworkModeValue());
    };
  }

  private static Workload.Status status(dev.ambit.proto.workload.Workload from) {
    return switch (from.getStatus()) {
      case HEALTHY -> Workload.Status.HEALTHY;
      case UNHEALTHY -> Workload.Status.UNHEALTHY;
      case UNRECOGNIZED -> throw Fields.unknownNumber("status", from.getStatusValue());
    };
  }

  /** For telemetry only, so a number of the future does no harm. */
  private static Workload.Type type(dev.ambit.proto.workload.Workload from) {
    return switch (from.getWorkloadType()) {
      case DEPLOYMENT, UNRECOGNIZED -> Workload.Type.DEPLOYMENT;
      case CRONJOB -> Workload.Type.CRONJOB;
      case POD -> Workload.Type.POD;
      case JOB -> Workload.Type.JOB;
    };
  }

  private static @Nullable ApplicationTunnel applicationTunnel(
      dev.ambit.proto.workload.Workload from) {
    if (!from.hasApplicationTunnel()) {
      return null;
    }
    dev.ambit.proto.workload.ApplicationTunnel tunnel = from.getApplicationTunnel();
    int port = Fields.port("application_tunnel.port", tunnel.getPort());
    return switch (tunnel.getProtocol()) {
      case NONE -> new ApplicationTunnel(ApplicationTunnel.Protocol.NONE, port);
      case PROXY -> new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, port);
      case UNRECOGNIZED ->
          throw Fields.unknownNumber("application_tunnel.protocol", tunnel.getProtocolValue());
    };
  }

  private static Map<ServiceKey, Map<Integer, Integer>> services(
      dev.ambit.proto.workload.Workload from) {
    Map<ServiceKey, Map<Integer, Integer>> services = new LinkedHashMap<>();
    from.getServicesMap()
        .forEach((key, ports) -> services.put(Fields.serviceKey("services", key), ports(ports)));
    return services;
  }

  private static Map<Integer, Integer> ports(PortList from) {
    Map<Integer, Integer> ports = new LinkedHashMap<>();
    for (Port port : from.getPortsList()) {
      ports.put(
          Fields.port("services.service_port", port.getServicePort()),
          Fields.port("services.target_port", port.getTargetPort()));
    }
    return Map.copyOf(ports);
  }

  private static int capacity(dev.ambit.proto.workload.Workload from) {
    if (!from.hasCapacity()) {
      return 1;
    }
    int capacity = from.getCapacity().getValue();
    // Unsigned on the wire; a weight beyond an int is as good as the largest one.
    return capacity < 0 ? Integer.MAX_VALUE : capacity;
  }
}
