package dev.ambit.model.object;

/** One object of the cluster, from an API server or a manifest. */
public sealed interface ClusterObject
    permits AuthorizationPolicy,
        KubernetesService,
        Namespace,
        PeerAuthentication,
        Pod,
        ServiceAccount {
  Metadata metadata();

  /** The same object with other metadata. */
  ClusterObject withMetadata(Metadata other);

  /** The object's kind as its YAML says it. */
  default String kind() {
    return this instanceof KubernetesService ? "Service" : getClass().getSimpleName();
  }
}
