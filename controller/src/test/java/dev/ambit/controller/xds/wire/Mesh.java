package dev.ambit.controller.xds.wire;

import dev.ambit.controller.xds.DeltaRequest;
import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.controller.xds.DeltaSession;
import dev.ambit.controller.xds.EncodedResource;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.controller.xds.VersionedResources;
import dev.ambit.controller.xds.XdsEvents;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A server without a wire, whose pushes run at once on the thread of the test. */
final class Mesh implements XdsEvents {
  final VersionedResources resources = new VersionedResources(new WireEncoder());
  final Subscribers subscribers = new Subscribers(resources, this, Runnable::run);
  int rejected;
  int stale;

  static Workload workload(String name, String address, String node, ServiceKey... services) {
    Map<ServiceKey, Map<Integer, Integer>> of = new java.util.HashMap<>();
    Arrays.stream(services).forEach(service -> of.put(service, Map.of(80, 8080)));
    return Workload.named(uid(name))
        .name(name)
        .namespace("demo")
        .addresses(List.of(InetAddress.ofLiteral(address)))
        .node(node)
        .services(of)
        .build();
  }

  static String uid(String name) {
    return "Kubernetes//Pod/demo/" + name;
  }

  static ServiceKey key(String name) {
    return new ServiceKey("demo", name + ".demo.svc.cluster.local");
  }

  static Service service(String name, String vip) {
    return Service.of(
        name, key(name), List.of(new NetworkAddress("", InetAddress.ofLiteral(vip))), Map.of());
  }

  static Policy policy(String name, Policy.Action action) {
    return new Policy(
        new PolicyKey("demo", name), Policy.Scope.NAMESPACE, action, List.of(), false);
  }

  void put(Workload... workloads) {
    subscribers.publish(
        Arrays.stream(workloads).<MeshChange>map(MeshChange.WorkloadPut::new).toList());
  }

  void change(MeshChange... changes) {
    subscribers.publish(List.of(changes));
  }

  Client client(String node) {
    return new Client(node);
  }

  @Override
  public void sent(ResourceType type, int resources, int removed) {}

  @Override
  public void acknowledged(ResourceType type, Duration since) {}

  @Override
  public void rejected(ResourceType type) {
    rejected++;
  }

  @Override
  public void stale(ResourceType type) {
    stale++;
  }

  /** One client; what it is sent waits in {@link #inbox} until it is taken. */
  final class Client {
    final List<DeltaResponse> inbox = new ArrayList<>();
    final DeltaSession session;
    private boolean introduced;

    private Client(String node) {
      session =
          subscribers.open(new DeltaSession.Client(node, "127.0.0.1:1"), inbox::add).orElseThrow();
    }

    Optional<DeltaSession.Refusal> send(DeltaRequest request) {
      return session.request(request);
    }

    /** A first request of {@code type}. */
    void subscribe(
        ResourceType type, List<String> names, List<String> not, Map<String, String> have) {
      DeltaRequest request = request(introduced ? "" : "ztunnel~1.1.1.1~zt.ns~ns", type, "", "");
      introduced = true;
      Optional<DeltaSession.Refusal> refusal =
          send(new DeltaRequest(request.nodeId(), "", request.typeUrl(), names, not, have, "", ""));
      if (refusal.isPresent()) {
        throw new AssertionError(refusal.get());
      }
    }

    void wildcard(ResourceType type) {
      subscribe(type, List.of(), List.of(), Map.of());
    }

    void onDemand() {
      subscribe(ResourceType.ADDRESS, List.of("*"), List.of("*"), Map.of());
    }

    void demand(String... names) {
      send(
          new DeltaRequest(
              "", "", ResourceType.ADDRESS.url(), List.of(names), List.of(), Map.of(), "", ""));
    }

    /** The oldest response not taken yet, without an answer to it. */
    DeltaResponse take() {
      return inbox.removeFirst();
    }

    DeltaResponse takeAndAck() {
      DeltaResponse response = take();
      answer(response, "");
      return response;
    }

    void answer(DeltaResponse response, String error) {
      send(
          new DeltaRequest(
              "", "", response.typeUrl(), List.of(), List.of(), Map.of(), response.nonce(), error));
    }

    boolean quiet() {
      return inbox.isEmpty();
    }
  }

  static DeltaRequest request(String nodeId, ResourceType type, String nonce, String error) {
    return new DeltaRequest(nodeId, "", type.url(), List.of(), List.of(), Map.of(), nonce, error);
  }

  static List<String> names(DeltaResponse response) {
    return response.resources().stream().map(EncodedResource::name).toList();
  }
}
