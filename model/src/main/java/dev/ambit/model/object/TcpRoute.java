package dev.ambit.model.object;

import java.util.List;

/** A {@code gateway.networking.k8s.io TCPRoute} (spec: http-routing §7). */
public record TcpRoute(Metadata metadata, List<ParentReference> parents, List<Rule> rules)
    implements ClusterObject {
  public TcpRoute {
    parents = List.copyOf(parents);
    rules = List.copyOf(rules);
  }

  @Override
  public TcpRoute withMetadata(Metadata other) {
    return new TcpRoute(other, parents, rules);
  }

  /** Where connections go. Only the first rule is ever used: it matches everything. */
  public record Rule(String name, List<BackendReference> backends) {
    public Rule {
      backends = List.copyOf(backends);
    }
  }
}
