package dev.ambit.cli.l7;

import dev.ambit.cli.dump.DumpReader;
import dev.ambit.cli.objects.KnownObjects;
import dev.ambit.cli.reach.Dump;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.Re2;
import dev.ambit.model.http.CompiledRoute;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.waypoint.RouteBackends;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One waypoint as its objects and the mesh make it.
 *
 * @param className of its Gateway, "" when that is not known
 */
public record AtWaypoint(
    String namespace, String name, String className, MeshView view, KnownObjects objects) {
  private static final String ROOT_NAMESPACE = "istio-system";
  private static final String CLUSTER_DOMAIN = "cluster.local";

  /** The waypoint a running pod of it says it is; its services as any ztunnel knows them. */
  public static AtWaypoint of(RunningMesh mesh, RunningMesh.Waypoint pod) {
    JsonNode dump = pod.ask("/config_dump");
    KnownObjects objects = KnownObjects.ofDump(dump).orElseGet(() -> KnownObjects.of(mesh));
    MeshView view =
        dump.path("services").isArray()
            ? DumpReader.read(dump)
            : mesh.dumps().stream()
                .map(Dump::json)
                .map(DumpReader::read)
                .findFirst()
                .orElseThrow(
                    () -> new Unreachable("no ztunnel of this mesh can be asked for its services"));
    return of(pod.namespace(), pod.gateway(), view, objects);
  }

  /** The waypoint a Gateway makes. */
  public static AtWaypoint of(String namespace, String name, MeshView view, KnownObjects objects) {
    String className =
        objects.find(Gateway.class, namespace, name).map(Gateway::className).orElse("");
    return new AtWaypoint(namespace, name, className, view, objects);
  }

  /** Services that are bound to it. */
  public List<Service> services() {
    return view.services().stream()
        .filter(this::isBound)
        .sorted(Comparator.comparing(service -> service.key().toString()))
        .toList();
  }

  private boolean isBound(Service service) {
    return means(service.waypoint())
        || service.weightedWaypoints().stream().anyMatch(share -> means(share.destination()));
  }

  private boolean means(@Nullable GatewayAddress reference) {
    ServiceKey own = new ServiceKey(namespace, name + "." + namespace + ".svc." + CLUSTER_DOMAIN);
    if (reference == null) {
      return false;
    }
    return switch (reference.destination()) {
      case GatewayAddress.ByHostname(ServiceKey key) -> key.equals(own);
      case GatewayAddress.ByAddress(NetworkAddress address) ->
          view.serviceAt(address, namespace).map(Service::key).equals(Optional.of(own));
    };
  }

  /** What becomes of HTTP requests to a port of a service. */
  public RouteTable routes(Service service, int port) {
    RouteTable.Target target =
        new RouteTable.Target(kind(service), service.key(), service.name(), port, namespace);
    List<CompiledRoute> compiled = new ArrayList<>();
    objects
        .each(HttpRoute.class)
        .forEach(route -> compiled.add(compiler(route.kind()).compile(route)));
    objects
        .each(GrpcRoute.class)
        .forEach(route -> compiled.add(compiler(route.kind()).compile(route)));
    objects
        .each(VirtualService.class)
        .filter(each -> !each.http().isEmpty())
        .forEach(each -> compiled.add(compiler(each.kind()).compile(each, target, CLUSTER_DOMAIN)));
    return RouteTable.of(target, compiled);
  }

  private RouteCompiler compiler(String kind) {
    RouteBackends.Services services =
        new RouteBackends.Services() {
          @Override
          public boolean contains(ServiceKey key) {
            return view.service(key).isPresent();
          }

          @Override
          public Optional<ServiceKey> named(String hostname) {
            return view.serviceNamed(hostname, namespace).map(Service::key);
          }
        };
    return new RouteCompiler(
        Re2::whole, new RouteBackends(kind, services, this::grants, CLUSTER_DOMAIN));
  }

  private List<ReferenceGrant> grants(String of) {
    return objects
        .each(ReferenceGrant.class)
        .filter(grant -> grant.metadata().namespace().equals(of))
        .toList();
  }

  /** Policies that requests to a service must obey here. */
  public List<AuthorizationPolicy> policies(Service service) {
    return objects
        .each(AuthorizationPolicy.class)
        .filter(each -> holds(each.targetRefs(), each.metadata().namespace(), service))
        .toList();
  }

  /** Which tokens requests to a service may carry here. */
  public List<RequestAuthentication> authentications(Service service) {
    return objects
        .each(RequestAuthentication.class)
        .filter(each -> holds(each.targetRefs(), each.metadata().namespace(), service))
        .toList();
  }

  public HttpAuthorizer authorizer(Service service) {
    HttpAuthorizer.Mesh mesh =
        new HttpAuthorizer.Mesh(Set.of(SpiffeId.DEFAULT_TRUST_DOMAIN), Set.of(), false);
    return HttpAuthorizer.of(policies(service), mesh, HttpAuthorizer.Chain.HTTP);
  }

  private boolean holds(List<TargetReference> targets, String of, Service service) {
    return !targets.isEmpty()
        && new PolicyAttachment(targets, of, ROOT_NAMESPACE)
            .holdsFor(
                new PolicyAttachment.Owner(kind(service), service.namespace(), service.name()),
                new PolicyAttachment.Place(namespace, name, className));
  }

  private static String kind(Service service) {
    return service.hostname().endsWith(".svc." + CLUSTER_DOMAIN) ? "Service" : "ServiceEntry";
  }
}
