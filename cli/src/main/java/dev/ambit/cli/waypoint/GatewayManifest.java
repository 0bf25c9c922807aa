package dev.ambit.cli.waypoint;

/**
 * A Gateway that makes a waypoint, as istioctl writes it (spec: waypoint-selection §10). Pure.
 *
 * @param serves value of {@link #FOR}; "" leaves it out and means services
 * @param revision of the control plane; "" leaves it out
 */
record GatewayManifest(
    String namespace, String name, String className, String serves, String revision) {
  static final String FOR = "istio.io/waypoint-for";
  static final String REVISION = "istio.io/rev";

  String yaml() {
    StringBuilder text = new StringBuilder();
    text.append("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n");
    text.append("  name: ").append(name).append('\n');
    text.append("  namespace: ").append(namespace).append('\n');
    if (!serves.isEmpty() || !revision.isEmpty()) {
      text.append("  labels:\n");
      label(text, FOR, serves);
      label(text, REVISION, revision);
    }
    text.append("spec:\n  gatewayClassName: ").append(className).append('\n');
    text.append("  listeners:\n    - name: mesh\n      port: 15008\n      protocol: HBONE\n");
    return text.toString();
  }

  private static void label(StringBuilder text, String name, String value) {
    if (!value.isEmpty()) {
      text.append("    ").append(name).append(": ").append(value).append('\n');
    }
  }
}
