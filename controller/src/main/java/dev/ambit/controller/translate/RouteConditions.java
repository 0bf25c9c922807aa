package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.daemon.Re2;
import dev.ambit.model.http.CompiledRoute;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.waypoint.RouteBackends;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is to be said of routes (spec: http-routing §10). Pure. */
final class RouteConditions {
  private static final String ACCEPTED = "Accepted";
  private static final String RESOLVED_REFS = "ResolvedRefs";
  private static final String RESOLVED_WAYPOINTS = "ResolvedWaypoints";

  private final Known known;
  private final String clusterDomain;

  /** The services and grants there are. */
  record Known(
      Map<ServiceKey, Service> services,
      Map<String, ServiceKey> hostnames,
      ObjectCatalogue catalogue) {}

  RouteConditions(Known known, String clusterDomain) {
    this.known = known;
    this.clusterDomain = clusterDomain;
  }

  /** Of one that is attached to no service nothing is said: it is not a waypoint's. */
  List<Condition> of(ClusterObject route) {
    List<ParentReference> parents =
        ObjectCatalogue.parents(route).stream().filter(RouteConditions::isService).toList();
    if (parents.isEmpty()) {
      return List.of();
    }
    CompiledRoute compiled =
        switch (route) {
          case HttpRoute each -> compiler("HTTPRoute").compile(each);
          case GrpcRoute each -> compiler("GRPCRoute").compile(each);
          case TcpRoute each -> compiler("TCPRoute").compile(each);
          case TlsRoute each -> compiler("TLSRoute").compile(each, hostname(parents.getFirst()));
          default ->
              throw new IllegalArgumentException(
                  "route: got " + route.kind() + ", expected one with parents");
        };
    List<Condition> said = new ArrayList<>();
    said.add(accepted(route, parents));
    said.add(resolved(route, compiled.problems()));
    said.add(
        Condition.of(
            route, RESOLVED_WAYPOINTS, true, RESOLVED_WAYPOINTS, waypoints(route, parents)));
    return said;
  }

  private static boolean isService(ParentReference parent) {
    return switch (parent.group() + "/" + parent.kind()) {
      case "/Service", "networking.istio.io/ServiceEntry" -> true;
      default -> false;
    };
  }

  private static Condition resolved(ClusterObject route, List<CompiledRoute.Problem> problems) {
    if (problems.isEmpty()) {
      return Condition.of(route, RESOLVED_REFS, true, RESOLVED_REFS, "All references resolved");
    }
    List<String> messages = problems.stream().map(CompiledRoute.Problem::message).toList();
    return Condition.of(
        route, RESOLVED_REFS, false, problems.getFirst().reason(), String.join("; ", messages));
  }

  private Condition accepted(ClusterObject route, List<ParentReference> parents) {
    List<String> wrong = new ArrayList<>();
    for (ParentReference parent : parents) {
      Service service = service(parent);
      String name = parent.namespace() + "/" + parent.name();
      if (service == null) {
        wrong.add(what(parent) + " " + name + " not found");
      } else if (parent.port() != 0 && !service.ports().containsKey(parent.port())) {
        wrong.add(what(parent) + " " + name + " has no port " + parent.port());
      }
    }
    if (!wrong.isEmpty()) {
      return Condition.of(route, ACCEPTED, false, "NoMatchingParent", String.join("; ", wrong));
    }
    String message =
        parents.size() == 1
            ? "Route was valid"
            : "Route was valid, bound to " + parents.size() + " parents";
    return Condition.of(route, ACCEPTED, true, ACCEPTED, message);
  }

  /** Why the route may have no effect, as far as waypoints go. */
  private String waypoints(ClusterObject route, List<ParentReference> parents) {
    List<String> said = new ArrayList<>();
    for (ParentReference parent : parents) {
      Service service = service(parent);
      String name = parent.namespace() + "/" + parent.name();
      if (service == null) {
        said.add("parent " + name + " not found");
      } else if (service.waypoint() == null) {
        said.add(
            what(parent)
                + " "
                + name
                + " is bound to no waypoint: the route will not be respected");
      } else if (!route.metadata().namespace().equals(parent.namespace())) {
        said.add(
            "the route is not in the namespace of "
                + name
                + ": it is respected only where that is the waypoint's");
      }
    }
    return said.isEmpty() ? "All waypoints resolved" : String.join("; ", said);
  }

  /** The first host of an entry stands for all of them. */
  private @Nullable Service service(ParentReference parent) {
    if (parent.kind().equals("Service")) {
      return known.services().get(new ServiceKey(parent.namespace(), hostname(parent)));
    }
    PolicyAttachment.Owner owner =
        new PolicyAttachment.Owner(parent.kind(), parent.namespace(), parent.name());
    return known.services().values().stream()
        .filter(each -> owner.equals(PolicyAttachment.Owner.of(each, clusterDomain)))
        .min(Comparator.comparing(Service::hostname))
        .orElse(null);
  }

  private static String what(ParentReference parent) {
    return parent.kind().equals("Service") ? "service" : "service entry";
  }

  private String hostname(ParentReference parent) {
    if (!parent.kind().equals("Service")) {
      Service service = service(parent);
      return service == null ? parent.name() : service.hostname();
    }
    return parent.name() + "." + parent.namespace() + ".svc." + clusterDomain;
  }

  /** Of a VirtualService only what is wrong with it is said. */
  List<Condition> of(VirtualService virtual) {
    for (String host : virtual.hosts()) {
      ServiceKey key =
          known.hostnames().get(known.catalogue().fullHost(host, virtual.metadata().namespace()));
      Service service = key == null ? null : known.services().get(key);
      if (service == null || service.ports().isEmpty()) {
        continue;
      }
      int port = service.ports().keySet().stream().sorted().findFirst().orElse(0);
      RouteTable.Target target =
          new RouteTable.Target(
              "Service", service.key(), service.name(), port, virtual.metadata().namespace());
      CompiledRoute compiled = compiler("VirtualService").compile(virtual, target, clusterDomain);
      return compiled.problems().isEmpty()
          ? List.of()
          : List.of(resolved(virtual, compiled.problems()));
    }
    return List.of();
  }

  /** Both lists are obeyed, the older object's first, which hardly anybody means. */
  List<Condition> overlaps(VirtualService virtual) {
    List<Condition> said = new ArrayList<>();
    for (String host : virtual.http().isEmpty() ? List.<String>of() : virtual.hosts()) {
      String full = known.catalogue().fullHost(host, virtual.metadata().namespace());
      ServiceKey key = known.hostnames().get(full);
      Service service = key == null ? null : known.services().get(key);
      if (service == null) {
        continue;
      }
      ObjectCatalogue.Parent parent =
          ObjectCatalogue.Parent.of(PolicyAttachment.Owner.of(service, clusterDomain));
      for (NamespaceObjects.Carried each : known.catalogue().routes(parent)) {
        ClusterObject route = each.object();
        if (route instanceof HttpRoute || route instanceof GrpcRoute) {
          said.add(overlap(virtual, full, route));
          said.add(overlap(route, full, virtual));
        }
      }
    }
    return said;
  }

  private static Condition overlap(ClusterObject one, String host, ClusterObject other) {
    return Condition.of(
        one,
        "ambit.dev/Overlapping",
        true,
        "OlderObjectFirst",
        host
            + " has rules of "
            + ObjectText.name(other)
            + ", too: both are obeyed, those of the older object first");
  }

  private RouteCompiler compiler(String kind) {
    RouteBackends.Services services =
        new RouteBackends.Services() {
          @Override
          public boolean contains(ServiceKey key) {
            return known.services().containsKey(key);
          }

          @Override
          public Optional<ServiceKey> named(String hostname) {
            return Optional.ofNullable(known.hostnames().get(hostname));
          }
        };
    return new RouteCompiler(
        Re2::whole, new RouteBackends(kind, services, this::grants, clusterDomain));
  }

  private Collection<ReferenceGrant> grants(String namespace) {
    return known.catalogue().grants(namespace).stream()
        .map(each -> (ReferenceGrant) each.object())
        .toList();
  }
}
