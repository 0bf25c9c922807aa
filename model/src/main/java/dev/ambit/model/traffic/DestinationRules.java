package dev.ambit.model.traffic;

import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.DestinationRule.Subset;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TrafficPolicy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the DestinationRule of a service at its waypoint (spec: traffic-policy §1). Immutable. */
public final class DestinationRules {
  private final Map<String, List<DestinationRule>> byNamespace;
  private final String rootNamespace;
  private final String clusterDomain;

  private DestinationRules(
      Map<String, List<DestinationRule>> byNamespace, String rootNamespace, String clusterDomain) {
    this.byNamespace = byNamespace;
    this.rootNamespace = rootNamespace;
    this.clusterDomain = clusterDomain;
  }

  /** Rules for chosen clients only are passed over: they say nothing of owned services. */
  public static DestinationRules of(
      Collection<DestinationRule> rules, String rootNamespace, String clusterDomain) {
    Map<String, List<DestinationRule>> byNamespace = new HashMap<>();
    rules.stream()
        .filter(rule -> rule.workloadSelector().isEmpty())
        .sorted(
            Comparator.comparing(
                DestinationRule::metadata,
                Comparator.comparing(Metadata::created).thenComparing(Metadata::name)))
        .forEach(rule ->
            byNamespace
                .computeIfAbsent(rule.metadata().namespace(), _ -> new ArrayList<>())
                .add(rule));
    return new DestinationRules(byNamespace, rootNamespace, clusterDomain);
  }

  /** Whose rule is wanted: {@code host} is the service's full name. */
  public record Lookup(String host, String serviceNamespace, String waypointNamespace) {}

  /** The rules of the first namespace that has one for the host, as one. */
  public Optional<Merged> find(Lookup lookup) {
    String waypoint = lookup.waypointNamespace();
    if (!waypoint.equals(rootNamespace)) {
      Optional<Merged> own = in(waypoint, lookup);
      if (own.isPresent()) {
        return own;
      }
    }
    Optional<Merged> ofService = in(lookup.serviceNamespace(), lookup);
    return ofService.isPresent() ? ofService : in(rootNamespace, lookup);
  }

  private Optional<Merged> in(String namespace, Lookup lookup) {
    String best = "";
    List<DestinationRule> found = new ArrayList<>();
    for (DestinationRule rule : byNamespace.getOrDefault(namespace, List.of())) {
      String host = fullHost(rule);
      if (!covers(host, lookup.host()) || !isExported(rule, lookup.waypointNamespace())) {
        continue;
      }
      if (!found.isEmpty() && !host.equals(best)) {
        if (specificity(host) <= specificity(best)) {
          continue;
        }
        found.clear();
      }
      best = host;
      found.add(rule);
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(merged(found));
  }

  /** A name without dots is a service of the rule's own namespace. */
  private String fullHost(DestinationRule rule) {
    String host = rule.host();
    return host.indexOf('.') < 0 && !host.equals("*")
        ? host + "." + rule.metadata().namespace() + ".svc." + clusterDomain
        : host;
  }

  private static boolean covers(String pattern, String host) {
    return pattern.equals("*")
        || pattern.equals(host)
        || (pattern.startsWith("*.") && host.endsWith(pattern.substring(1)));
  }

  private static int specificity(String host) {
    return host.startsWith("*") ? host.length() : Integer.MAX_VALUE;
  }

  private static boolean isExported(DestinationRule rule, String to) {
    List<String> exportTo = rule.exportTo();
    return exportTo.isEmpty()
        || exportTo.contains("*")
        || exportTo.contains(to)
        || (exportTo.contains(".") && rule.metadata().namespace().equals(to));
  }

  /** The oldest says the policy; subsets come from all, the first of a name counts. */
  private static Merged merged(List<DestinationRule> rules) {
    Map<String, Subset> subsets = new LinkedHashMap<>();
    List<String> names = new ArrayList<>();
    for (DestinationRule rule : rules) {
      rule.subsets().forEach(subset -> subsets.putIfAbsent(subset.name(), subset));
      names.add(rule.metadata().namespace() + "/" + rule.metadata().name());
    }
    return new Merged(rules.getFirst().policy(), List.copyOf(subsets.values()), names);
  }

  /**
   * What holds for a service.
   *
   * @param names of the rules it comes from
   */
  public record Merged(TrafficPolicy policy, List<Subset> subsets, List<String> names) {
    /** What holds without any rule. */
    public static final Merged NONE = new Merged(TrafficPolicy.NONE, List.of(), List.of());

    public Merged {
      subsets = List.copyOf(subsets);
      names = List.copyOf(names);
    }

    /**
     * What holds for one port and subset; empty when there is no such subset.
     *
     * @param subset "" for all endpoints
     */
    public Optional<Effective> at(int port, String subset) {
      TrafficPolicy base = over(TrafficPolicy.NONE, policy, port);
      if (subset.isEmpty()) {
        return Optional.of(new Effective(base, Map.of()));
      }
      return subsets.stream()
          .filter(each -> each.name().equals(subset))
          .findFirst()
          .map(each -> new Effective(over(base, each.policy(), port), each.labels()));
    }

    /** Blocks of {@code upper} before those of {@code lower}; a port's blocks inherit nothing. */
    private static TrafficPolicy over(TrafficPolicy lower, TrafficPolicy upper, int port) {
      TrafficPolicy ofPort = upper.ports().get(port);
      return new TrafficPolicy(
          ofPort != null
              ? ofPort.loadBalancer()
              : upper.loadBalancer() != null ? upper.loadBalancer() : lower.loadBalancer(),
          ofPort != null
              ? ofPort.connectionPool()
              : upper.connectionPool() != null ? upper.connectionPool() : lower.connectionPool(),
          ofPort != null
              ? ofPort.outlierDetection()
              : upper.outlierDetection() != null
                  ? upper.outlierDetection()
                  : lower.outlierDetection(),
          ofPort != null ? ofPort.tls() : upper.tls() != null ? upper.tls() : lower.tls(),
          upper.proxyProtocol() != null ? upper.proxyProtocol() : lower.proxyProtocol(),
          upper.retryBudget() != null ? upper.retryBudget() : lower.retryBudget(),
          Map.of());
    }
  }

  /**
   * What holds for one port and subset of a service.
   *
   * @param labels an endpoint must carry
   */
  public record Effective(TrafficPolicy policy, Map<String, String> labels) {
    public Effective {
      labels = Map.copyOf(labels);
    }

    public Limits limits() {
      return Limits.of(policy);
    }

    /** Whether an endpoint with {@code all} labels is in the subset. */
    public boolean holds(Map<String, String> all) {
      return all.entrySet().containsAll(labels.entrySet());
    }
  }
}
