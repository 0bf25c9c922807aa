package dev.ambit.waypoint.server;

import dev.ambit.dataplane.relay.Leg;

/** Takes connections that are not HTTP off the front. Called on the loop of the connection. */
public interface StreamService {
  /**
   * A connection to relay. The service owns {@code client}, which has not been started.
   *
   * @param serverName of the TLS hello inside, "" without one
   */
  void serve(Caller caller, String serverName, Leg client);
}
