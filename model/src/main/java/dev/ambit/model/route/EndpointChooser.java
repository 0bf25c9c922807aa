package dev.ambit.model.route;

import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.LoadBalancing.Scope;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses one endpoint of a service for a client: filter, rank by locality, draw by capacity (spec:
 * workload-xds §7). Allocates only its answer.
 */
final class EndpointChooser {
  private EndpointChooser() {}

  /** What the endpoint is wanted for. */
  enum Purpose {
    /** The service was dialled: it must define the port. */
    APPLICATION,
    /** It is a waypoint or gateway: an application tunnel of the workload also gives the port. */
    GATEWAY
  }

  /** An endpoint and the port to dial on it. */
  record Choice(Workload workload, int port) {}

  /**
   * Empty when no endpoint may be used.
   *
   * @param endpoints of {@code service}, as {@code MeshView.endpoints} gives them
   */
  static Optional<Choice> choose(
      List<Workload> endpoints,
      Target target,
      Workload client,
      Purpose purpose,
      RandomGenerator random) {
    Service service = target.service();
    int port = target.port();
    int best = 0;
    long total = 0;
    for (Workload endpoint : endpoints) {
      int rank = rank(service.loadBalancing(), client, endpoint);
      if (rank >= best && isUsable(endpoint, service, port, client, purpose)) {
        total = rank > best ? endpoint.capacity() : total + endpoint.capacity();
        best = rank;
      }
    }
    if (total <= 0) {
      return Optional.empty();
    }
    long draw = random.nextLong(total);
    for (Workload endpoint : endpoints) {
      if (rank(service.loadBalancing(), client, endpoint) == best
          && isUsable(endpoint, service, port, client, purpose)) {
        draw -= endpoint.capacity();
        if (draw < 0) {
          return Optional.of(new Choice(endpoint, targetPort(service, endpoint, port)));
        }
      }
    }
    return Optional.empty();
  }

  /** A port of a service. */
  record Target(Service service, int port) {}

  private static boolean isUsable(
      Workload endpoint, Service service, int port, Workload client, Purpose purpose) {
    // Capacity 0 draws no traffic; left in, it would also win the ranking and then refuse.
    if (endpoint.capacity() <= 0 || !isReachable(endpoint, service, client)) {
      return false;
    }
    ServicePort defined = service.ports().get(port);
    int mapped = targetPort(service, endpoint, port);
    return switch (purpose) {
      case APPLICATION -> defined != null && mapped != 0;
      case GATEWAY -> mapped != 0 && (defined != null || endpoint.applicationTunnel() != null);
    };
  }

  private static boolean isReachable(Workload endpoint, Service service, Workload client) {
    if (!endpoint.network().equals(client.network()) && endpoint.networkGateway() != null) {
      return true;
    }
    return endpoint.addresses().isEmpty()
        ? !endpoint.hostname().isEmpty()
        : address(endpoint, service, null) != null;
  }

  /**
   * How many leading scopes match. A matching NETWORK in front counts as if all others had matched
   * before, so that anything local outranks anything remote. Negative when STRICT does not hold.
   */
  private static int rank(LoadBalancing balancing, Workload client, Workload endpoint) {
    List<Scope> scopes = balancing.preference();
    return switch (balancing.mode()) {
      case UNSPECIFIED, PASSTHROUGH -> 0;
      case STRICT -> matchesAll(scopes, client, endpoint) ? 0 : -1;
      case FAILOVER -> {
        int rank = 0;
        for (int i = 0; i < scopes.size(); i++) {
          boolean matches = matches(scopes.get(i), client, endpoint);
          if (i == 0 && scopes.get(i) == Scope.NETWORK) {
            rank = matches ? scopes.size() : 0;
          } else if (matches) {
            rank++;
          } else {
            break;
          }
        }
        yield rank;
      }
    };
  }

  private static boolean matchesAll(List<Scope> scopes, Workload client, Workload endpoint) {
    for (int i = 0; i < scopes.size(); i++) {
      if (!matches(scopes.get(i), client, endpoint)) {
        return false;
      }
    }
    return true;
  }

  private static boolean matches(Scope scope, Workload client, Workload endpoint) {
    return switch (scope) {
      case REGION -> client.locality().region().equals(endpoint.locality().region());
      case ZONE -> client.locality().zone().equals(endpoint.locality().zone());
      case SUBZONE -> client.locality().subzone().equals(endpoint.locality().subzone());
      case NODE -> client.node().equals(endpoint.node());
      case CLUSTER -> client.clusterId().equals(endpoint.clusterId());
      case NETWORK -> client.network().equals(endpoint.network());
    };
  }

  /** The port {@code endpoint} serves {@code port} of {@code service} on; 0 when it does not. */
  static int targetPort(Service service, Workload endpoint, int port) {
    Map<Integer, Integer> own = endpoint.services().get(service.key());
    Integer mapped = own == null ? null : own.get(port);
    if (mapped != null && mapped != 0) {
      return mapped;
    }
    ServicePort defined = service.ports().get(port);
    if (defined != null && defined.targetPort() != 0) {
      return defined.targetPort();
    }
    ApplicationTunnel tunnel = endpoint.applicationTunnel();
    return tunnel != null && tunnel.port() != 0 ? port : 0;
  }

  /**
   * The address of {@code workload} to dial: the one asked for if it has it, else one that {@code
   * service} permits, of the family asked for if there is one. Null when there is none.
   */
  static @Nullable InetAddress address(
      Workload workload, @Nullable Service service, @Nullable InetAddress asked) {
    InetAddress first = null;
    for (InetAddress ip : workload.addresses()) {
      if (ip.equals(asked)) {
        return ip;
      }
    }
    for (InetAddress ip : workload.addresses()) {
      if (service == null || permits(service.ipFamilies(), ip)) {
        if (asked == null || ip.getClass() == asked.getClass()) {
          return ip;
        }
        first = first == null ? ip : first;
      }
    }
    return first;
  }

  private static boolean permits(Service.IpFamilies families, InetAddress ip) {
    return switch (families) {
      case AUTOMATIC, DUAL -> true;
      case IPV4_ONLY -> ip instanceof Inet4Address;
      case IPV6_ONLY -> !(ip instanceof Inet4Address);
    };
  }
}
