package dev.ambit.waypoint.config;

import dev.ambit.daemon.Re2;
import dev.ambit.model.http.CompiledRoute;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.RouteBackends;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Route objects compiled against one set of services and grants; each at most once, when it is
 * first asked for. Thread-safe.
 */
final class RouteCompilation {
  /** Any view with the services it was compiled against; the latest, so as to keep no old one. */
  private volatile MeshView mesh;

  private final ObjectIndex objects;
  private final Place place;
  private final Map<String, RouteCompiler> compilers;
  private final Map<String, Done> done;

  /** An object and what became of it. */
  private record Done(ClusterObject object, CompiledRoute route) {}

  /**
   * @param before whose results still hold where the object is the same
   */
  RouteCompilation(MeshView mesh, ObjectIndex objects, Place place, Map<String, Done> before) {
    this.mesh = mesh;
    this.objects = objects;
    this.place = place;
    this.done = before;
    this.compilers =
        Map.of(
            "HTTPRoute", compiler("HTTPRoute"),
            "GRPCRoute", compiler("GRPCRoute"),
            "TCPRoute", compiler("TCPRoute"),
            "TLSRoute", compiler("TLSRoute"),
            "VirtualService", compiler("VirtualService"));
  }

  static RouteCompilation fresh(MeshView mesh, ObjectIndex objects, Place place) {
    return new RouteCompilation(mesh, objects, place, new ConcurrentHashMap<>());
  }

  /** The same services and grants, other objects: what is known of objects that stayed is kept. */
  RouteCompilation with(MeshView nextMesh, ObjectIndex next) {
    return new RouteCompilation(nextMesh, next, place, done);
  }

  /** The mesh went on without a change of services. */
  void moved(MeshView next) {
    mesh = next;
  }

  private RouteCompiler compiler(String kind) {
    RouteBackends.Services services =
        new RouteBackends.Services() {
          @Override
          public boolean contains(ServiceKey key) {
            return mesh.service(key).isPresent();
          }

          @Override
          public Optional<ServiceKey> named(String hostname) {
            return mesh.serviceNamed(hostname, place.namespace()).map(Service::key);
          }
        };
    return new RouteCompiler(
        Re2::whole,
        new RouteBackends(kind, services, objects::grants, place.mesh().clusterDomain()));
  }

  private RouteCompiler of(String kind) {
    RouteCompiler compiler = compilers.get(kind);
    if (compiler == null) {
      throw new IllegalArgumentException("kind: got " + kind + ", expected one of routes");
    }
    return compiler;
  }

  /** What becomes of requests to {@code target}. */
  RouteTable table(RouteTable.Target target, List<ClusterObject> routes) {
    List<CompiledRoute> compiled = new ArrayList<>();
    for (ClusterObject route : routes) {
      if (route instanceof HttpRoute || route instanceof GrpcRoute) {
        compiled.add(compiled(route, target));
      }
    }
    for (VirtualService service : objects.virtualServices()) {
      if (!service.http().isEmpty()) {
        compiled.add(of("VirtualService").compile(service, target, place.mesh().clusterDomain()));
      }
    }
    return RouteTable.of(target, compiled);
  }

  /** What becomes of other connections to {@code target}. */
  StreamTable streams(RouteTable.Target target, List<ClusterObject> routes) {
    List<StreamTable.Candidate> candidates = new ArrayList<>();
    for (ClusterObject route : routes) {
      if (route instanceof TcpRoute || route instanceof TlsRoute) {
        candidates.add(
            new StreamTable.Candidate(compiled(route, target), route instanceof TlsRoute));
      }
    }
    for (VirtualService service : objects.virtualServices()) {
      streams(service, target, true, candidates);
      streams(service, target, false, candidates);
    }
    return StreamTable.of(target, candidates);
  }

  private void streams(
      VirtualService service,
      RouteTable.Target target,
      boolean tls,
      List<StreamTable.Candidate> candidates) {
    if (!(tls ? service.tls() : service.tcp()).isEmpty()) {
      CompiledRoute route =
          of("VirtualService").compileStreams(service, target, place.mesh().clusterDomain(), tls);
      candidates.add(new StreamTable.Candidate(route, tls));
    }
  }

  private CompiledRoute compiled(ClusterObject object, RouteTable.Target target) {
    String hostname = target.service().hostname();
    String name =
        object.kind()
            + "/"
            + object.metadata().namespace()
            + "/"
            + object.metadata().name()
            + (object instanceof TlsRoute ? "/" + hostname : "");
    Done known = done.get(name);
    if (known != null && known.object() == object) {
      return known.route();
    }
    CompiledRoute route =
        switch (object) {
          case HttpRoute each -> of("HTTPRoute").compile(each);
          case GrpcRoute each -> of("GRPCRoute").compile(each);
          case TcpRoute each -> of("TCPRoute").compile(each);
          case TlsRoute each -> of("TLSRoute").compile(each, hostname);
          default ->
              throw new IllegalArgumentException(
                  "route: got " + object.kind() + ", expected one with parents");
        };
    done.put(name, new Done(object, route));
    return route;
  }

  /** Forgets objects that are gone. */
  void retain(Predicate<ClusterObject> stays) {
    done.values().removeIf(each -> !stays.test(each.object()));
  }
}
