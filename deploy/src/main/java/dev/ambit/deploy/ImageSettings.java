package dev.ambit.deploy;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a container of an image is run, unless its starter says otherwise.
 *
 * @param name with its tag, "ambit/waypoint:0.1.0"
 * @param user numbers of user and group
 * @param ports it listens on, all TCP
 */
record ImageSettings(
    String name,
    String user,
    List<Integer> ports,
    SortedMap<String, String> environment,
    List<String> entrypoint,
    SortedMap<String, String> labels) {
  ImageSettings {
    ports = ports.stream().sorted().toList();
    entrypoint = List.copyOf(entrypoint);
  }

  static SortedMap<String, String> sorted(Map<String, String> map) {
    return new TreeMap<>(map);
  }
}
