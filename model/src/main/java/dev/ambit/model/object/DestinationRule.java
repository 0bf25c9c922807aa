package dev.ambit.model.object;

import java.util.List;
import java.util.Map;

/**
 * A {@code networking.istio.io DestinationRule} (spec: traffic-policy).
 *
 * @param host a hostname, a short name, or one that begins with {@code *}
 * @param exportTo namespaces that see it, {@code .} and {@code *}; empty is every one
 * @param workloadSelector labels of the clients it is for; empty is every one
 */
public record DestinationRule(
    Metadata metadata,
    String host,
    TrafficPolicy policy,
    List<Subset> subsets,
    List<String> exportTo,
    Map<String, String> workloadSelector)
    implements ClusterObject {
  public DestinationRule {
    subsets = List.copyOf(subsets);
    exportTo = List.copyOf(exportTo);
    workloadSelector = Map.copyOf(workloadSelector);
  }

  @Override
  public DestinationRule withMetadata(Metadata other) {
    return new DestinationRule(other, host, policy, subsets, exportTo, workloadSelector);
  }

  /** The endpoints that carry all of {@code labels}. */
  public record Subset(String name, Map<String, String> labels, TrafficPolicy policy) {
    public Subset {
      labels = Map.copyOf(labels);
    }
  }
}
