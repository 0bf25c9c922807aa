package dev.ambit.controller;

/** Manifests for tests. */
final class Yaml {
  private Yaml() {}

  static String pod(String namespace, String name, String ip, String node, String account) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s, namespace: %s, labels: {app: %s}}
    spec: {nodeName: %s, serviceAccountName: %s, containers: [{name: app, image: app}]}
    status: {podIPs: [{ip: %s}]}
    """
        .formatted(name, namespace, name, node, account, ip);
  }

  static String service(String namespace, String name, String ip, String app) {
    return """
    apiVersion: v1
    kind: Service
    metadata: {name: %s, namespace: %s}
    spec: {clusterIP: %s, selector: {app: %s}, ports: [{name: http, port: 80, targetPort: 8080}]}
    """
        .formatted(name, namespace, ip, app);
  }

  static String deny(String namespace, String name, String app) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: %s, namespace: %s}
    spec: {selector: {matchLabels: {app: %s}}, action: DENY, rules: [{}]}
    """
        .formatted(name, namespace, app);
  }

  static String join(String... documents) {
    return String.join("---\n", documents);
  }
}
