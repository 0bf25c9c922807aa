package dev.ambit.model.object;

import java.util.List;

/** A {@code gateway.networking.k8s.io TLSRoute} (spec: http-routing §7). */
public record TlsRoute(
    Metadata metadata, List<ParentReference> parents, List<String> hostnames, List<Rule> rules)
    implements ClusterObject {
  public TlsRoute {
    parents = List.copyOf(parents);
    hostnames = List.copyOf(hostnames);
    rules = List.copyOf(rules);
  }

  @Override
  public TlsRoute withMetadata(Metadata other) {
    return new TlsRoute(other, parents, hostnames, rules);
  }

  /** Where connections go. Only the first rule is ever used: it matches everything. */
  public record Rule(String name, List<BackendReference> backends) {
    public Rule {
      backends = List.copyOf(backends);
    }
  }
}
