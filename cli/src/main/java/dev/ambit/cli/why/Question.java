package dev.ambit.cli.why;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who wants to go where.
 *
 * @param destinations more than one for a headless service, whose name means its pods
 */
record Question(Workload source, String asked, List<InetSocketAddress> destinations) {
  private static final int SHOWN = 8;

  /** The words name nothing that is known; the message says what was expected. */
  static final class NotUnderstood extends RuntimeException {
    NotUnderstood(String message) {
      super(message);
    }
  }

  static Question of(MeshViews views, String from, String to) {
    Workload source = source(views, from);
    int colon = to.lastIndexOf(':');
    String port = to.substring(colon + 1);
    if (colon < 1 || !port.matches("[0-9]{1,5}") || !isPort(Integer.parseInt(port))) {
      throw new NotUnderstood(
          "destination: got \"" + to + "\", expected HOST:PORT with a port from 1 to 65535");
    }
    String host = to.substring(0, colon);
    List<InetSocketAddress> destinations =
        destinations(views, source, host).stream()
            .map(ip -> new InetSocketAddress(ip, Integer.parseInt(port)))
            .toList();
    return new Question(source, to, destinations);
  }

  private static boolean isPort(int number) {
    return number > 0 && number < 1 << 16;
  }

  private static Workload source(MeshViews views, String from) {
    int slash = from.indexOf('/');
    Optional<Workload> found =
        slash > 0
            ? views.pod(from.substring(0, slash), from.substring(slash + 1))
            : IpAddresses.parse(from).flatMap(views::workloadAt);
    Workload source =
        found.orElseThrow(() ->
            new NotUnderstood(
                "source: got \""
                    + from
                    + "\", expected NAMESPACE/POD or the IP of a pod; known: "
                    + pods(views)));
    if (source.addresses().isEmpty()) {
      throw new NotUnderstood("source: " + from + " has no address to come from");
    }
    return source;
  }

  private static List<InetAddress> destinations(MeshViews views, Workload source, String host) {
    Optional<InetAddress> ip =
        IpAddresses.parse(host.startsWith("[") ? host.replaceAll("[\\[\\]]", "") : host);
    if (ip.isPresent()) {
      return List.of(ip.get());
    }
    int slash = host.indexOf('/');
    Optional<Workload> pod =
        slash > 0
            ? views.pod(host.substring(0, slash), host.substring(slash + 1))
            : Optional.empty();
    if (pod.isPresent()) {
      return List.of(ofFamily(pod.get().addresses(), source));
    }
    Service service =
        service(views, source, host)
            .orElseThrow(() ->
                new NotUnderstood(
                    "destination: got \""
                        + host
                        + "\", expected NAMESPACE/POD, a service (echo, echo.demo) or an IP;"
                        + " known: "
                        + names(views)));
    if (!service.addresses().isEmpty()) {
      return List.of(
          ofFamily(service.addresses().stream().map(NetworkAddress::address).toList(), source));
    }
    List<InetAddress> endpoints = new ArrayList<>();
    for (Workload endpoint : views.of(source.node()).view().endpoints(service.key())) {
      if (!endpoint.addresses().isEmpty()) {
        endpoints.add(ofFamily(endpoint.addresses(), source));
      }
    }
    if (endpoints.isEmpty()) {
      throw new NotUnderstood(
          "destination: " + service.key() + " has no virtual IP and no endpoint with an address");
    }
    return endpoints;
  }

  /**
   * The address a program of {@code source} would take: of the family it has itself, IPv4 first.
   */
  private static InetAddress ofFamily(List<InetAddress> addresses, Workload source) {
    if (addresses.isEmpty()) {
      throw new NotUnderstood("destination: it has no address");
    }
    return source.addresses().stream()
        .flatMap(
            own -> addresses.stream().filter(ip -> ip.getClass().equals(own.getClass())).limit(1))
        .findFirst()
        .orElseGet(addresses::getFirst);
  }

  /** By hostname, by {@code name.namespace} with any of the usual ends, or by name alone. */
  private static Optional<Service> service(MeshViews views, Workload source, String host) {
    return views
        .of(source.node())
        .view()
        .serviceNamed(host, source.namespace())
        .or(() -> views.services().filter(each -> isMeant(each, source, host)).findFirst());
  }

  private static boolean isMeant(Service service, Workload source, String host) {
    String qualified = service.name() + "." + service.namespace();
    boolean own = service.namespace().equals(source.namespace());
    return host.equals(qualified)
        || host.equals(qualified + ".svc")
        || host.equals(service.namespace() + "/" + service.name())
        || host.equals(service.key().toString())
        || (own && host.equals(service.name()));
  }

  private static String pods(MeshViews views) {
    return some(views.workloads().map(each -> each.namespace() + "/" + each.name()));
  }

  private static String names(MeshViews views) {
    return some(
        Stream.concat(
            views.services().map(each -> each.name() + "." + each.namespace()),
            views.workloads().map(each -> each.namespace() + "/" + each.name())));
  }

  private static String some(Stream<String> names) {
    TreeSet<String> sorted = names.collect(Collectors.toCollection(TreeSet::new));
    return sorted.stream().limit(SHOWN).collect(Collectors.joining(", "))
        + (sorted.size() > SHOWN ? " and " + (sorted.size() - SHOWN) + " more" : "");
  }
}
