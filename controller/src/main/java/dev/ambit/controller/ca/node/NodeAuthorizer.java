package dev.ambit.controller.ca.node;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.Pod;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Says whether a node may hold the certificate of an identity: only while a pod with that service
 * account is there and not over (spec: ca §6). Thread-safe.
 */
public final class NodeAuthorizer {
  private final String trustDomain;
  private volatile Placement placement = new Placement(ClusterInput.EMPTY);

  /** Which service accounts live where, looked up once a node and input. */
  private static final class Placement {
    private final ClusterInput input;
    private final Map<String, Set<String>> accounts = new ConcurrentHashMap<>();

    private Placement(ClusterInput input) {
      this.input = input;
    }

    private Set<String> on(String node) {
      Set<String> known = accounts.get(node);
      if (known != null) {
        return known;
      }
      Set<String> found = new HashSet<>();
      for (Pod pod : input.podsOn(node)) {
        if (!pod.phase().terminal()) {
          found.add(pod.metadata().namespace() + "/" + pod.serviceAccount());
        }
      }
      // Nodes without pods are not remembered: their names are the callers' choice.
      return found.isEmpty() ? found : accounts.computeIfAbsent(node, _ -> found);
    }
  }

  public NodeAuthorizer(String trustDomain) {
    this.trustDomain = trustDomain;
  }

  /** Follows the cluster. */
  public void update(ClusterInput input) {
    placement = new Placement(input);
  }

  /** The node of {@code pod}; empty unless it is there, not over, and runs as it says. */
  public Optional<String> nodeOf(PodName pod) {
    Pod found = placement.input.in(pod.namespace()).pods().get(pod.name());
    return found == null
            || found.phase().terminal()
            || !found.serviceAccount().equals(pod.serviceAccount())
        ? Optional.empty()
        : Optional.of(found.node());
  }

  /** Why {@code node} may not act for {@code identity}; empty when it may. */
  public Optional<String> objection(String node, SpiffeId identity) {
    if (!identity.trustDomain().equals(trustDomain)) {
      return Optional.of(
          "trust domain: got " + identity.trustDomain() + ", expected " + trustDomain);
    }
    if (!placement.on(node).contains(identity.namespace() + "/" + identity.serviceAccount())) {
      return Optional.of("no running pod of " + identity + " on node " + node);
    }
    return Optional.empty();
  }
}
