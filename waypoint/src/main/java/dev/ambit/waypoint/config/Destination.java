package dev.ambit.waypoint.config;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.model.traffic.LocalRateLimit;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One port that clients call through this waypoint, with everything that is decided about it.
 * Immutable; made by {@link Snapshot}.
 *
 * @param service null when a workload was called by its own address
 * @param workload null when a service was called
 * @param routes what becomes of its HTTP requests
 * @param streams what becomes of its other connections
 * @param http who may send requests
 * @param tcp who may open connections that are not HTTP
 * @param jwt which tokens are accepted
 */
public record Destination(
    @Nullable Service service,
    @Nullable Workload workload,
    int port,
    Protocol protocol,
    RouteTable routes,
    StreamTable streams,
    HttpAuthorizer http,
    HttpAuthorizer tcp,
    JwtAuthentication jwt,
    Telemetry telemetry,
    RateLimits limits) {

  /** One without rate limits. */
  public Destination(
      @Nullable Service service,
      @Nullable Workload workload,
      int port,
      Protocol protocol,
      RouteTable routes,
      StreamTable streams,
      HttpAuthorizer http,
      HttpAuthorizer tcp,
      JwtAuthentication jwt,
      Telemetry telemetry) {
    this(
        service,
        workload,
        port,
        protocol,
        routes,
        streams,
        http,
        tcp,
        jwt,
        telemetry,
        RateLimits.NONE);
  }

  /** What the port speaks, as its Service says. */
  public enum Protocol {
    HTTP,
    HTTP2,
    GRPC,
    TCP,
    TLS,
    /** Nobody said: found out by the first bytes, TCP when the server speaks first. */
    DETECT
  }

  /**
   * What is told of its traffic.
   *
   * @param rules what the Telemetry objects come to
   */
  public record Telemetry(EffectiveTelemetry rules) {
    public static final Telemetry DEFAULT = new Telemetry(EffectiveTelemetry.DEFAULT);
  }

  /**
   * How many requests this process lets through (ADR 0008).
   *
   * @param all of the port; null for no limit
   * @param byRoute those a route takes, by its object, {@code Kind namespace/name}
   */
  public record RateLimits(@Nullable LocalRateLimit all, Map<String, LocalRateLimit> byRoute) {
    public static final RateLimits NONE = new RateLimits(null, Map.of());

    public RateLimits {
      byRoute = Map.copyOf(byRoute);
    }
  }

  /** For people and labels: the host name, or the workload's name. */
  public String name() {
    if (service != null) {
      return service.hostname();
    }
    return workload == null ? "unknown" : workload.name();
  }
}
