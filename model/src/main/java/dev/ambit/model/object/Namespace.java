package dev.ambit.model.object;

/** A {@code v1 Namespace}. */
public record Namespace(Metadata metadata) implements ClusterObject {
  @Override
  public Namespace withMetadata(Metadata other) {
    return new Namespace(other);
  }
}
