package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.controller.source.NamespaceObjects.Carried;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The objects of one input that waypoints go by, by what they are looked up by. */
final class ObjectCatalogue {
  private final Map<Parent, List<Carried>> routes = new HashMap<>();
  private final Map<String, List<Carried>> virtualServices = new HashMap<>();
  private final Map<String, List<Carried>> rules = new HashMap<>();
  private final List<Carried> wildServices = new ArrayList<>();
  private final List<Carried> wildRules = new ArrayList<>();
  private final List<AuthorizationPolicy> policies = new ArrayList<>();
  private final List<Carried> authentications = new ArrayList<>();
  private final Map<String, List<Carried>> grants = new HashMap<>();
  private final String clusterDomain;

  /** What a route is attached to. */
  record Parent(String kind, String namespace, String name) {
    static Parent of(PolicyAttachment.Owner owner) {
      return new Parent(owner.kind(), owner.namespace(), owner.name());
    }
  }

  ObjectCatalogue(ClusterInput input, String clusterDomain) {
    this.clusterDomain = clusterDomain;
    for (NamespaceObjects objects : input.namespaces().values()) {
      objects.others().values().forEach(this::file);
      for (AuthorizationPolicy policy : objects.policies().values()) {
        if (!policy.targetRefs().isEmpty()) {
          policies.add(policy);
        }
      }
    }
  }

  private void file(Carried carried) {
    switch (carried.object()) {
      case VirtualService service -> {
        for (String host : service.hosts()) {
          fileHost(host, carried, virtualServices, wildServices);
        }
      }
      case DestinationRule rule -> fileHost(rule.host(), carried, rules, wildRules);
      case RequestAuthentication authentication -> {
        if (!authentication.targetRefs().isEmpty()) {
          authentications.add(carried);
        }
      }
      case ReferenceGrant grant ->
          grants.computeIfAbsent(grant.metadata().namespace(), _ -> new ArrayList<>()).add(carried);
      case ClusterObject other -> {
        for (ParentReference parent : parents(other)) {
          Parent key = new Parent(parent.kind(), parent.namespace(), parent.name());
          List<Carried> list = routes.computeIfAbsent(key, _ -> new ArrayList<>());
          if (list.isEmpty() || list.getLast() != carried) {
            list.add(carried);
          }
        }
      }
    }
  }

  /** What a route names; nothing for any other object. */
  static List<ParentReference> parents(ClusterObject object) {
    return switch (object) {
      case HttpRoute route -> route.parents();
      case GrpcRoute route -> route.parents();
      case TcpRoute route -> route.parents();
      case TlsRoute route -> route.parents();
      default -> List.of();
    };
  }

  private void fileHost(
      String host, Carried carried, Map<String, List<Carried>> exact, List<Carried> wild) {
    if (host.startsWith("*")) {
      wild.add(carried);
    } else {
      String full = fullHost(host, carried.object().metadata().namespace());
      exact.computeIfAbsent(full, _ -> new ArrayList<>()).add(carried);
    }
  }

  /** A name without dots is a service of the namespace that names it. */
  String fullHost(String host, String namespace) {
    return host.indexOf('.') < 0 && !host.equals("*")
        ? host + "." + namespace + ".svc." + clusterDomain
        : host;
  }

  List<Carried> routes(Parent parent) {
    return routes.getOrDefault(parent, List.of());
  }

  List<Carried> virtualServices(String hostname) {
    List<Carried> found = new ArrayList<>(virtualServices.getOrDefault(hostname, List.of()));
    for (Carried each : wildServices) {
      if (each.object() instanceof VirtualService service
          && service.hosts().stream().anyMatch(host -> covers(host, hostname))) {
        found.add(each);
      }
    }
    return found;
  }

  List<Carried> rules(String hostname) {
    List<Carried> found = new ArrayList<>(rules.getOrDefault(hostname, List.of()));
    for (Carried each : wildRules) {
      if (each.object() instanceof DestinationRule rule && covers(rule.host(), hostname)) {
        found.add(each);
      }
    }
    return found;
  }

  private static boolean covers(String pattern, String hostname) {
    return pattern.equals("*")
        || (pattern.startsWith("*.") && hostname.endsWith(pattern.substring(1)));
  }

  List<AuthorizationPolicy> policies() {
    return policies;
  }

  List<Carried> authentications() {
    return authentications;
  }

  List<Carried> grants(String namespace) {
    return grants.getOrDefault(namespace, List.of());
  }
}
