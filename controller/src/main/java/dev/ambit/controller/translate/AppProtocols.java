package dev.ambit.controller.translate;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.util.Locale;
import java.util.Set;

/** What a service port speaks, from its appProtocol, its name or its number. */
final class AppProtocols {
  /** Ports of protocols whose server speaks first: never to be sniffed. */
  private static final Set<Integer> SERVER_FIRST = Set.of(25, 53, 3306, 27017);

  private AppProtocols() {}

  static AppProtocol of(KubernetesService.Port port) {
    if (!port.protocol().isEmpty() && !port.protocol().equals("TCP")) {
      return AppProtocol.UNKNOWN;
    }
    AppProtocol said =
        port.appProtocol().isEmpty() ? named(prefix(port.name())) : named(port.appProtocol());
    if (said == AppProtocol.UNKNOWN && SERVER_FIRST.contains(port.port())) {
      return AppProtocol.TCP;
    }
    return said;
  }

  static AppProtocol of(ServiceEntry.Port port) {
    AppProtocol said = named(port.protocol());
    return said == AppProtocol.UNKNOWN && SERVER_FIRST.contains(port.number())
        ? AppProtocol.TCP
        : said;
  }

  private static String prefix(String name) {
    if (name.toLowerCase(Locale.ROOT).startsWith("grpc-web")) {
      return "grpc-web";
    }
    int dash = name.indexOf('-');
    return dash < 0 ? name : name.substring(0, dash);
  }

  private static AppProtocol named(String protocol) {
    return switch (protocol.toLowerCase(Locale.ROOT)) {
      case "http", "grpc-web", "kubernetes.io/ws" -> AppProtocol.HTTP11;
      case "http2", "kubernetes.io/h2c" -> AppProtocol.HTTP2;
      case "grpc" -> AppProtocol.GRPC;
      case "https", "tls", "kubernetes.io/wss" -> AppProtocol.TLS;
      case "tcp", "mongo", "redis", "mysql" -> AppProtocol.TCP;
      default -> AppProtocol.UNKNOWN;
    };
  }
}
