package dev.ambit.waypoint.telemetry.metric;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What tells one series from another (spec: l7-telemetry §1).
 *
 * @param code -1 for a connection that is not HTTP
 * @param grpc -1 for none
 * @param custom values of the tags of {@code plan}, in its order
 */
record SeriesKey(
    Side source,
    ServiceNames service,
    Side destination,
    Protocol protocol,
    int code,
    int grpc,
    String flags,
    TagPlan plan,
    List<String> custom) {
  /** The labels of every series, in the order of Istio's. */
  static final List<String> CONNECTION_LABELS =
      List.of(
          "reporter",
          "source_workload",
          "source_canonical_service",
          "source_canonical_revision",
          "source_workload_namespace",
          "source_principal",
          "source_app",
          "source_version",
          "source_cluster",
          "destination_workload",
          "destination_workload_namespace",
          "destination_principal",
          "destination_app",
          "destination_version",
          "destination_service",
          "destination_canonical_service",
          "destination_canonical_revision",
          "destination_service_name",
          "destination_service_namespace",
          "destination_cluster",
          "request_protocol",
          "response_flags",
          "connection_security_policy");

  static final List<String> REQUEST_LABELS =
      java.util.stream.Stream.concat(
              CONNECTION_LABELS.stream(),
              java.util.stream.Stream.of("response_code", "grpc_response_status"))
          .toList();

  /** As {@code request_protocol} has it. */
  enum Protocol {
    HTTP("http"),
    GRPC("grpc"),
    TCP("tcp");

    final String text;

    Protocol(String text) {
      this.text = text;
    }
  }

  /** The service of the cluster that was routed to. */
  record ServiceNames(String hostname, String name, String namespace) {
    static final ServiceNames NONE = new ServiceNames(Side.UNKNOWN, Side.UNKNOWN, Side.UNKNOWN);
  }

  /** Where series beyond the limit are counted together; of codes only the class is kept. */
  SeriesKey overflow() {
    return new SeriesKey(
        Side.NOBODY,
        ServiceNames.NONE,
        Side.NOBODY,
        protocol,
        code < 0 ? code : code / 100 * 100,
        Math.min(grpc, 1),
        flags,
        TagPlan.USUAL,
        List.of());
  }

  SeriesKey withFlags(String other) {
    return new SeriesKey(source, service, destination, protocol, code, grpc, other, plan, custom);
  }

  Map<String, String> labels() {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("reporter", "waypoint");
    labels.put("source_workload", source.workload());
    labels.put("source_canonical_service", source.canonicalService());
    labels.put("source_canonical_revision", source.canonicalRevision());
    labels.put("source_workload_namespace", source.namespace());
    labels.put("source_principal", source.principal());
    labels.put("source_app", source.canonicalService());
    labels.put("source_version", source.canonicalRevision());
    labels.put("source_cluster", source.cluster());
    labels.put("destination_workload", destination.workload());
    labels.put("destination_workload_namespace", destination.namespace());
    labels.put("destination_principal", destination.principal());
    labels.put("destination_app", destination.canonicalService());
    labels.put("destination_version", destination.canonicalRevision());
    labels.put("destination_service", service.hostname());
    labels.put("destination_canonical_service", destination.canonicalService());
    labels.put("destination_canonical_revision", destination.canonicalRevision());
    labels.put("destination_service_name", service.name());
    labels.put("destination_service_namespace", service.namespace());
    labels.put("destination_cluster", destination.cluster());
    labels.put("request_protocol", protocol.text);
    labels.put("response_flags", flags);
    // Nobody reaches a waypoint but through a tunnel.
    labels.put("connection_security_policy", "mutual_tls");
    if (code >= 0) {
      labels.put("response_code", Integer.toString(code));
      labels.put("grpc_response_status", grpc < 0 ? "" : Integer.toString(grpc));
    }
    return labels;
  }
}
