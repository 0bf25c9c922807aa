package dev.ambit.model.workload;

/** How to reach a waypoint or gateway (spec: workload-xds §4). */
public record GatewayAddress(Destination destination, int hbonePort) {
  /** A gateway is named by address or by hostname. */
  public sealed interface Destination {}

  /** By IP. */
  public record ByAddress(NetworkAddress address) implements Destination {
    @Override
    public String toString() {
      return address.toString();
    }
  }

  /** By service hostname. */
  public record ByHostname(ServiceKey service) implements Destination {
    @Override
    public String toString() {
      return service.toString();
    }
  }
}
