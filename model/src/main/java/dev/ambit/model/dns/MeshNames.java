package dev.ambit.model.dns;

import dev.ambit.model.dns.CandidateNames.Candidate;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Resolves the hostnames of services for a client of the mesh (spec: dns §3 to §5). Pure but for
 * the order of addresses; any thread.
 *
 * @param domain of the cluster
 * @param preferredNamespace whose service is taken when several have the name and none is the
 *     client's own or canonical; "" for none
 * @param ipv6 whether IPv6 addresses are given out
 */
public record MeshNames(String domain, String preferredNamespace, boolean ipv6) {
  /** The address family of a question. */
  public enum Family {
    IPV4,
    IPV6;

    boolean holds(InetAddress address) {
      return address instanceof Inet4Address == (this == IPV4);
    }
  }

  /**
   * Answers {@code name} for {@code client}, or leaves it to others.
   *
   * @param name fully qualified, in any case, with or without its final dot
   */
  public Resolution resolve(
      MeshView mesh, Workload client, String name, Family family, RandomGenerator random) {
    String lower = name.toLowerCase(Locale.ROOT);
    String queried = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    if (queried.isEmpty()) {
      return new Resolution.Forward();
    }
    for (Candidate candidate : CandidateNames.of(queried, client.namespace(), domain)) {
      Optional<Service> exact = service(mesh, candidate.name(), client);
      if (exact.isPresent()) {
        return answer(mesh, exact.get(), candidate.stripped(), client, family, random);
      }
      // A wildcard stands for the queried name as it is, stripped or not.
      Optional<Service> wild = byWildcard(mesh, candidate.name(), client);
      if (wild.isPresent()) {
        return answer(mesh, wild.get(), "", client, family, random);
      }
    }
    return new Resolution.Forward();
  }

  private Optional<Service> byWildcard(MeshView mesh, String name, Workload client) {
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      Optional<Service> service = service(mesh, "*" + name.substring(dot), client);
      if (service.isPresent()) {
        return service;
      }
    }
    return Optional.empty();
  }

  private Optional<Service> service(MeshView mesh, String hostname, Workload client) {
    Service best = null;
    for (Service service : mesh.servicesNamed(hostname)) {
      if (answerable(service)
          && visible(service, client)
          && (best == null || rank(service, client) < rank(best, client))) {
        best = service;
      }
    }
    return Optional.ofNullable(best);
  }

  /** A headless service outside Kubernetes has no addresses that only the mesh would know. */
  private boolean answerable(Service service) {
    return !service.addresses().isEmpty() || service.hostname().endsWith(".svc." + domain);
  }

  private static boolean visible(Service service, Workload client) {
    return switch (service.visibility()) {
      case PUBLIC -> true;
      case NAMESPACE -> service.namespace().equals(client.namespace());
    };
  }

  private int rank(Service service, Workload client) {
    if (service.namespace().equals(client.namespace())) {
      return 0;
    }
    if (service.canonical()) {
      return 1;
    }
    return service.namespace().equals(preferredNamespace) ? 2 : 3;
  }

  private Resolution answer(
      MeshView mesh,
      Service service,
      String stripped,
      Workload client,
      Family family,
      RandomGenerator random) {
    boolean supported = supports(service, family);
    List<InetAddress> addresses =
        supported ? addresses(mesh, service, client, family) : new ArrayList<>();
    Collections.shuffle(addresses, java.util.Random.from(random));
    return new Resolution.Answer(service, stripped, addresses, supported);
  }

  private boolean supports(Service service, Family family) {
    boolean allowed =
        switch (service.ipFamilies()) {
          case AUTOMATIC, DUAL -> true;
          case IPV4_ONLY -> family == Family.IPV4;
          case IPV6_ONLY -> family == Family.IPV6;
        };
    return allowed && (ipv6 || family == Family.IPV4);
  }

  private static List<InetAddress> addresses(
      MeshView mesh, Service service, Workload client, Family family) {
    List<InetAddress> addresses = new ArrayList<>();
    if (service.addresses().isEmpty()) {
      for (Workload endpoint : mesh.endpoints(service.key())) {
        endpoint.addresses().stream().filter(family::holds).findFirst().ifPresent(addresses::add);
      }
      return addresses;
    }
    for (NetworkAddress address : service.addresses()) {
      if (address.network().equals(client.network()) && family.holds(address.address())) {
        addresses.add(address.address());
      }
    }
    return addresses;
  }
}
