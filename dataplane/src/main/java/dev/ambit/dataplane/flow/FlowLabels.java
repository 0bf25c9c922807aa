package dev.ambit.dataplane.flow;

import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The label values of one metric series; a value that is not known is {@code unknown} (spec:
 * ztunnel-observability §1.1).
 *
 * @param localities whether the four locality labels are there at all
 */
record FlowLabels(
    Flow.Direction direction,
    Side source,
    String sourcePrincipal,
    ServiceNames service,
    Side destination,
    String destinationPrincipal,
    String responseFlags,
    boolean mutualTls,
    boolean localities) {
  static final String UNKNOWN = "unknown";
  static final String NO_FLAGS = "-";

  private static final List<String> COMMON =
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
          "destination_service",
          "destination_service_namespace",
          "destination_service_name",
          "destination_workload",
          "destination_canonical_service",
          "destination_canonical_revision",
          "destination_workload_namespace",
          "destination_principal",
          "destination_app",
          "destination_version",
          "destination_cluster",
          "request_protocol",
          "response_flags",
          "connection_security_policy");

  private static final List<String> LOCALITIES =
      List.of("source_region", "source_zone", "destination_region", "destination_zone");

  /** What is known of one end. */
  record Side(
      String workload,
      String canonicalService,
      String canonicalRevision,
      String namespace,
      String app,
      String cluster,
      String region,
      String zone) {
    static final Side NOBODY =
        new Side(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

    static Side of(Workload workload) {
      return new Side(
          known(workload.workloadName()),
          known(workload.canonicalName()),
          known(workload.canonicalRevision()),
          known(workload.namespace()),
          known(workload.canonicalName()),
          known(workload.clusterId()),
          known(workload.locality().region()),
          known(workload.locality().zone()));
    }

    static Side of(Baggage baggage) {
      return new Side(
          known(baggage.workload()),
          known(baggage.service()),
          known(baggage.version()),
          known(baggage.namespace()),
          known(baggage.workload()),
          known(baggage.cluster()),
          known(baggage.region()),
          known(baggage.zone()));
    }
  }

  /** The service that was addressed. */
  record ServiceNames(String hostname, String namespace, String name) {
    static final ServiceNames NONE = new ServiceNames(UNKNOWN, UNKNOWN, UNKNOWN);

    static ServiceNames of(@Nullable Service service) {
      return service == null
          ? NONE
          : new ServiceNames(
              known(service.hostname()), known(service.namespace()), known(service.name()));
    }
  }

  static String known(String value) {
    return value.isEmpty() ? UNKNOWN : value;
  }

  FlowLabels withFlags(String flags) {
    return new FlowLabels(
        direction,
        source,
        sourcePrincipal,
        service,
        destination,
        destinationPrincipal,
        flags,
        mutualTls,
        localities);
  }

  /** Where series beyond the limit are counted together. */
  FlowLabels overflow() {
    return new FlowLabels(
        direction,
        Side.NOBODY,
        UNKNOWN,
        ServiceNames.NONE,
        Side.NOBODY,
        UNKNOWN,
        responseFlags,
        mutualTls,
        false);
  }

  static List<String> names(boolean localities) {
    if (!localities) {
      return COMMON;
    }
    List<String> all = new ArrayList<>(COMMON);
    all.addAll(LOCALITIES);
    return all;
  }

  Map<String, String> labels() {
    List<String> values =
        new ArrayList<>(
            List.of(
                reporter(direction),
                source.workload,
                source.canonicalService,
                source.canonicalRevision,
                source.namespace,
                sourcePrincipal,
                source.app,
                source.canonicalRevision,
                source.cluster,
                service.hostname,
                service.namespace,
                service.name,
                destination.workload,
                destination.canonicalService,
                destination.canonicalRevision,
                destination.namespace,
                destinationPrincipal,
                destination.app,
                destination.canonicalRevision,
                destination.cluster,
                "tcp",
                responseFlags,
                mutualTls ? "mutual_tls" : UNKNOWN));
    if (localities) {
      values.addAll(List.of(source.region, source.zone, destination.region, destination.zone));
    }
    List<String> names = names(localities);
    Map<String, String> labels = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      labels.put(names.get(i), values.get(i));
    }
    return labels;
  }

  static String reporter(Flow.Direction direction) {
    return switch (direction) {
      case OUTBOUND -> "source";
      case INBOUND -> "destination";
    };
  }
}
