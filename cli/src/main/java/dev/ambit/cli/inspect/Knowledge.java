package dev.ambit.cli.inspect;

import dev.ambit.cli.dump.DumpReader;
import dev.ambit.cli.reach.Dump;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What the ztunnels of some nodes know, each thing once. */
final class Knowledge {
  private static final String NONE = "None";

  private final List<Dump> dumps;
  private final List<MeshView> views;

  /** One thing and how the dump has it. */
  record Seen<T>(T value, JsonNode json, MeshView view) {}

  Knowledge(List<Dump> dumps) {
    this.dumps = List.copyOf(dumps);
    this.views = dumps.stream().map(dump -> DumpReader.read(dump.json())).toList();
  }

  List<Seen<Workload>> workloads() {
    return all(
        "workloads",
        (view, json) -> view.workload(json.path("uid").asString("")),
        workload -> workload.namespace() + "/" + workload.name() + "/" + workload.uid());
  }

  List<Seen<Service>> services() {
    return all(
        "services", (view, json) -> view.service(key(json)), service -> service.key().toString());
  }

  List<Seen<Policy>> policies() {
    return all(
        "policies",
        (view, json) ->
            view.policy(
                new PolicyKey(json.path("namespace").asString(""), json.path("name").asString(""))),
        policy -> policy.key().toString());
  }

  private static ServiceKey key(JsonNode service) {
    return new ServiceKey(
        service.path("namespace").asString(""), service.path("hostname").asString(""));
  }

  /** Sorted by {@code order}; of two nodes that know the same thing one is enough. */
  private <T> List<Seen<T>> all(
      String field, BiFunction<MeshView, JsonNode, Optional<T>> finder, Function<T, String> order) {
    TreeMap<String, Seen<T>> found = new TreeMap<>();
    for (int i = 0; i < dumps.size(); i++) {
      MeshView view = views.get(i);
      for (JsonNode json : dumps.get(i).json().path(field)) {
        finder
            .apply(view, json)
            .ifPresent(
                thing -> found.putIfAbsent(order.apply(thing), new Seen<>(thing, json, view)));
      }
    }
    return new ArrayList<>(found.values());
  }

  /** How people call a waypoint: by its service or pod where one is known. */
  static String waypoint(MeshView view, @Nullable GatewayAddress reference) {
    if (reference == null) {
      return NONE;
    }
    return switch (reference.destination()) {
      case GatewayAddress.ByHostname(var key) ->
          view.service(key).map(Service::name).orElse(key.hostname());
      case GatewayAddress.ByAddress(var address) ->
          view.serviceAt(address, "")
              .map(Service::name)
              .or(() -> view.workloadAt(address).map(Workload::name))
              .orElse(IpAddresses.print(address.address()));
    };
  }

  /** The waypoint whose pod is at {@code ip:port}; "None" when it is no waypoint's. */
  String waypointAt(String socketAddress) {
    int colon = socketAddress.lastIndexOf(':');
    String host = socketAddress.substring(0, Math.max(0, colon)).replaceAll("[\\[\\]]", "");
    Optional<InetAddress> ip = IpAddresses.parse(host);
    if (ip.isEmpty()) {
      return NONE;
    }
    NetworkAddress address = new NetworkAddress("", ip.get());
    for (MeshView view : views) {
      Optional<Workload> pod = view.workloadAt(address);
      if (pod.isPresent()) {
        return view.services().stream()
            .map(Service::waypoint)
            .filter(reference -> reference != null && leadsTo(view, reference, pod.get()))
            .map(reference -> waypoint(view, reference))
            .findFirst()
            .orElse(NONE);
      }
    }
    return NONE;
  }

  private static boolean leadsTo(MeshView view, @Nullable GatewayAddress reference, Workload pod) {
    if (reference == null) {
      return false;
    }
    return switch (reference.destination()) {
      case GatewayAddress.ByHostname(var key) -> pod.services().containsKey(key);
      case GatewayAddress.ByAddress(var address) ->
          pod.addresses().contains(address.address())
              || view.serviceAt(address, "")
                  .filter(service -> pod.services().containsKey(service.key()))
                  .isPresent();
    };
  }

  static String addresses(List<InetAddress> addresses) {
    return addresses.stream().map(IpAddresses::print).collect(Collectors.joining(","));
  }

  /** {@code name.namespace:port} for an {@code ip:port} that somebody knows. */
  String named(String socketAddress) {
    int colon = socketAddress.lastIndexOf(':');
    if (colon < 0) {
      return socketAddress;
    }
    String host = socketAddress.substring(0, colon).replaceAll("[\\[\\]]", "");
    String port = socketAddress.substring(colon);
    return IpAddresses.parse(host)
        .flatMap(this::nameOf)
        .map(name -> name + port)
        .orElse(socketAddress);
  }

  private Optional<String> nameOf(InetAddress ip) {
    for (MeshView view : views) {
      NetworkAddress address = new NetworkAddress("", ip);
      Optional<String> name =
          view.workloadAt(address)
              .map(workload -> workload.name() + "." + workload.namespace())
              .or(() ->
                  view.serviceAt(address, "")
                      .map(service -> service.name() + "." + service.namespace()));
      if (name.isPresent()) {
        return name;
      }
    }
    return Optional.empty();
  }
}
