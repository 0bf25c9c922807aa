package dev.ambit.model.http;

/**
 * What a waypoint answers by itself: status, body and the flag of access log and metrics (spec:
 * traffic-policy §8, http-routing §5).
 */
public enum LocalReply {
  NO_ROUTE("NR", 404, ""),
  NO_BACKEND("-", 500, ""),
  UNKNOWN_CLUSTER("NC", 503, ""),
  NO_HEALTHY_ENDPOINT("UH", 503, "no healthy upstream"),
  OVERFLOW(
      "UO",
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: overflow"),
  CONNECT_FAILURE(
      "UF",
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: connection"
          + " failure"),
  CONNECTION_CLOSED(
      "UC",
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: connection"
          + " termination"),
  REMOTE_RESET(
      "UR",
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: remote reset"),
  TIMEOUT("UT", 504, "upstream request timeout"),
  STREAM_IDLE("SI", 408, "stream timeout"),
  BAD_REQUEST("DPE", 400, ""),
  UPSTREAM_PROTOCOL(
      "UPE",
      502,
      "upstream connect error or disconnect/reset before headers. reset"
          + " reason: protocol error"),
  FORBIDDEN("-", 403, "RBAC: access denied"),
  CHECK_DENIED("UAEX", 403, ""),
  RATE_LIMITED("RL", 429, "local_rate_limited"),
  FAULT("FI", 503, "fault filter abort"),
  DRAINED("DO", 503, "drop_overload");

  private final String flag;
  private final int status;
  private final String body;

  LocalReply(String flag, int status, String body) {
    this.flag = flag;
    this.status = status;
    this.body = body;
  }

  /** The response flag, {@code -} for none. */
  public String flag() {
    return flag;
  }

  public int status() {
    return status;
  }

  public String body() {
    return body;
  }

  /** The grpc-status that tells a gRPC client of {@code status}; HTTP then says 200. */
  public static int grpcStatus(int status) {
    return switch (status) {
      case 400 -> 13;
      case 401 -> 16;
      case 403 -> 7;
      case 404 -> 12;
      case 429, 502, 503, 504 -> 14;
      default -> 2;
    };
  }
}
