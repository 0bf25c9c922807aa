package dev.ambit.waypoint.exchange;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.server.StreamService;

/** Serves connections that are not HTTP: each one is a {@link Connection} of its own. Any loop. */
public final class Streams implements StreamService {
  private final Exchanges.Parts parts;

  public Streams(Exchanges.Parts parts) {
    this.parts = parts;
  }

  @Override
  public void serve(Caller caller, String serverName, Leg client) {
    Snapshot snapshot = parts.programming().current();
    Caller now = Exchanges.upToDate(caller, snapshot);
    new Connection(parts, snapshot, now, serverName, client).begin();
  }
}
