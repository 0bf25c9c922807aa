package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import java.util.Locale;

/** Envoy's words for how a status came about. */
final class Details {
  static final String VIA_UPSTREAM = "via_upstream";
  static final String DIRECT = "direct_response";
  static final String NO_ROUTE = "route_not_found";
  static final String NO_CLUSTER = "cluster_not_found";
  static final String BAD_PATH = "path_normalization_failed";
  static final String FAULT = "fault_filter_abort";
  static final String RATE_LIMITED = "local_rate_limited";
  static final String CHECK_DENIED = "ext_authz_denied";
  static final String CORS = "cors_response";
  static final String TIMEOUT = "response_timeout";
  static final String TRY_TIMEOUT = "upstream_per_try_timeout";
  static final String IDLE = "stream_idle_timeout";
  static final String TOO_LONG = "max_duration_timeout";
  private static final String REASON = "reset reason: ";

  private Details() {}

  static String of(LocalReply reply) {
    return switch (reply) {
      case NO_ROUTE -> NO_ROUTE;
      case NO_BACKEND -> DIRECT;
      case UNKNOWN_CLUSTER -> NO_CLUSTER;
      case NO_HEALTHY_ENDPOINT -> "no_healthy_upstream";
      case TIMEOUT -> TIMEOUT;
      case STREAM_IDLE -> IDLE;
      case FAULT -> FAULT;
      case RATE_LIMITED -> RATE_LIMITED;
      case CHECK_DENIED -> CHECK_DENIED;
      case BAD_REQUEST -> BAD_PATH;
      case DRAINED -> "drop_overload";
      case FORBIDDEN -> "rbac_access_denied";
      case OVERFLOW, CONNECT_FAILURE, CONNECTION_CLOSED, REMOTE_RESET, UPSTREAM_PROTOCOL ->
          "upstream_reset_before_response_started{" + reason(reply) + "}";
    };
  }

  /** For a response that had begun. */
  static String late(LocalReply reply) {
    return "upstream_reset_after_response_started{" + reason(reply) + "}";
  }

  private static String reason(LocalReply reply) {
    int at = reply.body().indexOf(REASON);
    String reason =
        at < 0
            ? reply.name().toLowerCase(Locale.ROOT)
            : reply.body().substring(at + REASON.length());
    return reason.replace(' ', '_');
  }
}
