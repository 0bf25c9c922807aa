package dev.ambit.waypoint.telemetry;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import org.jspecify.annotations.Nullable;

/** Tells of exchanges and connections. Called on their loops; never blocks. */
public interface Recorder {
  /**
   * Before anything else of a request: gives it an id and a span, and writes both into its headers
   * ({@code x-request-id}, {@code traceparent} or B3).
   */
  void begun(Told told);

  /** The headers of each try carry the span of the exchange; called before it is sent. */
  void sending(Told told, RequestHead outgoing);

  /** Once, at the end. */
  void ended(Told told);

  /** A connection that is not HTTP was opened. */
  Connection opened(Caller caller, String serverName);

  /** A connection under way. */
  interface Connection {
    /** Policies have decided. */
    default void judged(HttpAuthorizer.Decision decision) {}

    /** It is refused by somebody else than a policy's own rules. */
    default void refusedBy(String whom) {}

    void connected(Cluster.Key cluster, Cluster.@Nullable Endpoint endpoint);

    void received(int bytes);

    void sent(int bytes);

    /** Once. */
    void closed(String flags, String details);
  }
}
