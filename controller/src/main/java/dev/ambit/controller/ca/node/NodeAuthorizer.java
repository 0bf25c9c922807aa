package dev.ambit.controller.ca.node;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.Pod;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Says whether a node may hold the certificate of an identity: only while a pod with that service
 * account is there and not over (spec: ca §6); and which waypoint a client on it is. Thread-safe.
 */
public final class NodeAuthorizer {
  private static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

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

  /**
   * The waypoint, {@code namespace/name}, of the pod that {@code nodeId} names; empty unless that
   * pod is on {@code node} and its label names a Gateway of its namespace.
   *
   * @param proven the only pod the caller speaks for; "" for all of the node
   * @param nodeId {@code TYPE~IP~POD.NAMESPACE~DOMAIN}
   */
  public Optional<String> waypoint(String node, String proven, String nodeId) {
    String[] parts = nodeId.split("~", -1);
    int dot = parts.length == 4 ? parts[2].lastIndexOf('.') : -1;
    if (dot < 0) {
      return Optional.empty();
    }
    String namespace = parts[2].substring(dot + 1);
    String name = parts[2].substring(0, dot);
    if (!proven.isEmpty() && !proven.equals(namespace + "/" + name)) {
      return Optional.empty();
    }
    NamespaceObjects objects = placement.input.in(namespace);
    Pod pod = objects.pods().get(name);
    if (pod == null || !pod.node().equals(node) || pod.phase().terminal()) {
      return Optional.empty();
    }
    String gateway = pod.metadata().labels().getOrDefault(GATEWAY_NAME, "");
    return objects.others().containsKey("Gateway/" + gateway)
        ? Optional.of(namespace + "/" + gateway)
        : Optional.empty();
  }
}
