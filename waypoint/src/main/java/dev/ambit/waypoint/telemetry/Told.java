package dev.ambit.waypoint.telemetry;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.server.Caller;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one exchange, filled as they become known and told once at its end. Fields, not
 * methods: it is a sheet of paper that one loop writes on.
 */
public final class Told {
  public final Caller caller;
  public final RequestHead request;

  /** Path and query before any rewrite. */
  public final String originalTarget;

  public final long startNanos;
  public long firstUpstreamByteNanos;
  public long endNanos;

  public int status;
  public int grpcStatus = -1;
  public String flags = "-";

  /** What the client was answered; null while it was not. */
  public @Nullable ResponseHead response;

  /** Envoy's word for how the status came about: {@code via_upstream}, {@code route_not_found}. */
  public String details = "";

  /** Why the upstream could not be reached. */
  public String transportFailure = "";

  public long bytesReceived;
  public long bytesSent;
  public long requestMessages;
  public long responseMessages;
  public String routeName = "";
  public String requestId = "";
  public int attempts;
  public Cluster.@Nullable Key cluster;
  public Cluster.@Nullable Endpoint endpoint;

  /** The policy that refused it, "" when none did. */
  public String deniedBy = "";

  public @Nullable Span span;

  public Told(Caller caller, RequestHead request, String originalTarget, long startNanos) {
    this.caller = caller;
    this.request = request;
    this.originalTarget = originalTarget;
    this.startNanos = startNanos;
  }
}
