package dev.ambit.model.object;

/** A {@code networking.istio.io WorkloadEntry}: a workload that is no pod. */
public record WorkloadEntry(Metadata metadata, ServiceEntry.Endpoint endpoint)
    implements ClusterObject {
  @Override
  public WorkloadEntry withMetadata(Metadata other) {
    return new WorkloadEntry(other, endpoint);
  }
}
