package dev.ambit.cli.up.mesh;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Pod;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The packet filter rules of a node that lead virtual service addresses to pods, as kube-proxy's
 * do: each new connection to one of the ready pods, at random. Only pods outside the mesh need
 * them. Pure text for {@code nft -f}.
 */
final class ServiceRules {
  private static final String TABLE = "inet services";

  private ServiceRules() {}

  static String of(List<KubernetesService> services, List<Pod> pods) {
    var rules = new StringBuilder();
    rules.append("table ").append(TABLE).append(" {}\ndelete table ").append(TABLE).append('\n');
    rules.append("table ").append(TABLE).append(" {\n  chain prerouting {\n");
    rules.append("    type nat hook prerouting priority -100\n");
    for (KubernetesService service : services) {
      List<Pod> ready = pods.stream().filter(pod -> serves(pod, service)).toList();
      for (KubernetesService.Port port : service.ports()) {
        service.clusterIps().forEach(virtual -> rules.append(lead(virtual, port, ready)));
      }
    }
    return rules.append("  }\n}\n").toString();
  }

  private static boolean serves(Pod pod, KubernetesService service) {
    return !service.selector().isEmpty()
        && pod.ready()
        && pod.metadata().namespace().equals(service.metadata().namespace())
        && pod.metadata().labels().entrySet().containsAll(service.selector().entrySet());
  }

  /**
   * One rule a target: the first takes 1 of n connections, the next 1 of the n-1 left, and so on.
   */
  private static String lead(InetAddress virtual, KubernetesService.Port port, List<Pod> ready) {
    String family = virtual instanceof Inet6Address ? "ip6" : "ip";
    String protocol = port.protocol().isEmpty() ? "tcp" : port.protocol().toLowerCase(Locale.ROOT);
    var targets = new ArrayList<String>();
    for (Pod pod : ready) {
      int number =
          port.targetName().isEmpty()
              ? port.targetPort()
              : pod.containerPorts().getOrDefault(port.targetName(), 0);
      pod.addresses().stream()
          .filter(address -> number > 0 && address.getClass() == virtual.getClass())
          .map(address -> endpoint(address, number))
          .forEach(targets::add);
    }
    var rules = new StringBuilder();
    for (int i = 0; i < targets.size(); i++) {
      rules.append(
          "    %s daddr %s %s dport %d numgen random mod %d 0 dnat %s to %s\n"
              .formatted(
                  family,
                  virtual.getHostAddress(),
                  protocol,
                  port.port(),
                  targets.size() - i,
                  family,
                  targets.get(i)));
    }
    return rules.toString();
  }

  private static String endpoint(InetAddress address, int port) {
    String text = address.getHostAddress();
    return (address instanceof Inet6Address ? "[" + text + "]" : text) + ":" + port;
  }
}
