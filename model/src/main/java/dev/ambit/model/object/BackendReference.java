package dev.ambit.model.object;

import java.util.List;

/**
 * Where a route sends its traffic (spec: http-routing §5).
 *
 * @param group "" is the core group
 * @param namespace "" when not said, which is the route's own
 * @param port 0 when not said
 * @param weight its share; 1 when not said
 * @param filters header edits for this backend alone
 */
public record BackendReference(
    String group,
    String kind,
    String namespace,
    String name,
    int port,
    int weight,
    List<RouteFilter> filters) {
  public BackendReference {
    filters = List.copyOf(filters);
  }

  /** A Service of the route's own namespace. */
  public static BackendReference service(String name, int port, int weight) {
    return new BackendReference("", "Service", "", name, port, weight, List.of());
  }
}
