package dev.ambit.cli.waypoint;

import dev.ambit.cli.dump.DumpReader;
import dev.ambit.cli.objects.KnownObjects;
import dev.ambit.cli.reach.Dump;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.Json;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Pod;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Service;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The waypoints a folder asks for and how they fare in the mesh that follows it. */
final class Listing {
  private static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";
  private static final List<String> CLASSES = List.of("ambit-waypoint", "istio-waypoint");

  private final KnownObjects objects;
  private final @Nullable RunningMesh mesh;
  private final List<JsonNode> conditions;
  private final List<MeshView> views;

  private Listing(KnownObjects objects, @Nullable RunningMesh mesh) {
    this.objects = objects;
    this.mesh = mesh;
    this.conditions = mesh == null ? List.of() : conditions(mesh);
    this.views = mesh == null ? List.of() : views(mesh);
  }

  /** One condition of a Gateway. */
  record Condition(String type, String status, String reason, String message) {}

  /**
   * One waypoint.
   *
   * @param addresses of its Service; empty until it has one
   * @param bound services and pods that the mesh sends through it
   */
  record Row(
      Gateway gateway,
      String serves,
      List<String> addresses,
      int pods,
      int ready,
      List<String> bound,
      List<Condition> conditions) {
    String namespace() {
      return gateway.metadata().namespace();
    }

    String name() {
      return gateway.metadata().name();
    }

    String revision() {
      return gateway.metadata().labels().getOrDefault(GatewayManifest.REVISION, "default");
    }

    /** As its condition says; Unknown without a mesh that tells. */
    String programmed() {
      return conditions.stream()
          .filter(each -> each.type().equals("Programmed"))
          .map(Condition::status)
          .findFirst()
          .orElse("Unknown");
    }

    boolean isUp() {
      return programmed().equals("True") && ready > 0 && ready == pods;
    }

    /** Why it is not as it should be; "" when it is. */
    String reasons() {
      return conditions.stream()
          .filter(each -> !each.status().equals("True"))
          .map(each -> each.reason() + ": " + each.message())
          .collect(Collectors.joining("; "));
    }

    ObjectNode json() {
      ObjectNode json = Json.object();
      json.put("namespace", namespace()).put("name", name());
      json.put("class", gateway.className()).put("for", serves).put("revision", revision());
      ArrayNode all = json.putArray("addresses");
      addresses.forEach(all::add);
      json.put("programmed", programmed()).put("pods", pods).put("podsReady", ready);
      ArrayNode services = json.putArray("bound");
      bound.forEach(services::add);
      ArrayNode said = json.putArray("conditions");
      for (Condition each : conditions) {
        said.addObject()
            .put("type", each.type())
            .put("status", each.status())
            .put("reason", each.reason())
            .put("message", each.message());
      }
      return json;
    }
  }

  /** Those of a running mesh. */
  static List<Row> of(RunningMesh mesh) {
    return new Listing(KnownObjects.of(mesh), mesh).rows();
  }

  /** Those a folder asks for, without a mesh. */
  static List<Row> of(Path folder) {
    return new Listing(KnownObjects.ofFolders(List.of(folder)), null).rows();
  }

  private List<Row> rows() {
    return objects
        .each(Gateway.class)
        .filter(Listing::isWaypoint)
        .map(this::row)
        .sorted(Comparator.comparing(Row::namespace).thenComparing(Row::name))
        .toList();
  }

  private static boolean isWaypoint(Gateway gateway) {
    return CLASSES.contains(gateway.className())
        || gateway.listeners().stream().anyMatch(each -> each.protocol().equals("HBONE"));
  }

  private Row row(Gateway gateway) {
    String namespace = gateway.metadata().namespace();
    String name = gateway.metadata().name();
    List<InetAddress> addresses =
        objects
            .find(KubernetesService.class, namespace, name)
            .map(KubernetesService::clusterIps)
            .orElse(List.of());
    List<String> pods =
        objects
            .each(Pod.class)
            .filter(pod -> pod.metadata().namespace().equals(namespace))
            .filter(pod -> name.equals(pod.metadata().labels().get(GATEWAY_NAME)))
            .map(pod -> namespace + "/" + pod.metadata().name())
            .toList();
    return new Row(
        gateway,
        gateway.metadata().labels().getOrDefault(GatewayManifest.FOR, "service"),
        addresses.stream().map(IpAddresses::print).toList(),
        pods.size(),
        ready(pods),
        bound(namespace, name, addresses),
        conditions.stream()
            .filter(each -> text(each, "namespace").equals(namespace))
            .filter(each -> text(each, "name").split("/", 2)[0].equals(name))
            .map(each ->
                new Condition(
                    listener(each) + text(each, "type"),
                    text(each, "status"),
                    text(each, "reason"),
                    text(each, "message")))
            .toList());
  }

  /** What is said of a listener is called {@code mesh/Accepted}; its name has the Gateway's. */
  private static String listener(JsonNode condition) {
    String name = text(condition, "name");
    return name.substring(name.indexOf('/') + 1).equals(name)
        ? ""
        : name.substring(name.indexOf('/') + 1) + "/";
  }

  private int ready(List<String> pods) {
    return mesh == null
        ? 0
        : (int)
            mesh.waypoints().stream()
                .filter(each -> pods.contains(each.name()) && each.isReady())
                .count();
  }

  /** What the ztunnels know of it: the truth of the data path. */
  private List<String> bound(String namespace, String name, List<InetAddress> addresses) {
    Stream<String> services =
        views.stream()
            .flatMap(view -> view.services().stream())
            .filter(service -> isWaypointOf(service, namespace, name, addresses))
            .map(service -> service.namespace() + "/" + service.name());
    Stream<String> workloads =
        views.stream()
            .flatMap(view -> view.workloads().stream())
            .filter(pod -> means(pod.waypoint(), namespace, name, addresses))
            .map(pod -> "pod " + pod.namespace() + "/" + pod.name());
    return Stream.concat(services, workloads).distinct().sorted().toList();
  }

  private static boolean isWaypointOf(
      Service service, String namespace, String name, List<InetAddress> addresses) {
    return means(service.waypoint(), namespace, name, addresses)
        || service.weightedWaypoints().stream()
            .anyMatch(each -> means(each.destination(), namespace, name, addresses));
  }

  private static boolean means(
      @Nullable GatewayAddress reference,
      String namespace,
      String name,
      List<InetAddress> addresses) {
    if (reference == null) {
      return false;
    }
    return switch (reference.destination()) {
      case GatewayAddress.ByHostname(var key) ->
          key.namespace().equals(namespace)
              && key.hostname().startsWith(name + "." + namespace + ".svc");
      case GatewayAddress.ByAddress(var address) -> addresses.contains(address.address());
    };
  }

  private static List<JsonNode> conditions(RunningMesh mesh) {
    Path controller = mesh.controller();
    if (controller == null) {
      return List.of();
    }
    RunningMesh.Answer answer = RunningMesh.read(controller, "/conditions");
    List<JsonNode> of = new ArrayList<>();
    try {
      for (JsonNode each : Json.read(answer.text().orElse("[]").getBytes(StandardCharsets.UTF_8))) {
        if (Set.of("Gateway", "Listener").contains(text(each, "kind"))) {
          of.add(each);
        }
      }
    } catch (JacksonException e) {
      throw new Unreachable("controller: /conditions: " + e.getMessage());
    }
    return of;
  }

  private static List<MeshView> views(RunningMesh mesh) {
    try {
      return mesh.dumps().stream().map(Dump::json).map(DumpReader::read).toList();
    } catch (Unreachable e) {
      // No ztunnel answers yet: nothing is bound.
      return List.of();
    }
  }

  private static String text(JsonNode from, String field) {
    return from.path(field).asString("");
  }
}
