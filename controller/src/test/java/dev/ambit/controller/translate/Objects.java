package dev.ambit.controller.translate;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.Pod;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Cluster objects for tests, in few words. */
public final class Objects {
  public static final Instant LONG_AGO = Instant.parse("2026-01-01T00:00:00Z");

  private Objects() {}

  /** {@code key=value} pairs. */
  public static Map<String, String> labels(String... pairs) {
    Map<String, String> labels = new HashMap<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      labels.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return labels;
  }

  public static Metadata metadata(String namespace, String name, Map<String, String> labels) {
    return metadata(namespace, name, labels, Map.of(), LONG_AGO);
  }

  public static Metadata metadata(
      String namespace,
      String name,
      Map<String, String> labels,
      Map<String, String> annotations,
      Instant created) {
    return new Metadata(
        namespace, name, "uid-" + name, labels, annotations, created, "test.yaml:1");
  }

  public static Namespace namespace(String name, String... labels) {
    return new Namespace(metadata("", name, labels(labels)));
  }

  public static InetAddress ip(String address) {
    return InetAddress.ofLiteral(address);
  }

  public static Pod pod(String namespace, String name, String address, String... labels) {
    return pod(metadata(namespace, name, labels(labels)), address);
  }

  public static Pod pod(Metadata metadata, String address) {
    return new Pod(
        metadata,
        "node-a",
        "default",
        false,
        Pod.Phase.RUNNING,
        true,
        false,
        address.isEmpty() ? List.of() : List.of(ip(address)),
        Map.of(),
        metadata.name(),
        List.of());
  }

  public static Pod in(Pod pod, Pod.Phase phase, boolean ready, boolean terminating) {
    return new Pod(
        pod.metadata(),
        pod.node(),
        pod.serviceAccount(),
        pod.hostNetwork(),
        phase,
        ready,
        terminating,
        pod.addresses(),
        pod.containerPorts(),
        pod.owner(),
        pod.containers());
  }

  public static Pod on(Pod pod, String node, String serviceAccount) {
    return new Pod(
        pod.metadata(),
        node,
        serviceAccount,
        pod.hostNetwork(),
        pod.phase(),
        pod.ready(),
        pod.terminating(),
        pod.addresses(),
        pod.containerPorts(),
        pod.owner(),
        pod.containers());
  }

  public static Pod withPorts(Pod pod, Map<String, Integer> ports) {
    return new Pod(
        pod.metadata(),
        pod.node(),
        pod.serviceAccount(),
        pod.hostNetwork(),
        pod.phase(),
        pod.ready(),
        pod.terminating(),
        pod.addresses(),
        ports,
        pod.owner(),
        pod.containers());
  }

  public static KubernetesService service(
      String namespace, String name, String clusterIp, KubernetesService.Port... ports) {
    return service(metadata(namespace, name, Map.of()), clusterIp, labels("app=" + name), ports);
  }

  public static KubernetesService service(
      Metadata metadata,
      String clusterIp,
      Map<String, String> selector,
      KubernetesService.Port... ports) {
    return new KubernetesService(
        metadata,
        KubernetesService.Type.CLUSTER_IP,
        clusterIp.isEmpty() ? List.of() : List.of(ip(clusterIp)),
        selector,
        Arrays.asList(ports),
        List.of(),
        false,
        "",
        false);
  }

  public static KubernetesService.Port port(String name, int port, int target) {
    return new KubernetesService.Port(name, "TCP", port, target, "", "");
  }

  public static KubernetesService.Port namedPort(String name, int port, String target) {
    return new KubernetesService.Port(name, "TCP", port, 0, target, "");
  }

  public static AuthorizationPolicy policy(
      String namespace,
      String name,
      AuthorizationPolicy.Action action,
      Map<String, String> selector,
      AuthorizationPolicy.Rule... rules) {
    return new AuthorizationPolicy(
        metadata(namespace, name, Map.of()), selector, List.of(), action, Arrays.asList(rules));
  }

  public static PeerAuthentication peers(
      String namespace, String name, Map<String, String> selector, PeerAuthentication.Mode mode) {
    return peers(namespace, name, selector, mode, Map.of());
  }

  public static PeerAuthentication peers(
      String namespace,
      String name,
      Map<String, String> selector,
      PeerAuthentication.Mode mode,
      Map<Integer, PeerAuthentication.Mode> ports) {
    return new PeerAuthentication(metadata(namespace, name, Map.of()), selector, mode, ports);
  }
}
