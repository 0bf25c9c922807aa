package dev.ambit.model;

/**
 * Everything that can go wrong with one connection, as access log, metrics, command line and {@code
 * docs/failures.md} print it (spec: ztunnel-observability §1.1, hbone §7).
 */
public enum Failure {
  POLICY_DENIED("DENY", 401, "An AuthorizationPolicy or PeerAuthentication forbids it."),
  POLICY_CHANGED("DENY", 401, "A policy that forbids it arrived while it was open."),
  UNREACHABLE("CONNECT", 503, "The next hop did not accept the TCP connection."),
  CONNECT_TIMEOUT("CONNECT", 503, "The next hop did not answer the TCP connection in time."),
  BLOCKED_TUNNEL_PORT(
      "NETWORK_POLICY",
      503,
      "Port 15008 of the next hop did not answer; a NetworkPolicy may block it."),
  TLS("TLS_FAILURE", 503, "The next hop could not prove the identity expected of it."),
  HTTP2("H2_HANDSHAKE_FAILURE", 503, "The tunnel broke below the connection."),
  TUNNEL_REFUSED("CONNECT", 503, "The far proxy answered CONNECT with an error status."),
  NO_CERTIFICATE("IDENTITY_ERROR", 503, "No certificate for this identity; the CA may be down."),
  REVOKED("CERT_REVOKED", 503, "The peer's certificate is revoked."),
  NO_HEALTHY_ENDPOINT("CONNECT", 503, "The service has no healthy endpoint for this port."),
  UNKNOWN_WAYPOINT("CONNECT", 503, "The waypoint of the destination is not known."),
  NO_GATEWAY("CONNECT", 503, "The destination is on another network and no gateway leads there."),
  UNKNOWN_WORKLOAD("CONNECT", 503, "The local workload is not known to the control plane yet."),
  BAD_REQUEST("CONNECT", 400, "The tunnel request is not a CONNECT with host and port."),
  WRONG_DESTINATION("CONNECT", 400, "The tunnel request names an address this pod does not serve."),
  UNKNOWN_DESTINATION("CONNECT", 503, "The tunnel request names a host or port that is not known."),
  OWN_PORT("CONNECT", 503, "The destination is a port of the proxy itself."),
  OVERLOADED("CONNECT", 503, "A limit of this proxy is reached; see its metrics."),
  DRAINED("CONNECT", 503, "The proxy or the pod went away and the drain deadline passed."),
  BROKEN("CONNECT", 503, "A side of the connection failed while it was open.");

  private final String flag;
  private final int status;
  private final String advice;

  Failure(String flag, int status, String advice) {
    this.flag = flag;
    this.status = status;
    this.advice = advice;
  }

  /** The value of the metric label {@code response_flags}. */
  public String flag() {
    return flag;
  }

  /** The HTTP status a CONNECT request is answered with. */
  public int status() {
    return status;
  }

  /** One sentence saying what an operator should look at. */
  public String advice() {
    return advice;
  }
}
