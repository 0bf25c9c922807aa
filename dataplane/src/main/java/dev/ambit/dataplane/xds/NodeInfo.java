package dev.ambit.dataplane.xds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who the proxy says it is (spec: workload-xds §2.1).
 *
 * @param metadata values are strings, booleans, numbers, lists and maps of such
 */
public record NodeInfo(String id, Map<String, Object> metadata) {
  public NodeInfo {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }
}
