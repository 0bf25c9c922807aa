package dev.ambit.perf;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The measured mesh's services: one behind each waypoint, with a hundred routes, and one without.
 */
final class WaypointManifests {
  static final String AMBIT = "ambit";
  static final String ENVOY = "envoy";
  static final String AMBIT_ADDRESS = "10.91.2.20";
  static final String ENVOY_ADDRESS = "10.91.2.21";
  static final String THROUGH_AMBIT = "10.96.0.1";
  static final String THROUGH_ENVOY = "10.96.0.2";
  static final String NO_WAYPOINT = "10.96.0.3";
  static final int ROUTES = 100;

  /** What is asked for: more than half of the routes come before it. */
  static final String PATH = "/route-57/item";

  /** A file of 200 MB, of the same route. */
  static final String BIG = "/route-57/big";

  private static final int RULES_A_ROUTE = 10;

  private WaypointManifests() {}

  static String text(TwoNodes.Pod ambit, TwoNodes.Pod envoy) {
    return gateway(ambit, "10.96.0.11")
        + pod(ambit)
        + gateway(envoy, "10.96.0.12")
        + pod(envoy)
        + service("through-" + AMBIT, THROUGH_AMBIT, AMBIT)
        + service("through-" + ENVOY, THROUGH_ENVOY, ENVOY)
        + service("no-waypoint", NO_WAYPOINT, "none")
        + IntStream.range(0, ROUTES / RULES_A_ROUTE)
            .mapToObj(WaypointManifests::routes)
            .collect(Collectors.joining());
  }

  /** The same hundred routes for Envoy's configuration. */
  static String envoyRoutes() {
    return IntStream.range(0, ROUTES)
        .mapToObj(
            """
                          - match: {path_separated_prefix: "/route-%d"}
                            route: {cluster: service, timeout: 0s}
            """
                ::formatted)
        .collect(Collectors.joining());
  }

  /** A Gateway whose program is run by the bench. */
  private static String gateway(TwoNodes.Pod pod, String vip) {
    return """
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata:
      name: %1$s
      namespace: bench
      labels:
        istio.io/waypoint-for: service
    spec:
      gatewayClassName: ambit-waypoint
      addresses:
      - type: Hostname
        value: %1$s-waypoint.bench.svc.cluster.local
      listeners:
      - name: mesh
        port: 15008
        protocol: HBONE
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: %1$s-waypoint
      namespace: bench
    spec:
      clusterIP: %2$s
      selector:
        app: %1$s
      ports:
      - name: hbone
        port: 15008
        appProtocol: hbone
    """
        .formatted(pod.name(), vip);
  }

  private static String pod(TwoNodes.Pod pod) {
    return """
    ---
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: %1$s
      namespace: bench
    ---
    apiVersion: v1
    kind: Pod
    metadata:
      name: %1$s
      namespace: bench
      labels:
        app: %1$s
        istio.io/dataplane-mode: none
        istio.io/gateway-name: %1$s
        gateway.networking.k8s.io/gateway-name: %1$s
        gateway.istio.io/managed: ambit.dev-waypoint
    spec:
      nodeName: %2$s
      serviceAccountName: %1$s
    status:
      phase: Running
      podIPs:
      - ip: %3$s
    """
        .formatted(pod.name(), pod.node(), pod.address());
  }

  private static String service(String name, String vip, String waypoint) {
    return """
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: %s
      namespace: bench
      labels:
        istio.io/use-waypoint: %s
    spec:
      clusterIP: %s
      selector:
        app: server
      ports:
      - name: http
        port: 80
        targetPort: 8080
      - name: http2
        port: 81
        targetPort: 8081
    """
        .formatted(name, waypoint, vip);
  }

  private static String routes(int number) {
    String rules =
        IntStream.range(number * RULES_A_ROUTE, (number + 1) * RULES_A_ROUTE)
            .mapToObj(
                """
                  - matches:
                    - path:
                        type: PathPrefix
                        value: /route-%d
                    backendRefs:
                    - name: through-ambit
                      port: 80
                """
                    ::formatted)
            .collect(Collectors.joining());
    return """
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      name: routes-%d
      namespace: bench
    spec:
      parentRefs:
      - kind: Service
        group: ""
        name: through-ambit
        port: 80
      rules:
    %s\
    """
        .formatted(number, rules);
  }
}
