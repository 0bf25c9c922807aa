package dev.ambit.controller.xds;

import java.util.Optional;

/** The kinds of resources that are served, in the order in which one change is sent. */
public enum ResourceType {
  ADDRESS("type.googleapis.com/istio.workload.Address"),
  AUTHORIZATION("type.googleapis.com/istio.security.Authorization"),
  /** Objects of the cluster that a waypoint goes by; each waypoint has its own. */
  OBJECT("type.googleapis.com/ambit.waypoint.v1.Object");

  private final String url;

  ResourceType(String url) {
    this.url = url;
  }

  /** How requests and responses name the type. */
  public String url() {
    return url;
  }

  /** The type that {@code url} names; empty when it is not served. */
  public static Optional<ResourceType> of(String url) {
    for (ResourceType type : values()) {
      if (type.url.equals(url)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
