package dev.ambit.model.object;

/**
 * A {@code gateway.networking.k8s.io GatewayClass}; it has no namespace.
 *
 * @param parameters {@code Kind/name} of what it refers to, "" for none
 */
public record GatewayClass(Metadata metadata, String controllerName, String parameters)
    implements ClusterObject {
  /** One without parameters. */
  public GatewayClass(Metadata metadata, String controllerName) {
    this(metadata, controllerName, "");
  }

  @Override
  public GatewayClass withMetadata(Metadata other) {
    return new GatewayClass(other, controllerName, parameters);
  }
}
