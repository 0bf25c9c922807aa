package dev.ambit.waypoint.telemetry;

/**
 * Who this waypoint is, as telemetry says it.
 *
 * @param gateway name of the Gateway, which is its canonical service
 * @param revision canonical revision
 * @param ip of the pod, "" when not known
 * @param network that addresses without one are on
 */
public record Self(
    String namespace,
    String gateway,
    String pod,
    String revision,
    String ip,
    String cluster,
    String mesh,
    String network) {
  /** As Envoy's node would be named. */
  public String node() {
    return "waypoint~" + ip + '~' + pod + '.' + namespace + '~' + namespace + ".svc.cluster.local";
  }
}
