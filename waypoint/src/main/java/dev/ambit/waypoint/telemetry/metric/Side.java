package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Workload;

/** What labels say of one end; {@code unknown} for what is not known. */
record Side(
    String workload,
    String namespace,
    String canonicalService,
    String canonicalRevision,
    String cluster,
    String principal) {
  static final String UNKNOWN = "unknown";
  static final Side NOBODY = new Side(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

  static Side of(Workload workload) {
    return of(workload, workload.identity().toString());
  }

  static Side of(Workload workload, String principal) {
    return new Side(
        known(workload.workloadName()),
        known(workload.namespace()),
        known(workload.canonicalName()),
        known(workload.canonicalRevision()),
        known(workload.clusterId()),
        principal);
  }

  /** A client of which only its certificate is known. */
  static Side of(SpiffeId identity) {
    return new Side(UNKNOWN, identity.namespace(), UNKNOWN, UNKNOWN, UNKNOWN, identity.toString());
  }

  static String known(String value) {
    return value.isEmpty() ? UNKNOWN : value;
  }
}
