package dev.ambit.controller.source;

import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.WorkloadEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything the controller was told, at one moment. Immutable; two inputs share what did not
 * change between them.
 *
 * @param namespaces objects by namespace
 * @param facts capture state of pods, named {@code namespace/name} (spec: enrolment §2)
 */
public record ClusterInput(
    Map<String, NamespaceObjects> namespaces, Map<String, EnrolmentFacts.State> facts) {

  /** Nothing at all. */
  public static final ClusterInput EMPTY = new ClusterInput(Map.of(), Map.of());

  public ClusterInput {
    namespaces = Map.copyOf(namespaces);
    facts = Map.copyOf(facts);
  }

  /** The objects of {@code namespace}; an empty set when there are none. */
  public NamespaceObjects in(String namespace) {
    NamespaceObjects found = namespaces.get(namespace);
    return found == null ? NamespaceObjects.EMPTY : found;
  }

  /** This input with other facts. */
  public ClusterInput withFacts(Map<String, EnrolmentFacts.State> newFacts) {
    return new ClusterInput(namespaces, newFacts);
  }

  /** Groups {@code objects} of which nobody knows how they were written. */
  public static ClusterInput of(
      Collection<? extends ClusterObject> objects, Map<String, EnrolmentFacts.State> facts) {
    return of(objects, Map.of(), facts);
  }

  /**
   * Groups {@code objects}, of which no two have the same kind, namespace and name.
   *
   * @param specs as JSON, by {@code KIND/NAMESPACE/NAME}
   */
  public static ClusterInput of(
      Collection<? extends ClusterObject> objects,
      Map<String, String> specs,
      Map<String, EnrolmentFacts.State> facts) {
    Map<String, Group> groups = new HashMap<>();
    for (ClusterObject object : objects) {
      Metadata metadata = object.metadata();
      String namespace = object instanceof Namespace ? metadata.name() : metadata.namespace();
      groups.computeIfAbsent(namespace, _ -> new Group()).add(object, specs);
    }
    Map<String, NamespaceObjects> namespaces = HashMap.newHashMap(groups.size());
    groups.forEach((name, group) -> namespaces.put(name, group.objects()));
    return new ClusterInput(namespaces, facts);
  }

  /** A namespace while it is collected. */
  private static final class Group {
    private @Nullable Namespace namespace;
    private final Map<String, Pod> pods = new HashMap<>();
    private final Map<String, KubernetesService> services = new HashMap<>();
    private final Map<String, AuthorizationPolicy> policies = new HashMap<>();
    private final Map<String, PeerAuthentication> peerAuthentications = new HashMap<>();
    private final Map<String, NamespaceObjects.Carried> others = new HashMap<>();

    void add(ClusterObject object, Map<String, String> specs) {
      String name = object.metadata().name();
      switch (object) {
        case Namespace found -> namespace = found;
        case Pod pod -> pods.put(name, pod);
        case KubernetesService service -> services.put(name, service);
        case AuthorizationPolicy policy -> policies.put(name, policy);
        case PeerAuthentication peer -> peerAuthentications.put(name, peer);
        case ServiceAccount _ -> {
          // Identities come from pods; an account alone is nobody's.
        }
        case DestinationRule _,
            Gateway _,
            GatewayClass _,
            GrpcRoute _,
            HttpRoute _,
            MeshConfig _,
            ReferenceGrant _,
            RequestAuthentication _,
            Secret _,
            ServiceEntry _,
            TcpRoute _,
            Telemetry _,
            TlsRoute _,
            VirtualService _,
            WorkloadEntry _ -> {
          String key = object.kind() + "/" + object.metadata().namespace() + "/" + name;
          others.put(
              object.kind() + "/" + name,
              new NamespaceObjects.Carried(object, specs.getOrDefault(key, "")));
        }
      }
    }

    NamespaceObjects objects() {
      return new NamespaceObjects(namespace, pods, services, policies, peerAuthentications, others);
    }
  }

  /** Every node that a pod names. */
  public Set<String> nodes() {
    Set<String> nodes = new HashSet<>();
    for (NamespaceObjects objects : namespaces.values()) {
      for (Pod pod : objects.pods().values()) {
        if (!pod.node().isEmpty()) {
          nodes.add(pod.node());
        }
      }
    }
    return nodes;
  }

  /** The pods of {@code node}. */
  public List<Pod> podsOn(String node) {
    List<Pod> found = new ArrayList<>();
    for (NamespaceObjects objects : namespaces.values()) {
      for (Pod pod : objects.pods().values()) {
        if (pod.node().equals(node)) {
          found.add(pod);
        }
      }
    }
    return found;
  }
}
