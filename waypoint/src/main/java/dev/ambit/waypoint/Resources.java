package dev.ambit.waypoint;

import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.waypoint.config.wire.ObjectDecoder;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Keeps the text of what the control plane sent, to be looked at, on its way to where it counts.
 */
final class Resources implements DeltaStream.Follower {
  private final DeltaStream.Follower next;
  private final ConcurrentSkipListMap<String, String> texts = new ConcurrentSkipListMap<>();

  Resources(DeltaStream.Follower next) {
    this.next = next;
  }

  @Override
  public String put(String name, byte[] value) {
    ObjectDecoder.json(value).ifPresent(text -> texts.put(name, text));
    return next.put(name, value);
  }

  @Override
  public void removed(String name) {
    texts.remove(name);
    next.removed(name);
  }

  @Override
  public void applied() {
    next.applied();
  }

  /** As JSON, by name. */
  Collection<String> texts() {
    return List.copyOf(texts.values());
  }
}
