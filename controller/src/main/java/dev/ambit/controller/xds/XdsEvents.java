package dev.ambit.controller.xds;

import java.time.Duration;

/** What happens on the streams of all clients, for metrics. Called under locks: count only. */
public interface XdsEvents {
  void sent(ResourceType type, int resources, int removed);

  /**
   * @param since from the first change of the response to the client's answer
   */
  void acknowledged(ResourceType type, Duration since);

  void rejected(ResourceType type);

  /** An answer to a response that is no longer the last one. */
  void stale(ResourceType type);
}
