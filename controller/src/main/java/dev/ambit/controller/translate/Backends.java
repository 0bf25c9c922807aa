package dev.ambit.controller.translate;

import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import java.util.ArrayList;
import java.util.List;

/** Everything an object may send traffic to. Pure. */
final class Backends {
  private Backends() {}

  /** The backends of a route, mirrors among them. */
  static List<BackendReference> of(ClusterObject route) {
    List<BackendReference> found = new ArrayList<>();
    switch (route) {
      case HttpRoute http -> {
        for (HttpRoute.Rule rule : http.rules()) {
          found.addAll(rule.backends());
          mirrors(rule.filters(), found);
        }
      }
      case GrpcRoute grpc -> {
        for (GrpcRoute.Rule rule : grpc.rules()) {
          found.addAll(rule.backends());
          mirrors(rule.filters(), found);
        }
      }
      case TcpRoute tcp -> tcp.rules().forEach(rule -> found.addAll(rule.backends()));
      case TlsRoute tls -> tls.rules().forEach(rule -> found.addAll(rule.backends()));
      default -> {
        // Not a route.
      }
    }
    return found;
  }

  private static void mirrors(List<RouteFilter> filters, List<BackendReference> found) {
    for (RouteFilter filter : filters) {
      if (filter instanceof RouteFilter.Mirror mirror) {
        found.add(mirror.backend());
      }
    }
  }

  /** The hosts of a VirtualService's destinations, as it names them. */
  static List<String> hosts(VirtualService service) {
    List<String> hosts = new ArrayList<>();
    for (VirtualService.Rule rule : service.http()) {
      if (rule.action() instanceof VirtualService.Forward forward) {
        forward.destinations().forEach(each -> hosts.add(each.host()));
        forward.mirrors().forEach(each -> hosts.add(each.destination().host()));
      }
    }
    for (VirtualService.StreamRule rule : service.tls()) {
      rule.destinations().forEach(each -> hosts.add(each.host()));
    }
    for (VirtualService.StreamRule rule : service.tcp()) {
      rule.destinations().forEach(each -> hosts.add(each.host()));
    }
    return hosts;
  }

  /** The hosts of those outside who are asked or told something. */
  static List<String> hosts(MeshConfig config) {
    List<String> hosts = new ArrayList<>();
    for (ExtensionProvider provider : config.providers()) {
      ExtensionProvider.Backend backend =
          switch (provider.kind()) {
            case ExtensionProvider.GrpcAuthorization each -> each.backend();
            case ExtensionProvider.HttpAuthorization each -> each.backend();
            case ExtensionProvider.Zipkin each -> each.backend();
            case ExtensionProvider.OpenTelemetry each -> each.backend();
            case ExtensionProvider.OtelAccessLog each -> each.backend();
            case ExtensionProvider.FileAccessLog _,
                ExtensionProvider.Prometheus _,
                ExtensionProvider.Other _ ->
                null;
          };
      if (backend != null) {
        hosts.add(backend.service().substring(backend.service().indexOf('/') + 1));
      }
    }
    return hosts;
  }
}
