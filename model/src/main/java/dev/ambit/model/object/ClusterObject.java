package dev.ambit.model.object;

/** One object of the cluster, from an API server or a manifest. */
public sealed interface ClusterObject
    permits AuthorizationPolicy,
        DestinationRule,
        Gateway,
        GatewayClass,
        GrpcRoute,
        HttpRoute,
        KubernetesService,
        MeshConfig,
        Namespace,
        PeerAuthentication,
        Pod,
        ReferenceGrant,
        RequestAuthentication,
        Secret,
        ServiceAccount,
        ServiceEntry,
        TcpRoute,
        Telemetry,
        TlsRoute,
        VirtualService,
        WorkloadEntry {
  Metadata metadata();

  /** The same object with other metadata. */
  ClusterObject withMetadata(Metadata other);

  /** The object's kind as its YAML says it. */
  default String kind() {
    return switch (this) {
      case KubernetesService _ -> "Service";
      case MeshConfig _ -> "ConfigMap";
      case HttpRoute _ -> "HTTPRoute";
      case GrpcRoute _ -> "GRPCRoute";
      case TcpRoute _ -> "TCPRoute";
      case TlsRoute _ -> "TLSRoute";
      case AuthorizationPolicy _,
          DestinationRule _,
          Gateway _,
          GatewayClass _,
          Namespace _,
          PeerAuthentication _,
          Pod _,
          ReferenceGrant _,
          RequestAuthentication _,
          Secret _,
          ServiceAccount _,
          ServiceEntry _,
          Telemetry _,
          VirtualService _,
          WorkloadEntry _ ->
          getClass().getSimpleName();
    };
  }
}
