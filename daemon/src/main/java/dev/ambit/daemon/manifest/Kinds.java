package dev.ambit.daemon.manifest;

import java.util.Map;
import java.util.Set;

/** Kinds of Kubernetes and Istio: those Ambit reads, and those it passes over without a word. */
final class Kinds {
  private static final String SECURITY = "security.istio.io";
  private static final String NETWORKING = "networking.istio.io";
  private static final String TELEMETRY = "telemetry.istio.io";
  private static final String GATEWAY_API = "gateway.networking.k8s.io";

  /** Names by group of what is ordinary in a folder of manifests and means nothing to Ambit yet. */
  private static final Map<String, String> PASSED_OVER =
      Map.ofEntries(
          Map.entry(
              "",
              "ConfigMap Endpoints Event Node PersistentVolume PersistentVolumeClaim"
                  + " ReplicationController LimitRange ResourceQuota PodTemplate"),
          Map.entry("apps", "Deployment DaemonSet ReplicaSet StatefulSet ControllerRevision"),
          Map.entry("batch", "Job CronJob"),
          Map.entry("autoscaling", "HorizontalPodAutoscaler"),
          Map.entry("policy", "PodDisruptionBudget"),
          Map.entry("rbac.authorization.k8s.io", "Role RoleBinding ClusterRole ClusterRoleBinding"),
          Map.entry("networking.k8s.io", "Ingress IngressClass NetworkPolicy"),
          Map.entry("discovery.k8s.io", "EndpointSlice"),
          Map.entry("storage.k8s.io", "StorageClass CSIDriver"),
          Map.entry("scheduling.k8s.io", "PriorityClass"),
          Map.entry("coordination.k8s.io", "Lease"),
          Map.entry("apiextensions.k8s.io", "CustomResourceDefinition"),
          Map.entry(
              "admissionregistration.k8s.io",
              "ValidatingWebhookConfiguration MutatingWebhookConfiguration"),
          Map.entry(GATEWAY_API, "UDPRoute BackendTLSPolicy ListenerSet"),
          Map.entry("inference.networking.k8s.io", "InferencePool"),
          Map.entry(NETWORKING, "Gateway WorkloadGroup Sidecar EnvoyFilter ProxyConfig"),
          Map.entry("extensions.istio.io", "WasmPlugin"),
          Map.entry("kustomize.config.k8s.io", "Kustomization"));

  private static final Set<String> READ =
      Set.of(
          "v1/Namespace",
          "v1/Pod",
          "v1/Service",
          "v1/ServiceAccount",
          "v1/Secret",
          "v1/List",
          SECURITY + "/v1/AuthorizationPolicy",
          SECURITY + "/v1beta1/AuthorizationPolicy",
          SECURITY + "/v1/PeerAuthentication",
          SECURITY + "/v1beta1/PeerAuthentication",
          SECURITY + "/v1/RequestAuthentication",
          SECURITY + "/v1beta1/RequestAuthentication",
          NETWORKING + "/v1/VirtualService",
          NETWORKING + "/v1beta1/VirtualService",
          NETWORKING + "/v1alpha3/VirtualService",
          NETWORKING + "/v1/DestinationRule",
          NETWORKING + "/v1beta1/DestinationRule",
          NETWORKING + "/v1alpha3/DestinationRule",
          NETWORKING + "/v1/ServiceEntry",
          NETWORKING + "/v1beta1/ServiceEntry",
          NETWORKING + "/v1alpha3/ServiceEntry",
          NETWORKING + "/v1/WorkloadEntry",
          NETWORKING + "/v1beta1/WorkloadEntry",
          NETWORKING + "/v1alpha3/WorkloadEntry",
          TELEMETRY + "/v1/Telemetry",
          TELEMETRY + "/v1alpha1/Telemetry",
          GATEWAY_API + "/v1/Gateway",
          GATEWAY_API + "/v1beta1/Gateway",
          GATEWAY_API + "/v1/GatewayClass",
          GATEWAY_API + "/v1beta1/GatewayClass",
          GATEWAY_API + "/v1/HTTPRoute",
          GATEWAY_API + "/v1beta1/HTTPRoute",
          GATEWAY_API + "/v1/GRPCRoute",
          GATEWAY_API + "/v1alpha2/GRPCRoute",
          GATEWAY_API + "/v1/TCPRoute",
          GATEWAY_API + "/v1alpha2/TCPRoute",
          GATEWAY_API + "/v1/TLSRoute",
          GATEWAY_API + "/v1alpha3/TLSRoute",
          GATEWAY_API + "/v1alpha2/TLSRoute",
          GATEWAY_API + "/v1/ReferenceGrant",
          GATEWAY_API + "/v1beta1/ReferenceGrant");

  private static final Set<String> CORE =
      Set.of(
          "Namespace",
          "Pod",
          "Service",
          "ServiceAccount",
          "PeerAuthentication",
          "Secret",
          "WorkloadEntry");

  private Kinds() {}

  static boolean read(String apiVersion, String kind) {
    return READ.contains(apiVersion + "/" + kind);
  }

  /** Whether waypoints are sent objects of the kind as they were written. */
  static boolean carried(String kind) {
    return !CORE.contains(kind);
  }

  static boolean passedOver(String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    String group = slash < 0 ? "" : apiVersion.substring(0, slash);
    return Set.of(PASSED_OVER.getOrDefault(group, "").split(" ")).contains(kind);
  }
}
