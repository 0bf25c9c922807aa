package dev.ambit.model.workload;

import dev.ambit.model.identity.SpiffeId;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Collects the fields of a {@link Workload}; what is not said keeps its wire default. Confined to
 * one thread.
 */
public final class WorkloadBuilder {
  private final String uid;
  private String name = "";
  private String namespace = "";
  private String serviceAccount = "default";
  private String trustDomain = SpiffeId.DEFAULT_TRUST_DOMAIN;
  private String network = "";
  private List<InetAddress> addresses = List.of();
  private String hostname = "";
  private Workload.Tunnel tunnel = Workload.Tunnel.NONE;
  private boolean nativeTunnel = false;
  private Workload.NetworkMode networkMode = Workload.NetworkMode.STANDARD;
  private Workload.Status status = Workload.Status.HEALTHY;
  private String node = "";
  private String clusterId = "Kubernetes";
  private Locality locality = Locality.UNKNOWN;
  private String workloadName = "";
  private Workload.Type type = Workload.Type.DEPLOYMENT;
  private String canonicalName = "";
  private String canonicalRevision = "";
  private @Nullable GatewayAddress waypoint;
  private @Nullable GatewayAddress networkGateway;
  private @Nullable ApplicationTunnel applicationTunnel;
  private Map<ServiceKey, Map<Integer, Integer>> services = Map.of();
  private List<String> policies = List.of();
  private int capacity = 1;

  WorkloadBuilder(String uid) {
    this.uid = uid;
  }

  public WorkloadBuilder name(String name) {
    this.name = name;
    return this;
  }

  public WorkloadBuilder namespace(String namespace) {
    this.namespace = namespace;
    return this;
  }

  public WorkloadBuilder serviceAccount(String serviceAccount) {
    this.serviceAccount = serviceAccount;
    return this;
  }

  public WorkloadBuilder trustDomain(String trustDomain) {
    this.trustDomain = trustDomain;
    return this;
  }

  public WorkloadBuilder network(String network) {
    this.network = network;
    return this;
  }

  public WorkloadBuilder addresses(List<InetAddress> addresses) {
    this.addresses = addresses;
    return this;
  }

  public WorkloadBuilder hostname(String hostname) {
    this.hostname = hostname;
    return this;
  }

  public WorkloadBuilder tunnel(Workload.Tunnel tunnel) {
    this.tunnel = tunnel;
    return this;
  }

  public WorkloadBuilder nativeTunnel(boolean nativeTunnel) {
    this.nativeTunnel = nativeTunnel;
    return this;
  }

  public WorkloadBuilder networkMode(Workload.NetworkMode networkMode) {
    this.networkMode = networkMode;
    return this;
  }

  public WorkloadBuilder status(Workload.Status status) {
    this.status = status;
    return this;
  }

  public WorkloadBuilder node(String node) {
    this.node = node;
    return this;
  }

  public WorkloadBuilder clusterId(String clusterId) {
    this.clusterId = clusterId;
    return this;
  }

  public WorkloadBuilder locality(Locality locality) {
    this.locality = locality;
    return this;
  }

  public WorkloadBuilder workloadName(String workloadName) {
    this.workloadName = workloadName;
    return this;
  }

  public WorkloadBuilder type(Workload.Type type) {
    this.type = type;
    return this;
  }

  public WorkloadBuilder canonicalName(String canonicalName) {
    this.canonicalName = canonicalName;
    return this;
  }

  public WorkloadBuilder canonicalRevision(String canonicalRevision) {
    this.canonicalRevision = canonicalRevision;
    return this;
  }

  public WorkloadBuilder waypoint(@Nullable GatewayAddress waypoint) {
    this.waypoint = waypoint;
    return this;
  }

  public WorkloadBuilder networkGateway(@Nullable GatewayAddress networkGateway) {
    this.networkGateway = networkGateway;
    return this;
  }

  public WorkloadBuilder applicationTunnel(@Nullable ApplicationTunnel applicationTunnel) {
    this.applicationTunnel = applicationTunnel;
    return this;
  }

  public WorkloadBuilder services(Map<ServiceKey, Map<Integer, Integer>> services) {
    this.services = services;
    return this;
  }

  public WorkloadBuilder policies(List<String> policies) {
    this.policies = policies;
    return this;
  }

  public WorkloadBuilder capacity(int capacity) {
    this.capacity = capacity;
    return this;
  }

  /** Replaces what many workloads have in common by objects that {@code values} has seen. */
  public WorkloadBuilder sharing(SharedValues values) {
    namespace = values.one(namespace);
    serviceAccount = values.one(serviceAccount);
    trustDomain = values.one(trustDomain);
    network = values.one(network);
    node = values.one(node);
    clusterId = values.one(clusterId);
    locality = values.one(locality);
    workloadName = values.one(workloadName);
    canonicalName = values.one(canonicalName);
    canonicalRevision = values.one(canonicalRevision);
    waypoint = values.oneOrNull(waypoint);
    networkGateway = values.oneOrNull(networkGateway);
    applicationTunnel = values.oneOrNull(applicationTunnel);
    services = values.one(Map.copyOf(services));
    policies = values.one(List.copyOf(policies));
    return this;
  }

  public Workload build() {
    return new Workload(
        uid,
        name,
        namespace,
        serviceAccount,
        trustDomain,
        network,
        addresses,
        hostname,
        tunnel,
        nativeTunnel,
        networkMode,
        status,
        node,
        clusterId,
        locality,
        workloadName,
        type,
        canonicalName,
        canonicalRevision,
        waypoint,
        networkGateway,
        applicationTunnel,
        services,
        policies,
        capacity);
  }
}
