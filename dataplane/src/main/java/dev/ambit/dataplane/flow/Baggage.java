package dev.ambit.dataplane.flow;

import org.jspecify.annotations.Nullable;

/**
 * What a proxy says of its workload in the header {@code baggage}; telemetry only, since nobody
 * vouches for it (spec: hbone §4.1, §7.5). Absent values are "".
 */
record Baggage(
    String cluster,
    String namespace,
    String workload,
    String service,
    String version,
    String region,
    String zone) {
  /** Longer headers are taken for none. */
  private static final int LONGEST = 8 * 1024;

  /** Reads a header; null when it has characters that no such header may have. */
  static @Nullable Baggage parse(String header) {
    if (header.length() > LONGEST || !header.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
      return null;
    }
    String cluster = "";
    String namespace = "";
    String workload = "";
    String service = "";
    String version = "";
    String region = "";
    String zone = "";
    for (String item : header.split(",", -1)) {
      int equals = item.indexOf('=');
      String key = equals < 0 ? item : item.substring(0, equals);
      String value = equals < 0 ? "" : item.substring(equals + 1);
      switch (key) {
        case "k8s.cluster.name" -> cluster = value;
        case "k8s.namespace.name" -> namespace = value;
        case "k8s.deployment.name", "k8s.cronjob.name", "k8s.pod.name", "k8s.job.name" ->
            workload = value;
        case "service.name" -> service = value;
        case "service.version" -> version = value;
        case "cloud.region" -> region = value;
        case "cloud.availability_zone" -> zone = value;
        default -> {
          // Keys of others are allowed and mean nothing to us.
        }
      }
    }
    return new Baggage(cluster, namespace, workload, service, version, region, zone);
  }
}
