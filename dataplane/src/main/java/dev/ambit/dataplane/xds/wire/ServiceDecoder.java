package dev.ambit.dataplane.xds.wire;

import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.WeightedWaypoint;
import dev.ambit.proto.workload.Port;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code istio.workload.Service} to {@link Service} (spec: workload-xds §4). */
final class ServiceDecoder {
  private ServiceDecoder() {}

  static Service decode(dev.ambit.proto.workload.Service from) {
    List<NetworkAddress> addresses = new ArrayList<>();
    List<Service.NetworkBlock> blocks = new ArrayList<>();
    for (dev.ambit.proto.workload.NetworkAddress address : from.getAddressesList()) {
      Cidr block =
          address.hasLength()
              ? Fields.block("addresses", address.getAddress(), address.getLength())
              : null;
      if (block == null || block.prefixLength() == address.getAddress().size() * 8) {
        addresses.add(Fields.networkAddress("addresses", address));
      } else {
        blocks.add(new Service.NetworkBlock(address.getNetwork(), block));
      }
    }
    return new Service(
        from.getName(),
        new ServiceKey(from.getNamespace(), from.getHostname()),
        addresses,
        blocks,
        ports(from),
        from.getSubjectAltNamesList(),
        Fields.gateway("waypoint", from.hasWaypoint(), from.getWaypoint()),
        weightedWaypoints(from),
        loadBalancing(from),
        ipFamilies(from),
        from.getCanonical(),
        from.getIngressUseWaypoint(),
        visibility(from));
  }

  private static Map<Integer, ServicePort> ports(dev.ambit.proto.workload.Service from) {
    Map<Integer, ServicePort> ports = new LinkedHashMap<>();
    for (Port port : from.getPortsList()) {
      int number = Fields.port("ports.service_port", port.getServicePort());
      int target = Fields.port("ports.target_port", port.getTargetPort());
      ports.put(number, new ServicePort(number, target, appProtocol(port)));
    }
    return ports;
  }

  /** A hint for others, so a number of the future does no harm. */
  private static ServicePort.AppProtocol appProtocol(Port port) {
    return switch (port.getAppProtocol()) {
      case UNKNOWN, UNRECOGNIZED -> ServicePort.AppProtocol.UNKNOWN;
      case HTTP11 -> ServicePort.AppProtocol.HTTP11;
      case HTTP2 -> ServicePort.AppProtocol.HTTP2;
      case GRPC -> ServicePort.AppProtocol.GRPC;
      case TCP -> ServicePort.AppProtocol.TCP;
      case TLS -> ServicePort.AppProtocol.TLS;
    };
  }

  private static List<WeightedWaypoint> weightedWaypoints(dev.ambit.proto.workload.Service from) {
    List<WeightedWaypoint> waypoints = new ArrayList<>();
    for (dev.ambit.proto.workload.WeightedWaypoint one : from.getWeightedWaypointsList()) {
      if (!one.hasDestination()) {
        throw new Undecodable("weighted_waypoints", "no destination", "one");
      }
      if (one.getWeight() < 0) {
        throw new Undecodable(
            "weighted_waypoints.weight",
            Integer.toUnsignedString(one.getWeight()),
            "at most " + Integer.MAX_VALUE);
      }
      waypoints.add(
          new WeightedWaypoint(
              Fields.gateway("weighted_waypoints", one.getDestination()), one.getWeight()));
    }
    return waypoints;
  }

  private static LoadBalancing loadBalancing(dev.ambit.proto.workload.Service from) {
    if (!from.hasLoadBalancing()) {
      return LoadBalancing.DEFAULT;
    }
    dev.ambit.proto.workload.LoadBalancing balancing = from.getLoadBalancing();
    List<LoadBalancing.Scope> preference = new ArrayList<>();
    for (int i = 0; i < balancing.getRoutingPreferenceCount(); i++) {
      preference.add(
          scope(balancing.getRoutingPreference(i), balancing.getRoutingPreferenceValue(i)));
    }
    LoadBalancing.Mode mode =
        switch (balancing.getMode()) {
          case UNSPECIFIED_MODE -> LoadBalancing.Mode.UNSPECIFIED;
          case STRICT -> LoadBalancing.Mode.STRICT;
          case FAILOVER -> LoadBalancing.Mode.FAILOVER;
          case PASSTHROUGH -> LoadBalancing.Mode.PASSTHROUGH;
          case UNRECOGNIZED ->
              throw Fields.unknownNumber("load_balancing.mode", balancing.getModeValue());
        };
    LoadBalancing.HealthPolicy health =
        switch (balancing.getHealthPolicy()) {
          case ONLY_HEALTHY -> LoadBalancing.HealthPolicy.ONLY_HEALTHY;
          case ALLOW_ALL -> LoadBalancing.HealthPolicy.ALLOW_ALL;
          case UNRECOGNIZED ->
              throw Fields.unknownNumber(
                  "load_balancing.health_policy", balancing.getHealthPolicyValue());
        };
    return new LoadBalancing(preference, mode, health);
  }

  private static LoadBalancing.Scope scope(
      dev.ambit.proto.workload.LoadBalancing.Scope scope, int number) {
    return switch (scope) {
      case REGION -> LoadBalancing.Scope.REGION;
      case ZONE -> LoadBalancing.Scope.ZONE;
      case SUBZONE -> LoadBalancing.Scope.SUBZONE;
      case NODE -> LoadBalancing.Scope.NODE;
      case CLUSTER -> LoadBalancing.Scope.CLUSTER;
      case NETWORK -> LoadBalancing.Scope.NETWORK;
      case UNSPECIFIED_SCOPE, UNRECOGNIZED ->
          throw Fields.unknownNumber("load_balancing.routing_preference", number);
    };
  }

  private static Service.IpFamilies ipFamilies(dev.ambit.proto.workload.Service from) {
    return switch (from.getIpFamilies()) {
      case AUTOMATIC -> Service.IpFamilies.AUTOMATIC;
      case IPV4_ONLY -> Service.IpFamilies.IPV4_ONLY;
      case IPV6_ONLY -> Service.IpFamilies.IPV6_ONLY;
      case DUAL -> Service.IpFamilies.DUAL;
      case UNRECOGNIZED -> throw Fields.unknownNumber("ip_families", from.getIpFamiliesValue());
    };
  }

  private static Service.Visibility visibility(dev.ambit.proto.workload.Service from) {
    return switch (from.getVisibility()) {
      case PUBLIC, UNRECOGNIZED -> Service.Visibility.PUBLIC;
      case NAMESPACE -> Service.Visibility.NAMESPACE;
    };
  }
}
