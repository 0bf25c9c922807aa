package dev.ambit.controller.source;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one namespace, by name. Immutable.
 *
 * @param others those that only waypoints go by, named {@code KIND/NAME}
 * @param namespace the Namespace object; null when only its content is known, which means no labels
 */
public record NamespaceObjects(
    @Nullable Namespace namespace,
    Map<String, Pod> pods,
    Map<String, KubernetesService> services,
    Map<String, AuthorizationPolicy> policies,
    Map<String, PeerAuthentication> peerAuthentications,
    Map<String, Carried> others) {

  /** A namespace without anything. */
  public static final NamespaceObjects EMPTY =
      new NamespaceObjects(null, Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

  public NamespaceObjects {
    pods = Map.copyOf(pods);
    services = Map.copyOf(services);
    policies = Map.copyOf(policies);
    peerAuthentications = Map.copyOf(peerAuthentications);
    others = Map.copyOf(others);
  }

  /**
   * An object and how it was written.
   *
   * @param spec as JSON, "" when there is none
   */
  public record Carried(ClusterObject object, String spec) {}

  /** The objects of one kind among the others. */
  public <T extends ClusterObject> List<T> all(Class<T> kind) {
    List<T> found = new ArrayList<>();
    for (Carried each : others.values()) {
      if (kind.isInstance(each.object())) {
        found.add(kind.cast(each.object()));
      }
    }
    return found;
  }

  /** A label of the namespace, "" when absent. */
  public String label(String key) {
    Metadata metadata = namespace == null ? null : namespace.metadata();
    return metadata == null ? "" : metadata.labels().getOrDefault(key, "");
  }

  /** An annotation of the namespace, "" when absent. */
  public String annotation(String key) {
    Metadata metadata = namespace == null ? null : namespace.metadata();
    return metadata == null ? "" : metadata.annotations().getOrDefault(key, "");
  }
}
