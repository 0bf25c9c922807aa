package dev.ambit.model.waypoint;

import dev.ambit.model.http.CompiledRoute.Problem;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.workload.ServiceKey;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where the backends of routes of one kind lead, and whether they may: into another namespace only
 * with its ReferenceGrant (spec: http-routing §5). Immutable if what it asks is.
 *
 * @param routeKind as grants name it
 * @param grants those of a namespace
 */
public record RouteBackends(
    String routeKind,
    Services services,
    Function<String, Collection<ReferenceGrant>> grants,
    String clusterDomain)
    implements RouteCompiler.Backends {
  private static final String GATEWAY_API = "gateway.networking.k8s.io";

  /** The services there are. */
  public interface Services {
    boolean contains(ServiceKey key);

    /** The service that is called so. */
    Optional<ServiceKey> named(String hostname);
  }

  @Override
  public RouteCompiler.Found find(Metadata route, BackendReference reference) {
    return switch (reference.group() + "/" + reference.kind()) {
      case "/Service" -> service(route, reference);
      case "networking.istio.io/Hostname" ->
          services
              .named(reference.name())
              .map(key -> there(key, reference))
              .orElseGet(() -> absent("host " + reference.name()));
      default ->
          new RouteCompiler.NotThere(
              new Problem(
                  Problem.INVALID_KIND,
                  "backendRefs: got "
                      + (reference.group().isEmpty() ? "" : reference.group() + "/")
                      + reference.kind()
                      + ", expected Service or networking.istio.io/Hostname"));
    };
  }

  private RouteCompiler.Found service(Metadata route, BackendReference reference) {
    String namespace = reference.namespace().isEmpty() ? route.namespace() : reference.namespace();
    if (!namespace.equals(route.namespace()) && !isGranted(route, namespace, reference)) {
      return new RouteCompiler.NotThere(
          new Problem(
              Problem.REF_NOT_PERMITTED,
              "backend "
                  + namespace
                  + "/"
                  + reference.name()
                  + ": no ReferenceGrant of namespace "
                  + namespace
                  + " lets "
                  + routeKind
                  + " of "
                  + route.namespace()
                  + " refer to it"));
    }
    String hostname = reference.name() + "." + namespace + ".svc." + clusterDomain;
    ServiceKey key = new ServiceKey(namespace, hostname);
    return services.contains(key)
        ? there(key, reference)
        : absent("service " + namespace + "/" + reference.name());
  }

  private boolean isGranted(Metadata route, String namespace, BackendReference reference) {
    ReferenceGrant.From from = new ReferenceGrant.From(GATEWAY_API, routeKind, route.namespace());
    ReferenceGrant.To to = new ReferenceGrant.To("", "Service", reference.name());
    return grants.apply(namespace).stream().anyMatch(grant -> grant.allows(from, to));
  }

  private static RouteCompiler.Found there(ServiceKey key, BackendReference reference) {
    return new RouteCompiler.There(new RouteAction.Cluster(key, reference.port(), ""));
  }

  private static RouteCompiler.Found absent(String what) {
    return new RouteCompiler.NotThere(
        new Problem(Problem.BACKEND_NOT_FOUND, "backend " + what + " not found"));
  }
}
