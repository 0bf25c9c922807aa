package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.RetryPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Told;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request that was decided to be sent on.
 *
 * @param session null without
 */
record Errand(
    Caller caller,
    Told told,
    Outgoing outgoing,
    Cluster cluster,
    RequestBody body,
    @Nullable Session session) {
  RetryPolicy retry() {
    return outgoing.forward().retry();
  }

  /** How long all tries together may take; null is for ever. */
  @Nullable Duration overall() {
    Duration grpc =
        Grpc.is(outgoing.received().headers()) ? Grpc.timeout(outgoing.received().headers()) : null;
    return outgoing.forward().timeouts().overall(grpc);
  }

  @Nullable Duration perTry() {
    return outgoing.forward().timeouts().perTry();
  }
}
