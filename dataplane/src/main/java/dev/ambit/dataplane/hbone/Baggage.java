package dev.ambit.dataplane.hbone;

import dev.ambit.model.workload.Workload;
import java.util.Locale;

/**
 * Writes what a proxy says of its workload beside the tunnel (spec: hbone §4.1). Telemetry only:
 * nobody vouches for it.
 */
final class Baggage {
  private Baggage() {}

  /** The header for {@code workload}; absent parts are left out. */
  static String of(Workload workload) {
    StringBuilder out = new StringBuilder(192);
    add(out, "k8s.cluster.name", workload.clusterId());
    add(out, "k8s.namespace.name", workload.namespace());
    add(
        out,
        "k8s." + workload.type().name().toLowerCase(Locale.ROOT) + ".name",
        workload.workloadName());
    add(out, "service.name", workload.canonicalName());
    add(out, "service.version", workload.canonicalRevision());
    add(out, "cloud.region", workload.locality().region());
    add(out, "cloud.availability_zone", workload.locality().zone());
    return out.toString();
  }

  private static void add(StringBuilder out, String key, String value) {
    // A value that would end its own item, or the header, is left out.
    if (!value.isEmpty() && value.chars().allMatch(c -> c > ' ' && c <= '~' && c != ',')) {
      if (!out.isEmpty()) {
        out.append(',');
      }
      out.append(key).append('=').append(value);
    }
  }
}
