package dev.ambit.model.mesh;

import dev.ambit.model.policy.Policies;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * One immutable, consistent state of the mesh: what every decision reads (spec: workload-xds §6).
 */
public final class MeshView implements Policies {
  private static final MeshView EMPTY = new MeshView();

  private MeshView() {}

  /** A mesh without anything. */
  public static MeshView empty() {
    return EMPTY;
  }

  /** This view after {@code change}; shares what did not change. */
  public MeshView with(MeshChange change) {
    throw new UnsupportedOperationException("with");
  }

  /** This view after each of {@code changes}, in order. */
  public MeshView with(List<MeshChange> changes) {
    throw new UnsupportedOperationException("with");
  }

  public Optional<Workload> workload(String uid) {
    throw new UnsupportedOperationException("workload");
  }

  /** The preferred workload at an address; HOST_NETWORK ones are not found this way. */
  public Optional<Workload> workloadAt(NetworkAddress address) {
    throw new UnsupportedOperationException("workloadAt");
  }

  /** The workload of a pod as the node agent names it. */
  public Optional<Workload> pod(String namespace, String name, String serviceAccount) {
    throw new UnsupportedOperationException("pod");
  }

  public Optional<Service> service(ServiceKey key) {
    throw new UnsupportedOperationException("service");
  }

  /** The service that owns a virtual IP, as a client in {@code clientNamespace} sees it. */
  public Optional<Service> serviceAt(NetworkAddress address, String clientNamespace) {
    throw new UnsupportedOperationException("serviceAt");
  }

  /** The service with a hostname, as a client in {@code clientNamespace} sees it. */
  public Optional<Service> serviceNamed(String hostname, String clientNamespace) {
    throw new UnsupportedOperationException("serviceNamed");
  }

  /**
   * The workloads that name {@code key} as their service and may be used under its health policy.
   */
  public List<Workload> endpoints(ServiceKey key) {
    throw new UnsupportedOperationException("endpoints");
  }

  @Override
  public Optional<Policy> policy(PolicyKey key) {
    throw new UnsupportedOperationException("policy");
  }

  public Collection<Workload> workloads() {
    throw new UnsupportedOperationException("workloads");
  }

  public Collection<Service> services() {
    throw new UnsupportedOperationException("services");
  }

  @Override
  public Collection<Policy> policies() {
    throw new UnsupportedOperationException("policies");
  }
}
