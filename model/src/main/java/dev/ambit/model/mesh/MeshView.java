package dev.ambit.model.mesh;

import dev.ambit.model.policy.Policies;
import dev.ambit.model.policy.Policies.Compiled;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.LoadBalancing.HealthPolicy;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One immutable, consistent state of the mesh: what every decision reads (spec: workload-xds §6).
 * Any thread; take one view per decision.
 */
public final class MeshView implements Policies {
  private static final MeshView EMPTY =
      new MeshView(WorkloadIndex.EMPTY, ServiceIndex.EMPTY, PolicyIndex.EMPTY);

  private final WorkloadIndex workloads;
  private final ServiceIndex services;
  private final PolicyIndex policies;

  private MeshView(WorkloadIndex workloads, ServiceIndex services, PolicyIndex policies) {
    this.workloads = workloads;
    this.services = services;
    this.policies = policies;
  }

  /** A mesh without anything. */
  public static MeshView empty() {
    return EMPTY;
  }

  /** This view after {@code change}; shares what did not change. Itself when nothing did. */
  public MeshView with(MeshChange change) {
    return switch (change) {
      case MeshChange.WorkloadPut(Workload workload) ->
          with(workloads.with(workload), services, policies);
      case MeshChange.ServicePut(Service service) ->
          with(workloads, services.with(service), policies);
      case MeshChange.PolicyPut(Policy policy) -> with(workloads, services, policies.with(policy));
      case MeshChange.AddressRemoved(String name) -> withoutAddress(name);
      case MeshChange.PolicyRemoved(PolicyKey key) -> {
        Compiled old = policies.named(key.toString());
        yield old == null ? this : with(workloads, services, policies.without(old));
      }
    };
  }

  /** This view after each of {@code changes}, in order. */
  public MeshView with(List<MeshChange> changes) {
    MeshView view = this;
    for (MeshChange change : changes) {
      view = view.with(change);
    }
    return view;
  }

  private MeshView with(
      WorkloadIndex nextWorkloads, ServiceIndex nextServices, PolicyIndex nextPolicies) {
    boolean same =
        nextWorkloads == workloads && nextServices == services && nextPolicies == policies;
    return same ? this : new MeshView(nextWorkloads, nextServices, nextPolicies);
  }

  private MeshView withoutAddress(String name) {
    Workload workload = workloads.named(name);
    if (workload != null) {
      return with(workloads.without(workload), services, policies);
    }
    Service service = ServiceKey.parse(name).map(services::named).orElse(null);
    return service == null ? this : with(workloads, services.without(service), policies);
  }

  public Optional<Workload> workload(String uid) {
    return Optional.ofNullable(workloads.named(uid));
  }

  /** The preferred workload at an address; HOST_NETWORK ones are not found this way. */
  public Optional<Workload> workloadAt(NetworkAddress address) {
    return Optional.ofNullable(workloads.at(address));
  }

  /** The workload of a pod as the node agent names it. */
  public Optional<Workload> pod(String namespace, String name, String serviceAccount) {
    return Optional.ofNullable(
        workloads.pod(new WorkloadIndex.PodName(namespace, name, serviceAccount)));
  }

  /** The workload that has {@code key}'s hostname in its namespace and is resolved by DNS. */
  public Optional<Workload> workloadBehind(ServiceKey key) {
    return Optional.ofNullable(workloads.behind(key));
  }

  public Optional<Service> service(ServiceKey key) {
    return Optional.ofNullable(services.named(key));
  }

  /** The service that owns a virtual IP, as a client in {@code clientNamespace} sees it. */
  public Optional<Service> serviceAt(NetworkAddress address, String clientNamespace) {
    return Optional.ofNullable(services.at(address, clientNamespace));
  }

  /** The service with a hostname, as a client in {@code clientNamespace} sees it. */
  public Optional<Service> serviceNamed(String hostname, String clientNamespace) {
    return Optional.ofNullable(services.called(hostname, clientNamespace));
  }

  /** The services with a hostname in any namespace, whoever may see them; in the order of keys. */
  public List<Service> servicesNamed(String hostname) {
    return services.byHostname().get(hostname, List.of());
  }

  /**
   * The workloads that name {@code key} as their service and may be used under its health policy.
   */
  public List<Workload> endpoints(ServiceKey key) {
    Service service = services.named(key);
    HealthPolicy health =
        service == null ? HealthPolicy.ONLY_HEALTHY : service.loadBalancing().health();
    return workloads.byService().get(key, Endpoints.NONE).usable(health);
  }

  /** Every workload that names {@code key} as its service, healthy or not. */
  public List<Workload> members(ServiceKey key) {
    return workloads.byService().get(key, Endpoints.NONE).usable(HealthPolicy.ALLOW_ALL);
  }

  @Override
  public Optional<Policy> policy(PolicyKey key) {
    return Optional.ofNullable(policies.named(key.toString())).map(Compiled::policy);
  }

  public Collection<Workload> workloads() {
    return workloads.all();
  }

  public Collection<Service> services() {
    return services.all();
  }

  @Override
  public Collection<Policy> policies() {
    return policies.byName().values().stream().map(Compiled::policy).toList();
  }

  /** Whether {@code other} was made without a change of policies in between. */
  public boolean hasSamePolicies(MeshView other) {
    return policies == other.policies;
  }

  /** Whether {@code other} was made without a change of services in between. */
  public boolean hasSameServices(MeshView other) {
    return services == other.services;
  }

  @Override
  public List<Compiled> globalPolicies() {
    return policies.global();
  }

  @Override
  public List<Compiled> policiesOf(String namespace) {
    return policies.ofNamespace(namespace);
  }

  @Override
  public @Nullable Compiled policyNamed(String name) {
    return policies.named(name);
  }
}
