package dev.ambit.waypoint.server;

import io.netty.channel.EventLoop;

/** A client's connection inside a tunnel, as the end of the process sees it. */
interface InsideConnection {
  EventLoop loop();

  /** Takes what is under way to its end and asks the client to call elsewhere. On its loop. */
  void drain();

  /** Whether requests are under way. On its loop. */
  boolean isBusy();
}
