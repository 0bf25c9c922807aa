package dev.ambit.controller.xds;

/**
 * The resources of one type that one kind of client sees.
 *
 * @param audience the waypoint, {@code namespace/name}, that objects are for; "" for everybody
 */
record Scope(ResourceType type, String audience) {
  static Scope of(ResourceType type, String waypoint) {
    return switch (type) {
      case ADDRESS, AUTHORIZATION -> new Scope(type, "");
      case OBJECT -> new Scope(type, waypoint);
    };
  }
}
