package dev.ambit.controller.deploy;

import dev.ambit.controller.translate.Condition;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Address;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.waypoint.GatewayAddresses;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One Gateway while a plan is made. For one thread. */
final class GatewayPlan {
  private static final String REPLICAS = "ambit.dev/replicas";
  private static final int MOST_REPLICAS = 16;

  private final Gateway gateway;
  private final Template template;
  private final List<ClusterObject> made;
  private final List<ClusterObject> written;
  private final List<Pod> pods;
  private final Set<Pod> homeless = new HashSet<>();
  private final Map<String, Integer> placed = new HashMap<>();
  private List<InetAddress> addresses = List.of();
  private String rival = "";

  /**
   * @param made for this Gateway before
   * @param written the user's objects
   */
  GatewayPlan(
      Gateway gateway, Template template, List<ClusterObject> made, List<ClusterObject> written) {
    this.gateway = gateway;
    this.template = template;
    this.made = made;
    this.written = written;
    this.pods = Deployer.pick(made, Pod.class);
  }

  /** The copy of the Gateway, account, service, pods by number. */
  static void order(List<ClusterObject> objects) {
    objects.sort(
        Comparator.comparing((ClusterObject each) -> !(each instanceof Gateway))
            .thenComparing(each -> each instanceof Pod)
            .thenComparing(each -> each instanceof KubernetesService)
            .thenComparing(each -> each instanceof Pod pod ? Replacement.number(pod) : 0));
  }

  String name() {
    return Deployer.name(gateway.metadata());
  }

  /** Keeps the addresses that are still free of the user's. */
  void hold(AddressPool pool) {
    List<InetAddress> asked =
        Deployer.deployed(gateway)
            ? gateway.addresses().stream()
                .map(each -> IpAddresses.parse(each.value()))
                .flatMap(Optional::stream)
                .toList()
            : List.of();
    List<InetAddress> before =
        Deployer.pick(made, KubernetesService.class).stream()
            .findFirst()
            .map(KubernetesService::clusterIps)
            .orElse(List.of());
    List<InetAddress> first = asked.isEmpty() ? before : asked;
    if (pool.take(first)) {
      addresses = first;
    }
    for (Pod pod : pods) {
      if (!pool.take(pod.addresses())) {
        homeless.add(pod);
      }
    }
  }

  /** The objects it should have, in order. */
  List<ClusterObject> decide(
      AddressPool pool, Deployer.Known known, String domain, Consumer<Condition> conditions) {
    if (!Deployer.deployed(gateway)) {
      accepted(conditions);
      programmed(null, List.of(), domain, conditions);
      return List.of();
    }
    String trouble = trouble();
    if (!trouble.isEmpty()) {
      conditions.accept(
          Deployer.condition(gateway, "Accepted", false, "InvalidParameters", trouble));
      // Nothing changes: what serves goes on serving.
      return made;
    }
    if (gateway.listeners().stream().noneMatch(Template::served)) {
      conditions.accept(
          Deployer.condition(gateway, "Accepted", false, "ListenersNotValid", listeners()));
      return made;
    }
    accepted(conditions);
    Optional<String> collision = collision();
    if (collision.isPresent()) {
      notProgrammed(collision.get(), conditions);
      return made;
    }
    if (addresses.isEmpty()) {
      addresses = pool.service(name());
    }
    List<Pod> next =
        new Replacement(known.facts(), known.now())
            .step(
                pods,
                new Replacement.Wanted(replicas().orElse(1), template.hash()),
                pod -> !homeless.contains(pod) && nodes().contains(pod.node()),
                number -> create(number, pool));
    return objects(next, domain, conditions);
  }

  private List<ClusterObject> objects(
      List<Pod> next, String domain, Consumer<Condition> conditions) {
    boolean programmed =
        next.stream().anyMatch(Pod::ready)
            || made.stream()
                .anyMatch(
                    each -> each.metadata().annotations().containsKey(GatewayAddresses.PROGRAMMED));
    KubernetesService service = template.service(addresses, programmed);
    List<ClusterObject> objects = new ArrayList<>();
    objects.add(template.copy());
    if (written(ServiceAccount.class, template.account()).isEmpty()) {
      objects.add(template.serviceAccount());
    }
    if (!addresses.isEmpty()) {
      objects.add(service);
      objects.addAll(next);
    }
    programmed(addresses.isEmpty() ? null : service, next, domain, conditions);
    return objects;
  }

  /** A parameter that cannot be used, in words; "" when all can. */
  private String trouble() {
    Optional<Address> bad =
        gateway.addresses().stream()
            .filter(each -> IpAddresses.parse(each.value()).isEmpty())
            .findFirst();
    if (bad.isPresent()) {
      return "spec.addresses: got "
          + bad.get().type()
          + " \""
          + bad.get().value()
          + "\", expected an IP address";
    }
    if (!gateway.infrastructure().parameters().isEmpty()) {
      return "spec.infrastructure.parametersRef: got "
          + gateway.infrastructure().parameters()
          + ", expected none: a folder of manifests has nothing that a ConfigMap could change";
    }
    if (replicas().isEmpty()) {
      return "annotation "
          + REPLICAS
          + ": got \""
          + gateway.metadata().annotations().get(REPLICAS)
          + "\", expected 0 to "
          + MOST_REPLICAS;
    }
    return "";
  }

  private Optional<Integer> replicas() {
    String text = gateway.metadata().annotations().getOrDefault(REPLICAS, "1");
    return text.matches("\\d{1,2}") && Integer.parseInt(text) <= MOST_REPLICAS
        ? Optional.of(Integer.parseInt(text))
        : Optional.empty();
  }

  /** Claims the names of what is made; what another Gateway has claimed is in the way. */
  void claim(Map<String, String> claimed) {
    String owner = claimed.putIfAbsent(template.namespace() + "/" + template.service(), name());
    rival = owner == null || !Deployer.deployed(gateway) ? "" : owner;
  }

  /** What of the user's, or of another Gateway, is in the way. */
  private Optional<String> collision() {
    if (!rival.isEmpty()) {
      return Optional.of(
          "Service "
              + template.namespace()
              + "/"
              + template.service()
              + " is that of Gateway "
              + rival
              + "; annotation gateway.istio.io/name-override gives a waypoint another name");
    }
    Optional<ClusterObject> service = written(KubernetesService.class, template.service());
    if (service.isPresent()) {
      return Optional.of(
          "Service "
              + Deployer.name(service.get().metadata())
              + " of "
              + service.get().metadata().origin()
              + " is not the waypoint's and is not touched; annotation"
              + " gateway.istio.io/name-override gives the waypoint another name");
    }
    if (!gateway.addresses().isEmpty() && addresses.isEmpty()) {
      return Optional.of(
          "spec.addresses: got "
              + gateway.addresses().getFirst().value()
              + ", which another object has, expected a free address");
    }
    return Optional.empty();
  }

  private Optional<ClusterObject> written(Class<? extends ClusterObject> kind, String name) {
    Metadata own = gateway.metadata();
    return written.stream()
        .filter(kind::isInstance)
        .filter(each -> each.metadata().name().equals(name))
        .filter(each -> each.metadata().namespace().equals(own.namespace()))
        .findFirst();
  }

  private Optional<Pod> create(int number, AddressPool pool) {
    String name = template.podName(number);
    Optional<String> node = node(name);
    if (node.isEmpty() || written(Pod.class, name).isPresent()) {
      return Optional.empty();
    }
    List<InetAddress> own = pool.pod(name() + "/" + name, node.get());
    if (own.isEmpty()) {
      return Optional.empty();
    }
    Pod pod = template.pod(number, node.get(), own);
    placed.merge(node.get(), 1, Integer::sum);
    return Optional.of(pod);
  }

  private Set<String> nodes() {
    return Deployer.pick(written, Pod.class).stream()
        .filter(pod -> !pod.phase().terminal() && !pod.node().isEmpty())
        .map(Pod::node)
        .collect(Collectors.toSet());
  }

  /** Where the fewest pods of this waypoint are, then where most of its namespace's are. */
  private Optional<String> node(String podName) {
    List<Pod> all = Deployer.pick(written, Pod.class);
    Map<String, Integer> own = new HashMap<>(placed);
    pods.stream()
        .filter(pod -> !pod.terminating())
        .forEach(pod -> own.merge(pod.node(), 1, Integer::sum));
    Map<String, Long> near =
        all.stream()
            .filter(pod -> pod.metadata().namespace().equals(template.namespace()))
            .collect(Collectors.groupingBy(Pod::node, Collectors.counting()));
    return nodes().stream()
        .filter(node ->
            all.stream()
                .anyMatch(pod ->
                    pod.node().equals(node) && !pod.hostNetwork() && !pod.addresses().isEmpty()))
        .min(
            Comparator.comparing((String node) -> own.getOrDefault(node, 0))
                .thenComparing(node -> -near.getOrDefault(node, 0L))
                .thenComparing(Comparator.naturalOrder()));
  }

  private void accepted(Consumer<Condition> conditions) {
    boolean all = gateway.listeners().stream().allMatch(Template::served);
    conditions.accept(
        all
            ? Deployer.condition(gateway, "Accepted", true, "Accepted", "it is deployed here")
            : Deployer.condition(gateway, "Accepted", true, "ListenersNotValid", listeners()));
  }

  private String listeners() {
    return "listeners: got "
        + gateway.listeners().stream()
            .map(each -> each.name() + " " + each.protocol() + " " + each.port())
            .collect(Collectors.joining(", "))
        + ", expected a single one with protocol HBONE and port 15008";
  }

  private void programmed(
      @Nullable KubernetesService service,
      List<Pod> next,
      String domain,
      Consumer<Condition> conditions) {
    Gateway seen =
        gateway.withAssigned(
            service == null ? gateway.assigned() : GatewayAddresses.of(gateway, service, domain));
    if (!seen.assigned().isEmpty()) {
      long ready = next.stream().filter(pod -> pod.ready() && !pod.terminating()).count();
      conditions.accept(
          Deployer.condition(
              gateway,
              "Programmed",
              true,
              "Programmed",
              "reached at "
                  + seen.assigned().stream()
                      .map(each -> each.value() + ":" + Template.HBONE_PORT)
                      .collect(Collectors.joining(", "))
                  + (service == null ? "" : "; " + ready + " pods are ready")));
    } else if (nodes().isEmpty()) {
      notProgrammed("no pod of the folder names a node that it could run on", conditions);
    } else if (service == null && Deployer.deployed(gateway)) {
      notProgrammed("no address is free in the ranges of the folder's services", conditions);
    } else if (next.isEmpty() && Deployer.deployed(gateway)) {
      notProgrammed("it has no pods: none is wanted, or no address is free for one", conditions);
    } else {
      notProgrammed(
          "no instances found for hostname "
              + template.service()
              + "."
              + template.namespace()
              + ".svc."
              + domain,
          conditions);
    }
  }

  private void notProgrammed(String message, Consumer<Condition> conditions) {
    conditions.accept(
        Deployer.condition(gateway, "Programmed", false, "AddressNotAssigned", message));
  }
}
