package dev.ambit.controller.xds.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.WeightedWaypoint;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.workload.Address;
import dev.ambit.proto.workload.AppProtocol;
import dev.ambit.proto.workload.IPFamilies;
import dev.ambit.proto.workload.LoadBalancing;
import dev.ambit.proto.workload.NamespacedHostname;
import dev.ambit.proto.workload.NetworkMode;
import dev.ambit.proto.workload.Port;
import dev.ambit.proto.workload.PortList;
import dev.ambit.proto.workload.TunnelProtocol;
import dev.ambit.proto.workload.Visibility;
import dev.ambit.proto.workload.WorkloadStatus;
import dev.ambit.proto.workload.WorkloadType;
import java.net.InetAddress;
import java.util.Map;
import java.util.TreeMap;

/** Workloads and services to {@code istio.workload.Address} (spec: workload-xds §4). Pure. */
final class AddressEncoder {
  private AddressEncoder() {}

  static Address encode(Workload workload) {
    dev.ambit.proto.workload.Workload.Builder out =
        dev.ambit.proto.workload.Workload.newBuilder()
            .setUid(workload.uid())
            .setName(workload.name())
            .setNamespace(workload.namespace())
            .setServiceAccount(workload.serviceAccount())
            .setNetwork(workload.network())
            .setHostname(workload.hostname())
            .setTunnelProtocol(tunnel(workload.tunnel()))
            .setNativeTunnel(workload.nativeTunnel())
            .setNetworkMode(networkMode(workload.networkMode()))
            .setStatus(status(workload.status()))
            .setNode(workload.node())
            .setClusterId(workload.clusterId())
            .setWorkloadName(workload.workloadName())
            .setWorkloadType(type(workload.type()))
            .setCanonicalName(workload.canonicalName())
            .setCanonicalRevision(workload.canonicalRevision())
            .addAllAuthorizationPolicies(workload.policies());
    if (!workload.trustDomain().equals(SpiffeId.DEFAULT_TRUST_DOMAIN)) {
      out.setTrustDomain(workload.trustDomain());
    }
    for (InetAddress address : workload.addresses()) {
      out.addAddresses(bytes(address));
    }
    if (!workload.locality().equals(Locality.UNKNOWN)) {
      out.setLocality(
          dev.ambit.proto.workload.Locality.newBuilder()
              .setRegion(workload.locality().region())
              .setZone(workload.locality().zone())
              .setSubzone(workload.locality().subzone()));
    }
    GatewayAddress waypoint = workload.waypoint();
    if (waypoint != null) {
      out.setWaypoint(gateway(waypoint));
    }
    GatewayAddress networkGateway = workload.networkGateway();
    if (networkGateway != null) {
      out.setNetworkGateway(gateway(networkGateway));
    }
    ApplicationTunnel tunnel = workload.applicationTunnel();
    if (tunnel != null) {
      out.setApplicationTunnel(applicationTunnel(tunnel));
    }
    workload.services().forEach((key, ports) -> out.putServices(key.toString(), ports(ports)));
    if (workload.capacity() != 1) {
      out.setCapacity(UInt32Value.of(workload.capacity()));
    }
    return Address.newBuilder().setWorkload(out).build();
  }

  static Address encode(Service service) {
    dev.ambit.proto.workload.Service.Builder out =
        dev.ambit.proto.workload.Service.newBuilder()
            .setName(service.name())
            .setNamespace(service.namespace())
            .setHostname(service.hostname())
            .addAllSubjectAltNames(service.subjectAltNames())
            .setIpFamilies(families(service.ipFamilies()))
            .setCanonical(service.canonical())
            .setIngressUseWaypoint(service.ingressUseWaypoint())
            .setVisibility(visibility(service.visibility()));
    service.addresses().forEach(address -> out.addAddresses(network(address)));
    for (Service.NetworkBlock block : service.blocks()) {
      out.addAddresses(
          dev.ambit.proto.workload.NetworkAddress.newBuilder()
              .setNetwork(block.network())
              .setAddress(bytes(block.block().address()))
              .setLength(block.block().prefixLength()));
    }
    for (ServicePort port : new TreeMap<>(service.ports()).values()) {
      out.addPorts(
          Port.newBuilder()
              .setServicePort(port.port())
              .setTargetPort(port.targetPort())
              .setAppProtocol(appProtocol(port.appProtocol())));
    }
    GatewayAddress waypoint = service.waypoint();
    if (waypoint != null) {
      out.setWaypoint(gateway(waypoint));
    }
    for (WeightedWaypoint share : service.weightedWaypoints()) {
      out.addWeightedWaypoints(
          dev.ambit.proto.workload.WeightedWaypoint.newBuilder()
              .setDestination(gateway(share.destination()))
              .setWeight(share.weight()));
    }
    if (!service.loadBalancing().equals(dev.ambit.model.workload.LoadBalancing.DEFAULT)) {
      out.setLoadBalancing(loadBalancing(service.loadBalancing()));
    }
    return Address.newBuilder().setService(out).build();
  }

  private static PortList ports(Map<Integer, Integer> targets) {
    PortList.Builder list = PortList.newBuilder();
    new TreeMap<>(targets)
        .forEach((port, target) ->
            list.addPorts(Port.newBuilder().setServicePort(port).setTargetPort(target)));
    return list.build();
  }

  static ByteString bytes(InetAddress address) {
    return ByteString.copyFrom(address.getAddress());
  }

  private static dev.ambit.proto.workload.NetworkAddress network(NetworkAddress address) {
    return dev.ambit.proto.workload.NetworkAddress.newBuilder()
        .setNetwork(address.network())
        .setAddress(bytes(address.address()))
        .build();
  }

  private static dev.ambit.proto.workload.GatewayAddress gateway(GatewayAddress gateway) {
    dev.ambit.proto.workload.GatewayAddress.Builder out =
        dev.ambit.proto.workload.GatewayAddress.newBuilder().setHboneMtlsPort(gateway.hbonePort());
    switch (gateway.destination()) {
      case GatewayAddress.ByAddress by -> out.setAddress(network(by.address()));
      case GatewayAddress.ByHostname by ->
          out.setHostname(
              NamespacedHostname.newBuilder()
                  .setNamespace(by.service().namespace())
                  .setHostname(by.service().hostname()));
    }
    return out.build();
  }

  private static dev.ambit.proto.workload.ApplicationTunnel applicationTunnel(
      ApplicationTunnel tunnel) {
    return dev.ambit.proto.workload.ApplicationTunnel.newBuilder()
        .setProtocol(
            switch (tunnel.protocol()) {
              case NONE -> dev.ambit.proto.workload.ApplicationTunnel.Protocol.NONE;
              case PROXY -> dev.ambit.proto.workload.ApplicationTunnel.Protocol.PROXY;
            })
        .setPort(tunnel.port())
        .build();
  }

  private static LoadBalancing loadBalancing(dev.ambit.model.workload.LoadBalancing balancing) {
    LoadBalancing.Builder out =
        LoadBalancing.newBuilder()
            .setMode(
                switch (balancing.mode()) {
                  case UNSPECIFIED -> LoadBalancing.Mode.UNSPECIFIED_MODE;
                  case STRICT -> LoadBalancing.Mode.STRICT;
                  case FAILOVER -> LoadBalancing.Mode.FAILOVER;
                  case PASSTHROUGH -> LoadBalancing.Mode.PASSTHROUGH;
                })
            .setHealthPolicy(
                switch (balancing.health()) {
                  case ONLY_HEALTHY -> LoadBalancing.HealthPolicy.ONLY_HEALTHY;
                  case ALLOW_ALL -> LoadBalancing.HealthPolicy.ALLOW_ALL;
                });
    for (dev.ambit.model.workload.LoadBalancing.Scope scope : balancing.preference()) {
      out.addRoutingPreference(
          switch (scope) {
            case REGION -> LoadBalancing.Scope.REGION;
            case ZONE -> LoadBalancing.Scope.ZONE;
            case SUBZONE -> LoadBalancing.Scope.SUBZONE;
            case NODE -> LoadBalancing.Scope.NODE;
            case CLUSTER -> LoadBalancing.Scope.CLUSTER;
            case NETWORK -> LoadBalancing.Scope.NETWORK;
          });
    }
    return out.build();
  }

  private static TunnelProtocol tunnel(Workload.Tunnel tunnel) {
    return switch (tunnel) {
      case NONE -> TunnelProtocol.NONE;
      case HBONE -> TunnelProtocol.HBONE;
    };
  }

  private static NetworkMode networkMode(Workload.NetworkMode mode) {
    return switch (mode) {
      case STANDARD -> NetworkMode.STANDARD;
      case HOST_NETWORK -> NetworkMode.HOST_NETWORK;
    };
  }

  private static WorkloadStatus status(Workload.Status status) {
    return switch (status) {
      case HEALTHY -> WorkloadStatus.HEALTHY;
      case UNHEALTHY -> WorkloadStatus.UNHEALTHY;
    };
  }

  private static WorkloadType type(Workload.Type type) {
    return switch (type) {
      case DEPLOYMENT -> WorkloadType.DEPLOYMENT;
      case CRONJOB -> WorkloadType.CRONJOB;
      case POD -> WorkloadType.POD;
      case JOB -> WorkloadType.JOB;
    };
  }

  private static IPFamilies families(Service.IpFamilies families) {
    return switch (families) {
      case AUTOMATIC -> IPFamilies.AUTOMATIC;
      case IPV4_ONLY -> IPFamilies.IPV4_ONLY;
      case IPV6_ONLY -> IPFamilies.IPV6_ONLY;
      case DUAL -> IPFamilies.DUAL;
    };
  }

  private static Visibility visibility(Service.Visibility visibility) {
    return switch (visibility) {
      case PUBLIC -> Visibility.PUBLIC;
      case NAMESPACE -> Visibility.NAMESPACE;
    };
  }

  private static AppProtocol appProtocol(ServicePort.AppProtocol protocol) {
    return switch (protocol) {
      case UNKNOWN -> AppProtocol.UNKNOWN;
      case HTTP11 -> AppProtocol.HTTP11;
      case HTTP2 -> AppProtocol.HTTP2;
      case GRPC -> AppProtocol.GRPC;
      case TCP -> AppProtocol.TCP;
      case TLS -> AppProtocol.TLS;
    };
  }
}
