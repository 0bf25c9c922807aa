package dev.ambit.model;

import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Words for building a mesh in tests. */
public final class Mesh {
  private Mesh() {}

  public static InetAddress ip(String literal) {
    return InetAddress.ofLiteral(literal);
  }

  public static InetSocketAddress at(String literal, int port) {
    return new InetSocketAddress(ip(literal), port);
  }

  public static NetworkAddress on(String network, String literal) {
    return new NetworkAddress(network, ip(literal));
  }

  /** A pod of namespace {@code ns} that speaks HBONE. */
  public static WorkloadBuilder pod(String name, String... addresses) {
    return Workload.named("Kubernetes//Pod/ns/" + name)
        .name(name)
        .namespace("ns")
        .serviceAccount(name)
        .tunnel(Workload.Tunnel.HBONE)
        .addresses(Arrays.stream(addresses).map(Mesh::ip).toList());
  }

  public static ServiceKey key(String namespace, String hostname) {
    return new ServiceKey(namespace, hostname);
  }

  /** Service port to target port, in pairs. */
  public static Map<Integer, ServicePort> ports(int... pairs) {
    Map<Integer, ServicePort> ports = new TreeMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      ports.put(pairs[i], new ServicePort(pairs[i], pairs[i + 1], AppProtocol.UNKNOWN));
    }
    return ports;
  }

  public static Map<ServiceKey, Map<Integer, Integer>> in(ServiceKey service) {
    return Map.of(service, Map.of());
  }

  public static GatewayAddress gateway(String network, String literal, int port) {
    return new GatewayAddress(new GatewayAddress.ByAddress(on(network, literal)), port);
  }

  public static GatewayAddress gateway(ServiceKey service, int port) {
    return new GatewayAddress(new GatewayAddress.ByHostname(service), port);
  }

  public static MeshView view(Object... members) {
    MeshView view = MeshView.empty();
    for (Object member : members) {
      view = view.with(put(member));
    }
    return view;
  }

  public static MeshChange put(Object member) {
    return switch (member) {
      case Workload workload -> new MeshChange.WorkloadPut(workload);
      case WorkloadBuilder workload -> new MeshChange.WorkloadPut(workload.build());
      case Service service -> new MeshChange.ServicePut(service);
      case Policy policy -> new MeshChange.PolicyPut(policy);
      case MeshChange change -> change;
      default -> throw new IllegalArgumentException(member.toString());
    };
  }

  public static MeshChange gone(PolicyKey key) {
    return new MeshChange.PolicyRemoved(key);
  }

  public static MeshChange gone(String name) {
    return new MeshChange.AddressRemoved(name);
  }
}
