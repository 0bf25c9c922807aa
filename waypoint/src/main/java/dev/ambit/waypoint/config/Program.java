package dev.ambit.waypoint.config;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.route.Authority;
import dev.ambit.model.telemetry.TelemetryRules;
import dev.ambit.model.traffic.LocalRateLimit;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One moment's mesh and objects. What a port needs is compiled when it is first called and kept for
 * later snapshots as long as nothing it was made of has changed.
 */
final class Program implements Snapshot {
  private static final String TELLS_CALLERS = "ambient.istio.io/xfcc-include-client-identity";

  private final MeshView mesh;
  private final ObjectIndex objects;
  private final Place place;
  private final RouteCompilation routes;
  private final Ownership ownership;
  private final Compiled compiled;
  private final JwtAuthentication.Tokens tokens;

  Program(MeshView mesh, ObjectIndex objects, Place place, RouteCompilation routes, Shared shared) {
    this.mesh = mesh;
    this.objects = objects;
    this.place = place;
    this.routes = routes;
    this.ownership = new Ownership(mesh, place, objects.gateway());
    this.compiled = shared.compiled();
    this.tokens = shared.tokens();
  }

  /** What outlives a snapshot. */
  record Shared(Compiled compiled, JwtAuthentication.Tokens tokens) {}

  @Override
  public MeshView mesh() {
    return mesh;
  }

  @Override
  public Optional<MeshConfig> meshConfig() {
    return Optional.ofNullable(objects.meshConfig());
  }

  @Override
  public boolean tellsCallers() {
    Gateway gateway = objects.gateway();
    return gateway != null && "true".equals(gateway.metadata().annotations().get(TELLS_CALLERS));
  }

  @Override
  public Optional<Destination> destination(Authority authority) {
    return switch (authority) {
      case Authority.ByAddress(InetSocketAddress address) -> at(address);
      case Authority.ByHostname(String hostname, int port) ->
          mesh.serviceNamed(hostname.toLowerCase(Locale.ROOT), place.namespace())
              .flatMap(service -> ofService(service, port));
    };
  }

  /** A virtual IP first: one that is known never means a workload. */
  private Optional<Destination> at(InetSocketAddress address) {
    NetworkAddress where = new NetworkAddress(place.network(), address.getAddress());
    Optional<Service> service = mesh.serviceAt(where, place.namespace());
    return service.isPresent()
        ? ofService(service.get(), address.getPort())
            .map(found -> Passthrough.to(found, address.getAddress()))
        : mesh.workloadAt(where)
            .filter(ownership::isOwned)
            .map(workload -> ofWorkload(workload, address.getPort()));
  }

  private Optional<Destination> ofService(Service service, int port) {
    ServicePort known = service.ports().get(port);
    if (known == null || !ownership.isOwned(service)) {
      return Optional.empty();
    }
    Compiled.DestinationKey key = new Compiled.DestinationKey(service.key(), "", port);
    return Optional.of(compiled.destination(key, routes, service, () -> compile(service, known)));
  }

  private Destination compile(Service service, ServicePort port) {
    PolicyAttachment.Owner owner = PolicyAttachment.Owner.of(service, place.mesh().clusterDomain());
    String kind = owner.kind();
    RouteTable.Target target =
        new RouteTable.Target(kind, service.key(), service.name(), port.port(), place.namespace());
    List<ClusterObject> meant =
        objects.routes(new ObjectIndex.Parent(kind, service.namespace(), service.name()));
    return secured(
        new Named(service, null, port.port(), protocol(port.appProtocol())), target, meant, owner);
  }

  /** Whom a destination is. */
  private record Named(
      @Nullable Service service,
      @Nullable Workload workload,
      int port,
      Destination.Protocol protocol) {}

  private Destination ofWorkload(Workload workload, int port) {
    Compiled.DestinationKey key = new Compiled.DestinationKey(null, workload.uid(), port);
    return compiled.destination(
        key,
        routes,
        workload,
        () -> {
          // Routes are of services: traffic to a pod has the default route only.
          ServiceKey itself = new ServiceKey(workload.namespace(), workload.name());
          RouteTable.Target target =
              new RouteTable.Target("Pod", itself, workload.name(), port, place.namespace());
          Named named = new Named(null, workload, port, Destination.Protocol.DETECT);
          return secured(named, target, List.of(), null);
        });
  }

  private Destination secured(
      Named named,
      RouteTable.Target target,
      List<ClusterObject> meant,
      PolicyAttachment.@Nullable Owner owner) {
    List<AuthorizationPolicy> policies = objects.policies().of(owner, place.attachment());
    List<RequestAuthentication> authentications =
        objects.authentications().of(owner, place.attachment());
    HttpAuthorizer.Mesh rules =
        new HttpAuthorizer.Mesh(
            place.mesh().trustDomains(), place.mesh().providers(), place.mesh().manyProviders());
    boolean ofService = owner != null;
    return new Destination(
        named.service(),
        named.workload(),
        named.port(),
        named.protocol(),
        (ofService ? routes.table(target, meant) : RouteTable.of(target, List.of()))
            .withRetries(meshConfig().map(MeshConfig::retries).orElse(null)),
        ofService ? routes.streams(target, meant) : StreamTable.of(target, List.of()),
        HttpAuthorizer.of(policies, rules, HttpAuthorizer.Chain.HTTP),
        HttpAuthorizer.of(policies, rules, HttpAuthorizer.Chain.TCP),
        JwtAuthentication.of(authentications, tokens),
        telemetry(owner),
        limits(meant));
  }

  private Destination.Telemetry telemetry(PolicyAttachment.@Nullable Owner owner) {
    TelemetryRules.Asked asked =
        new TelemetryRules.Asked(place.attachment(), owner, place.mesh().rootNamespace());
    MeshConfig config = objects.meshConfig();
    return new Destination.Telemetry(
        TelemetryRules.merge(
            TelemetryRules.applicable(objects.telemetries(), asked),
            config == null ? TelemetryRules.Defaults.USUAL : TelemetryRules.Defaults.of(config)));
  }

  private Destination.RateLimits limits(List<ClusterObject> meant) {
    Map<String, LocalRateLimit> byRoute = new HashMap<>();
    for (ClusterObject route : meant) {
      LocalRateLimit limit = LocalRateLimit.of(route.metadata().annotations());
      if (limit != null) {
        byRoute.put(
            route.kind() + " " + route.metadata().namespace() + "/" + route.metadata().name(),
            limit);
      }
    }
    Gateway gateway = objects.gateway();
    return new Destination.RateLimits(
        gateway == null ? null : LocalRateLimit.of(gateway.metadata().annotations()), byRoute);
  }

  private static Destination.Protocol protocol(ServicePort.AppProtocol said) {
    return switch (said) {
      case HTTP11 -> Destination.Protocol.HTTP;
      case HTTP2 -> Destination.Protocol.HTTP2;
      case GRPC -> Destination.Protocol.GRPC;
      case TCP -> Destination.Protocol.TCP;
      case TLS -> Destination.Protocol.TLS;
      case UNKNOWN -> Destination.Protocol.DETECT;
    };
  }

  @Override
  public Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked) {
    Workload workload = asked.workload();
    if (asked.service() == null && workload != null) {
      return Optional.of(itself(workload, asked.port()));
    }
    Service service = mesh.service(named.service()).orElse(null);
    if (service == null) {
      return Optional.empty();
    }
    int port = named.port();
    if (port == 0) {
      Map<Integer, ServicePort> all = service.ports();
      port = all.size() == 1 ? all.keySet().iterator().next() : asked.port();
    }
    return Passthrough.isOf(service)
        ? passthrough(service, port, named.subset(), asked)
        : cluster(service, port, named.subset());
  }

  @Override
  public boolean isDynamic(RouteAction.Cluster named) {
    return objects.isDynamic(named.service());
  }

  @Override
  public Optional<Cluster> named(RouteAction.Cluster named, Destination asked, String authority) {
    Service service = mesh.service(named.service()).orElse(null);
    int port = named.port() == 0 ? asked.port() : named.port();
    ServicePort known = service == null ? null : service.ports().get(port);
    if (service == null || known == null) {
      return Optional.empty();
    }
    return Dynamic.called(service, authority, port)
        .flatMap(called ->
            Clusters.of(
                new Cluster.Key(service.key(), called.uid(), port, named.subset()),
                known,
                new Compiled.Parts(objects, service, List.of(called)),
                place));
  }

  /** Of as many as clients dial, so none is kept. */
  private Optional<Cluster> passthrough(
      Service service, int port, String subset, Destination asked) {
    List<Workload> there = Passthrough.members(service, asked);
    ServicePort known = service.ports().get(port);
    Cluster.Key key = new Cluster.Key(service.key(), Passthrough.uid(there), port, subset);
    return known == null
        ? Optional.empty()
        : Clusters.of(key, known, new Compiled.Parts(objects, service, there), place);
  }

  @Override
  public Optional<Cluster> backend(String host, int port) {
    Optional<ServiceKey> key = ServiceKey.parse(host);
    Optional<Service> service =
        key.isPresent() ? mesh.service(key.get()) : mesh.serviceNamed(host, place.namespace());
    if (service.isPresent()) {
      return cluster(service.get(), port, "");
    }
    boolean outside = key.isEmpty() && !host.endsWith(".svc." + place.mesh().clusterDomain());
    return outside ? Optional.of(Clusters.outside(host, port, objects, place)) : Optional.empty();
  }

  private Optional<Cluster> cluster(Service service, int port, String subset) {
    ServicePort known = service.ports().get(port);
    if (known == null) {
      return Optional.empty();
    }
    Cluster.Key key = new Cluster.Key(service.key(), "", port, subset);
    Compiled.Parts parts = new Compiled.Parts(objects, service, mesh.members(service.key()));
    return compiled.cluster(key, parts, () -> Clusters.of(key, known, parts, place));
  }

  /** The latest of a workload that was called by its address. */
  private Cluster itself(Workload asked, int port) {
    Workload now = mesh.workload(asked.uid()).orElse(asked);
    return Clusters.of(now, port);
  }
}
