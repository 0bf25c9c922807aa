package dev.ambit.model.http;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP routes of one port of one service at its waypoint, in the order they are tried (spec:
 * http-routing §1, §3). Immutable.
 */
public final class RouteTable {
  private static final Comparator<CompiledRoute> AGE =
      Comparator.comparing(
          CompiledRoute::metadata,
          Comparator.comparing(Metadata::created)
              .thenComparing(Metadata::namespace)
              .thenComparing(Metadata::name));

  private final List<RouteEntry> entries;

  /**
   * A port of a service behind a waypoint.
   *
   * @param kind {@code Service} or {@code ServiceEntry}
   * @param name of the object, which is not its hostname
   */
  public record Target(
      String kind, ServiceKey service, String name, int port, String waypointNamespace) {

    /** How a route refers to it, on every port. */
    ParentReference parent() {
      String group = kind.equals("Service") ? "" : "networking.istio.io";
      return new ParentReference(group, kind, service.namespace(), name, "", 0);
    }

    /** Whether {@code parent} of a route in {@code namespace} means this service. */
    boolean isMeantBy(ParentReference parent, String namespace) {
      String group = kind.equals("Service") ? "" : "networking.istio.io";
      boolean producer =
          namespace.equals(service.namespace()) || namespace.equals(waypointNamespace);
      return producer
          && parent.kind().equals(kind)
          && parent.group().equals(group)
          && parent.namespace().equals(service.namespace())
          && parent.name().equals(name)
          && (parent.port() == 0 || parent.port() == port);
    }
  }

  private RouteTable(List<RouteEntry> entries) {
    this.entries = entries;
  }

  /** Routes that say nothing of {@code target}, or cannot be used, are passed over. */
  public static RouteTable of(Target target, Collection<CompiledRoute> routes) {
    Map<ListKey, List<CompiledRoute>> lists = new LinkedHashMap<>();
    routes.stream()
        .filter(route -> !route.entries().isEmpty())
        .sorted(AGE)
        .forEach(route -> {
          String namespace = route.metadata().namespace();
          for (ParentReference parent : route.parents()) {
            if (target.isMeantBy(parent, namespace)) {
              String object = route.ordered() ? route.metadata().name() : "";
              ListKey key = new ListKey(namespace, parent.port() != 0, object);
              List<CompiledRoute> list = lists.computeIfAbsent(key, _ -> new ArrayList<>());
              if (!list.contains(route)) {
                list.add(route);
              }
            }
          }
        });
    if (lists.isEmpty()) {
      return new RouteTable(List.of(defaultEntry(target)));
    }
    List<RouteEntry> entries = new ArrayList<>();
    for (boolean withPort : new boolean[] {true, false}) {
      lists.forEach((key, list) -> {
        if (key.withPort() == withPort) {
          entries.addAll(merged(list));
        }
      });
    }
    return new RouteTable(withoutHidden(entries));
  }

  /**
   * Routes of one key are one list; {@code object} keeps one that has an order of its own apart.
   */
  private record ListKey(String namespace, boolean withPort, String object) {}

  private static List<RouteEntry> merged(List<CompiledRoute> routes) {
    List<RouteEntry> entries = new ArrayList<>();
    routes.forEach(route -> entries.addAll(route.entries()));
    if (!routes.getFirst().ordered()) {
      entries.sort(Comparator.comparing(RouteEntry::match, HttpMatch.PRECEDENCE));
    }
    return entries;
  }

  private static List<RouteEntry> withoutHidden(List<RouteEntry> entries) {
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).match().matchesEverything()) {
        return List.copyOf(entries.subList(0, i + 1));
      }
    }
    return List.copyOf(entries);
  }

  private static RouteEntry defaultEntry(Target target) {
    return new RouteEntry(
        "",
        "default",
        HttpMatch.ANYTHING,
        new RouteAction.Forward(
            List.of(
                new RouteAction.Share(
                    new RouteAction.Cluster(target.service(), target.port(), ""),
                    1,
                    List.of(),
                    List.of())),
            null,
            List.of(),
            RouteTimeouts.NONE,
            RetryPolicy.DEFAULT),
        null,
        null);
  }

  /**
   * The same, where {@code usual} holds for rules that say nothing of retries; null is built in.
   */
  public RouteTable withRetries(VirtualService.@Nullable Retries usual) {
    if (usual == null) {
      return this;
    }
    RetryPolicy policy = VirtualRules.retries(usual);
    return new RouteTable(entries.stream().map(entry -> withRetries(entry, policy)).toList());
  }

  /** Only the built-in policy itself, not one like it, is what nobody said. */
  @SuppressWarnings("ReferenceEquality")
  private static RouteEntry withRetries(RouteEntry entry, RetryPolicy policy) {
    if (!(entry.action() instanceof RouteAction.Forward forward)
        || forward.retry() != RetryPolicy.DEFAULT) {
      return entry;
    }
    RouteAction retried =
        new RouteAction.Forward(
            forward.shares(),
            forward.rewrite(),
            forward.mirrors(),
            forward.timeouts(),
            policy,
            forward.session());
    return new RouteEntry(
        entry.route(), entry.rule(), entry.match(), retried, entry.cors(), entry.fault());
  }

  /** What is tried, in this order. */
  public List<RouteEntry> entries() {
    return entries;
  }

  /** The first entry that matches; empty is answered with {@link LocalReply#NO_ROUTE}. */
  public Optional<RouteEntry> route(HttpAttributes request) {
    for (RouteEntry entry : entries) {
      if (entry.match().matches(request)) {
        return Optional.of(entry);
      }
    }
    return Optional.empty();
  }

  /**
   * {@link #route} with the entries that came before it, and what each of them missed.
   *
   * @param taken empty when none matched
   */
  public record Explanation(Optional<RouteEntry> taken, List<Considered> passedOver) {
    public Explanation {
      passedOver = List.copyOf(passedOver);
    }
  }

  /** An entry and what of the request it did not match. */
  public record Considered(RouteEntry entry, List<String> misses) {
    public Considered {
      misses = List.copyOf(misses);
    }
  }

  /** Says which entry takes {@code request} and why those before it do not. */
  public Explanation explain(HttpAttributes request) {
    Optional<RouteEntry> taken = route(request);
    List<Considered> passedOver = new ArrayList<>();
    for (RouteEntry entry : entries) {
      if (taken.isPresent() && entry.equals(taken.get())) {
        break;
      }
      passedOver.add(new Considered(entry, entry.match().misses(request)));
    }
    return new Explanation(taken, passedOver);
  }
}
