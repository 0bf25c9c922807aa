package dev.ambit.model.object;

/** A {@code v1 ServiceAccount}. */
public record ServiceAccount(Metadata metadata) implements ClusterObject {
  @Override
  public ServiceAccount withMetadata(Metadata other) {
    return new ServiceAccount(other);
  }
}
