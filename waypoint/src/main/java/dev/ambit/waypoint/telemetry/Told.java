package dev.ambit.waypoint.telemetry;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.policy.Verdict;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
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

  /** The same moment as time of day; 0 until it was begun. */
  public long startUnixNanos;

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

  /** The path of the rule that matched, for the name of its span: {@code /shop*}; "" for any. */
  public String pathPattern = "";

  public String requestId = "";
  public int attempts;
  public Cluster.@Nullable Key cluster;
  public Cluster.@Nullable Endpoint endpoint;

  /** The policy that refused it, "" when none did. */
  public String deniedBy = "";

  /** What policies decided; null when they were not asked. */
  public HttpAuthorizer.@Nullable Decision decision;

  public @Nullable Span span;

  /** Of the TLS hello inside a connection that is not HTTP. */
  public String serverName = "";

  public Told(Caller caller, RequestHead request, String originalTarget, long startNanos) {
    this.caller = caller;
    this.request = request;
    this.originalTarget = originalTarget;
    this.startNanos = startNanos;
  }

  /** Notes what policies decided. */
  public void judged(HttpAuthorizer.Decision judgement) {
    decision = judgement;
    if (judgement.verdict() instanceof Verdict.Denied denied && denied.by() != null) {
      deniedBy = denied.by().toString();
    }
  }

  /** Whether it is a request; else it is a connection, told of in the same way. */
  public boolean isHttp() {
    return !request.method().isEmpty();
  }

  /** Whether it is a call over gRPC. */
  public boolean isGrpc() {
    String type = request.headers().get("content-type");
    return type != null
        && type.startsWith("application/grpc")
        && (type.length() == 16 || type.charAt(16) == '+' || type.charAt(16) == ';');
  }

  /** The path before any rewrite, without query. */
  public String originalPath() {
    int question = originalTarget.indexOf('?');
    return question < 0 ? originalTarget : originalTarget.substring(0, question);
  }

  /** Address and port of the endpoint; "" when none was chosen. */
  public String upstreamAddress() {
    if (endpoint == null) {
      return "";
    }
    return endpoint.workload().addresses().isEmpty()
        ? endpoint.workload().hostname() + ":" + endpoint.port()
        : NetUtil.toSocketAddressString(
            new InetSocketAddress(endpoint.workload().addresses().getFirst(), endpoint.port()));
  }
}
