package dev.ambit.waypoint.config;

import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A mesh for tests: services of namespace {@code demo} behind waypoint {@code demo/wp}, objects as
 * YAML.
 */
final class Town {
  static final Place PLACE = Place.of("demo", "wp");
  static final Instant DAY = Instant.parse("2026-01-01T00:00:00Z");
  private static final GatewayAddress WAYPOINT =
      new GatewayAddress(new GatewayAddress.ByHostname(key("wp")), 15008);

  private MeshView mesh = MeshView.empty();
  private int pods;

  static ServiceKey key(String name) {
    return new ServiceKey("demo", name + ".demo.svc.cluster.local");
  }

  MeshView mesh() {
    return mesh;
  }

  /** A service with VIP {@code 10.96.0.last} and ports 80 (HTTP), 9000 (TCP) and 7000 (unsaid). */
  Town service(String name, int last) {
    return put(service(name, last, WAYPOINT));
  }

  /** A service with any VIP. */
  Town at(String name, String vip) {
    Service plain = service(name, 0, WAYPOINT);
    return put(
        new Service(
            plain.name(),
            plain.key(),
            List.of(new NetworkAddress("", ip(vip))),
            List.of(),
            plain.ports(),
            List.of(),
            plain.waypoint(),
            List.of(),
            plain.loadBalancing(),
            plain.ipFamilies(),
            true,
            false,
            plain.visibility()));
  }

  Town unbound(String name, int last) {
    return put(service(name, last, null));
  }

  Town put(Service service) {
    mesh = mesh.with(new MeshChange.ServicePut(service));
    return this;
  }

  static Service service(String name, int last, @Nullable GatewayAddress waypoint) {
    return new Service(
        name,
        key(name),
        last == 0 ? List.of() : List.of(new NetworkAddress("", ip("10.96.0." + last))),
        List.of(),
        Map.of(
            80, new ServicePort(80, 8080, AppProtocol.HTTP11),
            9000, new ServicePort(9000, 9000, AppProtocol.TCP),
            7000, new ServicePort(7000, 7000, AppProtocol.UNKNOWN)),
        List.of(),
        waypoint,
        List.of(),
        LoadBalancing.DEFAULT,
        Service.IpFamilies.AUTOMATIC,
        true,
        false,
        Service.Visibility.PUBLIC);
  }

  /** A pod of {@code service}, at {@code 10.244.0.N}. */
  Town pod(String name, String service) {
    return pod(name, service, null);
  }

  Town pod(String name, String service, @Nullable GatewayAddress waypoint) {
    pods++;
    Workload workload =
        Workload.named("Kubernetes//Pod/demo/" + name)
            .name(name)
            .namespace("demo")
            .serviceAccount("default")
            .trustDomain("cluster.local")
            .addresses(List.of(ip("10.244." + pods / 250 + "." + pods % 250)))
            .waypoint(waypoint)
            .services(Map.of(key(service), Map.of(80, 8080, 9000, 9000, 7000, 7000)))
            .build();
    mesh = mesh.with(new MeshChange.WorkloadPut(workload));
    return this;
  }

  static GatewayAddress waypoint() {
    return WAYPOINT;
  }

  Snapshot with(String... yaml) {
    return Snapshots.of(mesh, objects(yaml), PLACE);
  }

  static InetAddress ip(String text) {
    return InetAddress.ofLiteral(text);
  }

  static Authority authority(String text) {
    return Authority.parse(text).orElseThrow();
  }

  /** Documents that must be readable. */
  static List<ClusterObject> objects(String... yaml) {
    String text = String.join("\n---\n", yaml);
    ManifestReader.Content content =
        ManifestReader.read("test.yaml", text.getBytes(StandardCharsets.UTF_8), DAY);
    if (!content.problems().isEmpty()) {
      throw new IllegalArgumentException(content.problems().toString());
    }
    return content.objects();
  }

  /** Where a GET of {@code path} goes: a service, or a status. */
  static String chosen(Destination destination, String path, String... headers) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      map.put(headers[i], headers[i + 1]);
    }
    HttpAttributes request =
        HttpAttributes.of("GET", "http", "echo", path, map::get, PathNormalization.BASE)
            .orElseThrow();
    RouteEntry entry = destination.routes().route(request).orElse(null);
    if (entry == null) {
      return "404";
    }
    return switch (entry.action()) {
      case RouteAction.Forward forward -> name(forward.choose(new Random(1)));
      case RouteAction.Redirect redirect -> String.valueOf(redirect.to().status());
      case RouteAction.Respond respond -> String.valueOf(respond.status());
    };
  }

  static String name(RouteAction.@Nullable Share share) {
    return switch (share == null ? null : share.backend()) {
      case null -> "500";
      case RouteAction.Cluster cluster ->
          cluster.service().hostname().substring(0, cluster.service().hostname().indexOf('.'))
              + (cluster.subset().isEmpty() ? "" : "/" + cluster.subset());
      case RouteAction.Missing missing -> String.valueOf(missing.reply().status());
    };
  }
}
