package dev.ambit.model.object;

/** A {@code gateway.networking.k8s.io GatewayClass}; it has no namespace. */
public record GatewayClass(Metadata metadata, String controllerName) implements ClusterObject {
  @Override
  public GatewayClass withMetadata(Metadata other) {
    return new GatewayClass(other, controllerName);
  }
}
