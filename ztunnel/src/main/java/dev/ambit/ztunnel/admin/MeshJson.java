package dev.ambit.ztunnel.admin;

import dev.ambit.daemon.Json;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Workloads, services and policies in the shape of the dump (spec: ztunnel-observability §3.1). */
final class MeshJson {
  private final MeshView view;

  MeshJson(MeshView view) {
    this.view = view;
  }

  ArrayNode workloads() {
    return list(view.workloads(), Comparator.comparing(Workload::uid), MeshJson::workload);
  }

  ArrayNode services() {
    return list(view.services(), Comparator.comparing(one -> one.key().toString()), this::service);
  }

  ArrayNode policies() {
    return list(
        view.policies(), Comparator.comparing(one -> one.key().toString()), MeshJson::policy);
  }

  /** Endpoints whose service has not come yet. */
  ObjectNode stagedServices() {
    Map<String, ObjectNode> staged = new TreeMap<>();
    for (Workload workload : view.workloads()) {
      for (ServiceKey key : workload.services().keySet()) {
        if (view.service(key).isEmpty()) {
          staged
              .computeIfAbsent(key.toString(), missing -> Json.object())
              .set(workload.uid(), endpoint(workload, key));
        }
      }
    }
    ObjectNode all = Json.object();
    staged.forEach(all::set);
    return all;
  }

  private static <T> ArrayNode list(
      Iterable<T> items, Comparator<T> order, Function<T, JsonNode> shape) {
    List<T> sorted = new java.util.ArrayList<>();
    items.forEach(sorted::add);
    sorted.sort(order);
    ArrayNode list = Json.array();
    sorted.forEach(item -> list.add(shape.apply(item)));
    return list;
  }

  private static ArrayNode texts(Iterable<String> texts) {
    ArrayNode list = Json.array();
    texts.forEach(list::add);
    return list;
  }

  private static ObjectNode workload(Workload workload) {
    ObjectNode json = Json.object();
    json.set("workloadIps", texts(workload.addresses().stream().map(MeshJson::ip).toList()));
    put(json, "waypoint", workload.waypoint());
    put(json, "networkGateway", workload.networkGateway());
    json.put("protocol", workload.tunnel() == Workload.Tunnel.HBONE ? "HBONE" : "TCP");
    json.put("networkMode", words(workload.networkMode()));
    json.put("uid", workload.uid());
    json.put("name", workload.name());
    json.put("namespace", workload.namespace());
    json.put("trustDomain", workload.trustDomain());
    json.put("serviceAccount", workload.serviceAccount());
    putUnlessEmpty(json, "network", workload.network());
    json.put("workloadName", workload.workloadName());
    json.put("workloadType", workload.type().name().toLowerCase(Locale.ROOT));
    json.put("canonicalName", workload.canonicalName());
    json.put("canonicalRevision", workload.canonicalRevision());
    putUnlessEmpty(json, "hostname", workload.hostname());
    json.put("node", workload.node());
    if (workload.nativeTunnel()) {
      json.put("nativeTunnel", true);
    }
    if (workload.applicationTunnel() != null) {
      ObjectNode tunnel = json.putObject("applicationTunnel");
      tunnel.put("protocol", workload.applicationTunnel().protocol().name());
      tunnel.put("port", workload.applicationTunnel().port());
    }
    if (!workload.policies().isEmpty()) {
      json.set("authorizationPolicies", texts(workload.policies()));
    }
    json.put("status", words(workload.status()));
    json.put("clusterId", workload.clusterId());
    ObjectNode locality = json.putObject("locality");
    locality.put("region", workload.locality().region());
    locality.put("zone", workload.locality().zone());
    locality.put("subzone", workload.locality().subzone());
    if (!workload.services().isEmpty()) {
      json.set(
          "services",
          texts(workload.services().keySet().stream().map(ServiceKey::toString).sorted().toList()));
    }
    json.put("capacity", workload.capacity());
    return json;
  }

  private JsonNode service(Service service) {
    ObjectNode json = Json.object();
    json.put("name", service.name());
    json.put("namespace", service.namespace());
    json.put("hostname", service.hostname());
    json.set("vips", texts(service.addresses().stream().map(MeshJson::address).toList()));
    if (!service.blocks().isEmpty()) {
      ArrayNode blocks = json.putArray("cidrVips");
      for (Service.NetworkBlock block : service.blocks()) {
        blocks.addObject().put("network", block.network()).put("cidr", block.block().toString());
      }
    }
    ObjectNode ports = json.putObject("ports");
    for (ServicePort port : new TreeMap<>(service.ports()).values()) {
      ports.put(String.valueOf(port.port()), port.targetPort());
    }
    ObjectNode endpoints = json.putObject("endpoints");
    for (Workload workload : view.endpoints(service.key())) {
      endpoints.set(workload.uid(), endpoint(workload, service.key()));
    }
    json.set("subjectAltNames", texts(service.subjectAltNames()));
    put(json, "waypoint", service.waypoint());
    if (!service.weightedWaypoints().isEmpty()) {
      ArrayNode waypoints = json.putArray("weightedWaypoints");
      service
          .weightedWaypoints()
          .forEach(one -> {
            ObjectNode share = waypoints.addObject();
            share.set("destination", gateway(one.destination()));
            share.put("weight", one.weight());
          });
    }
    if (!service.loadBalancing().equals(LoadBalancing.DEFAULT)) {
      json.set("loadBalancer", loadBalancer(service.loadBalancing()));
    }
    switch (service.ipFamilies()) {
      case AUTOMATIC -> {}
      case IPV4_ONLY -> json.put("ipFamilies", "IPv4");
      case IPV6_ONLY -> json.put("ipFamilies", "IPv6");
      case DUAL -> json.put("ipFamilies", "Dual");
    }
    json.put("canonical", service.canonical());
    json.put("visibility", words(service.visibility()));
    return json;
  }

  private static ObjectNode endpoint(Workload workload, ServiceKey service) {
    ObjectNode json = Json.object();
    json.put("workloadUid", workload.uid());
    ObjectNode ports = json.putObject("port");
    new TreeMap<>(workload.services().getOrDefault(service, Map.of()))
        .forEach((port, target) -> ports.put(String.valueOf(port), target));
    json.put("status", words(workload.status()));
    return json;
  }

  private static ObjectNode loadBalancer(LoadBalancing balancing) {
    ObjectNode json = Json.object();
    json.set(
        "routingPreferences", texts(balancing.preference().stream().map(MeshJson::words).toList()));
    json.put(
        "mode",
        balancing.mode() == LoadBalancing.Mode.UNSPECIFIED ? "Standard" : words(balancing.mode()));
    json.put("healthPolicy", words(balancing.health()));
    return json;
  }

  private static ObjectNode policy(Policy policy) {
    ObjectNode json = Json.object();
    json.put("name", policy.key().name());
    json.put("namespace", policy.key().namespace());
    json.put("scope", words(policy.scope()));
    json.put("action", words(policy.action()));
    ArrayNode rules = json.putArray("rules");
    for (Policy.Rule rule : policy.rules()) {
      ArrayNode clauses = rules.addArray();
      for (Policy.Clause clause : rule.clauses()) {
        ArrayNode matches = clauses.addArray();
        clause.matches().forEach(match -> matches.add(match(match)));
      }
    }
    if (policy.dryRun()) {
      json.put("dryRun", true);
    }
    return json;
  }

  private static ObjectNode match(Policy.Match match) {
    ObjectNode json = Json.object();
    put(json, "namespaces", match.namespaces(), MeshJson::string);
    put(json, "notNamespaces", match.notNamespaces(), MeshJson::string);
    put(json, "serviceAccounts", match.serviceAccounts(), MeshJson::account);
    put(json, "notServiceAccounts", match.notServiceAccounts(), MeshJson::account);
    put(json, "principals", match.principals(), MeshJson::string);
    put(json, "notPrincipals", match.notPrincipals(), MeshJson::string);
    put(json, "sourceIps", match.sourceIps(), MeshJson::text);
    put(json, "notSourceIps", match.notSourceIps(), MeshJson::text);
    put(json, "destinationIps", match.destinationIps(), MeshJson::text);
    put(json, "notDestinationIps", match.notDestinationIps(), MeshJson::text);
    put(json, "destinationPorts", match.destinationPorts(), MeshJson::number);
    put(json, "notDestinationPorts", match.notDestinationPorts(), MeshJson::number);
    return json;
  }

  private static <T> void put(
      ObjectNode json, String name, List<T> items, Function<T, JsonNode> shape) {
    if (!items.isEmpty()) {
      ArrayNode list = json.putArray(name);
      items.forEach(item -> list.add(shape.apply(item)));
    }
  }

  private static JsonNode string(StringMatch match) {
    ObjectNode json = Json.object();
    switch (match) {
      case StringMatch.Exact exact -> json.put("Exact", exact.value());
      case StringMatch.Prefix prefix -> json.put("Prefix", prefix.value());
      case StringMatch.Suffix suffix -> json.put("Suffix", suffix.value());
      case StringMatch.Presence presence -> json.putArray("Presence");
    }
    return json;
  }

  private static JsonNode account(Policy.ServiceAccount account) {
    return Json.object()
        .put("namespace", account.namespace())
        .put("serviceAccount", account.name());
  }

  private static JsonNode text(Object value) {
    return Json.array().add(value.toString()).get(0);
  }

  private static JsonNode number(int value) {
    return Json.array().add(value).get(0);
  }

  private static void put(ObjectNode json, String name, @Nullable GatewayAddress gateway) {
    if (gateway != null) {
      json.set(name, gateway(gateway));
    }
  }

  private static ObjectNode gateway(GatewayAddress gateway) {
    String destination =
        switch (gateway.destination()) {
          case GatewayAddress.ByAddress by -> address(by.address());
          case GatewayAddress.ByHostname by -> by.service().toString();
        };
    return Json.object().put("destination", destination).put("hboneMtlsPort", gateway.hbonePort());
  }

  private static void putUnlessEmpty(ObjectNode json, String name, String value) {
    if (!value.isEmpty()) {
      json.put(name, value);
    }
  }

  private static String address(NetworkAddress address) {
    return address.network() + "/" + ip(address.address());
  }

  private static String ip(InetAddress address) {
    return NetUtil.toAddressString(address);
  }

  /** {@code WORKLOAD_SELECTOR} as {@code WorkloadSelector}. */
  private static String words(Enum<?> constant) {
    StringBuilder words = new StringBuilder();
    for (String word : constant.name().split("_", -1)) {
      words.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
    }
    return words.toString();
  }
}
