package dev.ambit.model.mesh;

import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;

/** What the control plane can do to a {@link MeshView}. */
public sealed interface MeshChange {
  /** A workload is new or differs. */
  record WorkloadPut(Workload workload) implements MeshChange {}

  /** A service is new or differs. */
  record ServicePut(Service service) implements MeshChange {}

  /** A policy is new or differs. */
  record PolicyPut(Policy policy) implements MeshChange {}

  /** A workload or service is gone; {@code name} is a uid or {@code namespace/hostname}. */
  record AddressRemoved(String name) implements MeshChange {}

  /** A policy is gone. */
  record PolicyRemoved(PolicyKey key) implements MeshChange {}
}
