package dev.ambit.model.waypoint;

import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Address;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The addresses in the status of waypoint Gateways (spec: waypoint-selection §8). A Gateway that is
 * deployed here has those of its Service from the moment when one of its pods was ready first, and
 * for ever after: a waypoint whose pods are all gone must not be passed by. Pure.
 */
public final class GatewayAddresses {
  /** Annotation of a waypoint's Service, {@code true} as soon as it was ready once. */
  public static final String PROGRAMMED = "ambit.dev/programmed";

  private static final String NAME_OVERRIDE = "gateway.istio.io/name-override";
  private static final String ADDRESS_TYPE = "networking.istio.io/address-type";
  private static final String IP = "IPAddress";
  private static final String HOSTNAME = "Hostname";

  private GatewayAddresses() {}

  /** Name of the Service made for {@code gateway}. */
  public static String serviceName(Gateway gateway) {
    return gateway.metadata().annotations().getOrDefault(NAME_OVERRIDE, gateway.metadata().name());
  }

  /** Whether its owner sees to its programs: it names a Service, or more than one address. */
  public static boolean unmanaged(Gateway gateway) {
    return gateway.addresses().size() > 1
        || gateway.addresses().stream().anyMatch(each -> each.type().equals(HOSTNAME));
  }

  /** {@code objects}, in which every Gateway of a class of ours has the addresses it should. */
  public static List<ClusterObject> assign(List<ClusterObject> objects, String clusterDomain) {
    List<GatewayClass> classes = new ArrayList<>();
    Map<String, KubernetesService> services = new HashMap<>();
    boolean any = false;
    for (ClusterObject object : objects) {
      if (object instanceof GatewayClass found) {
        classes.add(found);
      } else if (object instanceof KubernetesService service) {
        Metadata metadata = service.metadata();
        services.put(metadata.namespace() + "/" + metadata.name(), service);
      }
      any |= object instanceof Gateway;
    }
    if (!any) {
      return objects;
    }
    List<ClusterObject> assigned = new ArrayList<>(objects.size());
    for (ClusterObject object : objects) {
      assigned.add(
          object instanceof Gateway gateway && WaypointClass.of(gateway, classes).isPresent()
              ? gateway.withAssigned(
                  of(gateway, services.get(serviceOf(gateway, clusterDomain)), clusterDomain))
              : object);
    }
    return List.copyOf(assigned);
  }

  /** {@code namespace/name} of the Service that {@code gateway} is reached by. */
  private static String serviceOf(Gateway gateway, String clusterDomain) {
    String namespace = gateway.metadata().namespace() + "/";
    for (Address each : gateway.addresses()) {
      if (each.type().equals(HOSTNAME)) {
        String end = "." + gateway.metadata().namespace() + ".svc." + clusterDomain;
        String host = each.value();
        return namespace
            + (host.endsWith(end) ? host.substring(0, host.length() - end.length()) : host);
      }
    }
    return namespace + serviceName(gateway);
  }

  /**
   * @param service that of {@link #serviceName}, or the one the Gateway names by itself; null when
   *     there is none
   */
  public static List<Address> of(
      Gateway gateway, @Nullable KubernetesService service, String clusterDomain) {
    boolean known =
        service != null
            && (unmanaged(gateway) || service.metadata().annotations().containsKey(PROGRAMMED));
    if (service == null || !known) {
      return gateway.assigned();
    }
    String type = gateway.metadata().annotations().getOrDefault(ADDRESS_TYPE, "");
    List<Address> addresses = new ArrayList<>();
    if (!type.equals(HOSTNAME)) {
      for (InetAddress each : service.clusterIps()) {
        addresses.add(new Address(IP, IpAddresses.print(each)));
      }
    }
    if (!type.equals(IP)) {
      Metadata metadata = service.metadata();
      addresses.add(
          new Address(
              HOSTNAME, metadata.name() + "." + metadata.namespace() + ".svc." + clusterDomain));
    }
    return List.copyOf(addresses);
  }
}
