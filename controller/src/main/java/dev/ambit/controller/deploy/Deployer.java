package dev.ambit.controller.deploy;

import dev.ambit.controller.translate.Condition;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.generated.PodFacts;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.waypoint.GatewayAddresses;
import dev.ambit.model.waypoint.WaypointClass;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Plans what waypoint Gateways need: for each a ServiceAccount, a Service and its pods, with
 * addresses nobody has (spec: waypoint-selection §8, §9). What was planned before is read back from
 * the generated folder, so that addresses and pods stay as they are. Pure; immutable.
 */
public final class Deployer {
  /** Annotation of a generated Service: where its Gateway was read. */
  static final String ORIGIN = "ambit.dev/gateway-origin";

  private final MeshSettings mesh;

  /**
   * What is known.
   *
   * @param facts how generated pods fare
   */
  public record Known(
      ManifestFolders.Both folders, Map<String, PodFacts.State> facts, Instant now) {}

  /**
   * What should be.
   *
   * @param files names and texts of the whole generated folder
   * @param conditions of the Gateways
   */
  public record Plan(Map<String, String> files, List<Condition> conditions) {
    public Plan {
      files = Map.copyOf(files);
      conditions = List.copyOf(conditions);
    }
  }

  public Deployer(MeshSettings mesh) {
    this.mesh = mesh;
  }

  public Plan plan(Known known) {
    List<ClusterObject> written =
        GatewayAddresses.assign(known.folders().written().objects(), mesh.clusterDomain());
    List<GatewayClass> classes = pick(written, GatewayClass.class);
    List<Gateway> gateways =
        pick(written, Gateway.class).stream()
            .filter(each -> WaypointClass.of(each, classes).isPresent())
            .toList();
    Map<String, List<ClusterObject>> made = made(known.folders().generated().objects());
    List<Condition> conditions = new ArrayList<>();
    unknownClasses(pick(written, Gateway.class), classes, conditions);
    conditions.addAll(GatewayStatus.classes(classes, gateways));
    gateways.forEach(each -> conditions.addAll(GatewayStatus.listeners(each)));
    if (gateways.isEmpty() && made.isEmpty()) {
      return new Plan(Map.of(), conditions);
    }
    AddressPool pool = new AddressPool(written);
    List<GatewayPlan> plans = new ArrayList<>();
    for (Gateway gateway : gateways) {
      WaypointClass ofClass = WaypointClass.of(gateway, classes).orElseThrow();
      plans.add(
          new GatewayPlan(
              gateway,
              new Template(gateway, ofClass, mesh),
              made.getOrDefault(name(gateway.metadata()), List.of()),
              written));
    }
    // What stands keeps its addresses before anything new is given one.
    plans.forEach(each -> each.hold(pool));
    Map<String, String> claimed = new TreeMap<>();
    plans.forEach(each -> each.claim(claimed));
    Map<String, String> files = new TreeMap<>();
    Set<String> named = new HashSet<>();
    for (GatewayPlan each : plans) {
      named.add(each.name());
      List<ClusterObject> objects = each.decide(pool, known, mesh.clusterDomain(), conditions::add);
      if (!objects.isEmpty()) {
        files.put(fileOf(each.name()), Written.file(each.name(), objects));
      }
    }
    made.forEach((name, objects) -> {
      if (named.contains(name)) {
        return;
      }
      List<ClusterObject> bound =
          objects.stream().filter(each -> !(each instanceof Gateway)).toList();
      if (unreadable(objects, known.folders().written().problems())) {
        files.put(fileOf(name), Written.file(name, objects));
      } else if (bound.size() < objects.size()) {
        // First it binds nothing any more, then it goes: nobody is sent where nobody is.
        files.put(fileOf(name), Written.file(name, bound));
      }
    });
    conditions.sort(null);
    return new Plan(files, conditions);
  }

  /** {@code namespace.name.yaml}; namespaces have no dots. */
  static String fileOf(String namespaceAndName) {
    return namespaceAndName.replace('/', '.') + ".yaml";
  }

  static String name(Metadata metadata) {
    return metadata.namespace() + "/" + metadata.name();
  }

  static <T> List<T> pick(List<ClusterObject> objects, Class<T> kind) {
    return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Generated objects by {@code namespace/name} of their Gateway. */
  private static Map<String, List<ClusterObject>> made(List<ClusterObject> generated) {
    Map<String, List<ClusterObject>> made = new TreeMap<>();
    for (ClusterObject object : generated) {
      Metadata metadata = object.metadata();
      String gateway =
          object instanceof Gateway
              ? metadata.name()
              : metadata.labels().get(WaypointClass.GATEWAY);
      if (gateway != null) {
        made.computeIfAbsent(metadata.namespace() + "/" + gateway, _ -> new ArrayList<>())
            .add(object);
      }
    }
    made.values().forEach(GatewayPlan::order);
    return made;
  }

  /**
   * Whether the file that a Gateway was in has something unreadable, so that it may be there still:
   * a typing error must not end a waypoint.
   */
  private static boolean unreadable(List<ClusterObject> made, List<ManifestProblem> problems) {
    Optional<String> origin =
        made.stream()
            .filter(KubernetesService.class::isInstance)
            .flatMap(each -> each.metadata().annotations().entrySet().stream())
            .filter(each -> each.getKey().equals(ORIGIN))
            .map(each -> each.getValue().replaceFirst(":[0-9]+$", ""))
            .findFirst();
    return origin.isPresent()
        && problems.stream().anyMatch(each -> each.file().equals(origin.get()));
  }

  private static void unknownClasses(
      List<Gateway> gateways, List<GatewayClass> classes, List<Condition> conditions) {
    for (Gateway gateway : gateways) {
      boolean known =
          classes.stream().anyMatch(each -> each.metadata().name().equals(gateway.className()));
      if (!known && WaypointClass.of(gateway, classes).isEmpty()) {
        conditions.add(
            condition(
                gateway,
                "Accepted",
                false,
                "Pending",
                "gatewayClassName: got "
                    + gateway.className()
                    + ", of which there is no GatewayClass, expected ambit-waypoint or"
                    + " istio-waypoint; nobody deploys it"));
      }
    }
  }

  static Condition condition(
      Gateway gateway, String type, boolean status, String reason, String message) {
    Metadata metadata = gateway.metadata();
    return new Condition(
        "Gateway", metadata.namespace(), metadata.name(), type, status, reason, message);
  }

  /** Whether {@code gateway} is deployed here at all. */
  static boolean deployed(Gateway gateway) {
    return !GatewayAddresses.unmanaged(gateway);
  }
}
