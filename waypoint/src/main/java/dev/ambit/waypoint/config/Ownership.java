package dev.ambit.waypoint.config;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.GatewayAddress.ByAddress;
import dev.ambit.model.workload.GatewayAddress.ByHostname;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is bound to this waypoint (spec: waypoint-selection §4.5). */
record Ownership(MeshView mesh, Place place, @Nullable Gateway gateway) {

  /** Bound to it as the waypoint, or as its canary. */
  boolean isOwned(Service service) {
    return means(service.waypoint())
        || service.weightedWaypoints().stream().anyMatch(each -> means(each.destination()));
  }

  boolean isOwned(Workload workload) {
    return means(workload.waypoint());
  }

  private boolean means(@Nullable GatewayAddress reference) {
    if (reference == null) {
      return false;
    }
    return switch (reference.destination()) {
      case ByHostname(ServiceKey key) -> key.equals(own()) || isAssigned("Hostname", key);
      case ByAddress(NetworkAddress address) ->
          mesh.serviceAt(address, place.namespace()).map(Service::key).equals(Optional.of(own()))
              || isAssigned(address);
    };
  }

  /** The service that a deployed Gateway has. */
  private ServiceKey own() {
    return new ServiceKey(
        place.namespace(),
        place.gateway() + "." + place.namespace() + ".svc." + place.mesh().clusterDomain());
  }

  private boolean isAssigned(String type, ServiceKey key) {
    return gateway != null
        && key.namespace().equals(place.namespace())
        && gateway.assigned().contains(new Gateway.Address(type, key.hostname()));
  }

  private boolean isAssigned(NetworkAddress address) {
    return gateway != null
        && address.network().equals(place.network())
        && gateway.assigned().stream()
            .anyMatch(
                each -> IpAddresses.parse(each.value()).equals(Optional.of(address.address())));
  }
}
