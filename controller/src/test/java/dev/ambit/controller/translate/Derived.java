package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a set of objects becomes, as a node would see it. */
final class Derived {
  private final Derivation derivation;
  private MeshView view = MeshView.empty();
  private List<MeshChange> changes = List.of();

  Derived(MeshSettings mesh) {
    this.derivation = new Derivation(mesh);
  }

  static Derived of(ClusterObject... objects) {
    return of(MeshSettings.DEFAULT, Map.of(), objects);
  }

  static Derived of(
      MeshSettings mesh, Map<String, EnrolmentFacts.State> facts, ClusterObject... objects) {
    return new Derived(mesh).then(facts, objects);
  }

  Derived then(ClusterObject... objects) {
    return then(Map.of(), objects);
  }

  Derived then(Map<String, EnrolmentFacts.State> facts, ClusterObject... objects) {
    changes = derivation.derive(ClusterInput.of(List.of(objects), facts));
    view = view.with(changes);
    return this;
  }

  List<MeshChange> changes() {
    return changes;
  }

  MeshView view() {
    return view;
  }

  List<Condition> conditions() {
    return derivation.conditions();
  }

  Optional<Workload> pod(String namespace, String name) {
    return view.workload("Kubernetes//Pod/" + namespace + "/" + name);
  }

  Workload existing(String namespace, String name) {
    return pod(namespace, name).orElseThrow();
  }

  Optional<Service> service(String namespace, String name) {
    return view.service(new ServiceKey(namespace, name + "." + namespace + ".svc.cluster.local"));
  }

  Optional<Policy> policy(String namespace, String name) {
    return view.policy(new PolicyKey(namespace, name));
  }

  /** Whether a connection to {@code port} of the pod is let in. */
  boolean allows(String namespace, String name, int port, @Nullable SpiffeId client) {
    Workload pod = existing(namespace, name);
    InetAddress source = InetAddress.ofLiteral("10.9.9.9");
    return Authorizer.decide(
            view,
            pod,
            new Peer(source, client, new InetSocketAddress(pod.addresses().getFirst(), port)))
        instanceof Verdict.Allowed;
  }
}
