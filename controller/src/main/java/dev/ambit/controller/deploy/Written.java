package dev.ambit.controller.deploy;

import dev.ambit.daemon.Json;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Objects as YAML that reads back as the same objects; the same objects are the same text. Pure.
 */
final class Written {
  /** How every file that was made here begins. */
  static final String MARK = "# Made by the controller";

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_./-]*");
  private static final Set<String> WORDS =
      Set.of("true", "false", "null", "yes", "no", "on", "off", "y", "n");

  private static final String GATEWAY_API = "gateway.networking.k8s.io/v1";

  private final StringBuilder text = new StringBuilder();

  private Written() {}

  static String file(String gateway, List<? extends ClusterObject> objects) {
    Written written = new Written();
    written.text.append(MARK).append(" for Gateway ").append(gateway);
    written.text.append("; what is changed here is changed back.\n");
    for (ClusterObject object : objects) {
      if (object instanceof Gateway copy) {
        written.gateway(copy);
      } else if (object instanceof KubernetesService service) {
        written.service(service);
      } else if (object instanceof Pod pod) {
        written.pod(pod);
      } else {
        written.begin(object);
      }
    }
    return written.text.toString();
  }

  private void begin(ClusterObject object) {
    Metadata metadata = object.metadata();
    line(0, "---");
    line(0, "apiVersion: " + (object instanceof Gateway ? GATEWAY_API : "v1"));
    line(0, "kind: " + object.kind());
    line(0, "metadata:");
    line(1, "name: " + scalar(metadata.name()));
    line(1, "namespace: " + scalar(metadata.namespace()));
    String deleted = metadata.annotations().getOrDefault(Replacement.DELETED_AT, "");
    if (!deleted.isEmpty()) {
      line(1, "deletionTimestamp: " + scalar(deleted));
    }
    map(1, "labels", metadata.labels());
    map(1, "annotations", metadata.annotations());
  }

  /** What binds services to it. */
  private void gateway(Gateway gateway) {
    begin(gateway);
    line(0, "spec:");
    line(1, "gatewayClassName: " + scalar(gateway.className()));
    line(1, "listeners:");
    for (Gateway.Listener listener : gateway.listeners()) {
      line(1, "- name: " + scalar(listener.name()));
      line(2, "port: " + listener.port());
      line(2, "protocol: " + scalar(listener.protocol()));
      line(2, "allowedRoutes:");
      line(3, "namespaces:");
      switch (listener.allowed()) {
        case Gateway.SameNamespace() -> line(4, "from: Same");
        case Gateway.AllNamespaces() -> line(4, "from: All");
        case Gateway.SelectedNamespaces selected -> {
          line(4, "from: Selector");
          line(4, "selector:");
          line(5, "matchExpressions:");
          selected.requirements().forEach(this::requirement);
        }
      }
    }
  }

  private void requirement(Gateway.Requirement requirement) {
    String operator =
        switch (requirement.operator()) {
          case IN -> "In";
          case NOT_IN -> "NotIn";
          case EXISTS -> "Exists";
          case DOES_NOT_EXIST -> "DoesNotExist";
        };
    line(5, "- key: " + scalar(requirement.key()));
    line(6, "operator: " + operator);
    line(6, "values:" + (requirement.values().isEmpty() ? " []" : ""));
    requirement.values().forEach(value -> line(6, "- " + scalar(value)));
  }

  private void service(KubernetesService service) {
    begin(service);
    line(0, "spec:");
    line(1, "type: ClusterIP");
    line(1, "clusterIPs:");
    for (InetAddress each : service.clusterIps()) {
      line(1, "- " + scalar(IpAddresses.print(each)));
    }
    map(1, "selector", service.selector());
    line(1, "ports:");
    for (KubernetesService.Port port : service.ports()) {
      line(1, "- name: " + scalar(port.name()));
      line(2, "port: " + port.port());
      line(2, "protocol: " + port.protocol());
      line(2, "targetPort: " + port.targetPort());
      line(2, "appProtocol: " + scalar(port.appProtocol()));
    }
  }

  private void pod(Pod pod) {
    begin(pod);
    line(0, "spec:");
    line(1, "nodeName: " + scalar(pod.node()));
    line(1, "serviceAccountName: " + scalar(pod.serviceAccount()));
    line(1, "containers:");
    for (int i = 0; i < pod.containers().size(); i++) {
      Pod.Container container = pod.containers().get(i);
      line(1, "- name: " + scalar(container.name()));
      line(2, "command:");
      container.command().forEach(word -> line(2, "- " + scalar(word)));
      line(2, "env:");
      new TreeMap<>(container.environment())
          .forEach((name, value) -> {
            line(2, "- name: " + scalar(name));
            line(3, "value: " + scalar(value));
          });
      if (i == 0) {
        line(2, "ports:");
        new TreeMap<>(pod.containerPorts())
            .forEach((name, number) -> {
              line(2, "- name: " + scalar(name));
              line(3, "containerPort: " + number);
            });
      }
    }
    line(0, "status:");
    line(1, "phase: Running");
    line(1, "conditions:");
    line(1, "- type: Ready");
    line(2, "status: \"" + (pod.ready() ? "True" : "False") + '"');
    line(1, "podIPs:");
    pod.addresses().forEach(each -> line(1, "- ip: " + scalar(IpAddresses.print(each))));
  }

  private void map(int depth, String name, Map<String, String> map) {
    if (!map.isEmpty()) {
      line(depth, name + ":");
      new TreeMap<>(map)
          .forEach((key, value) -> line(depth + 1, scalar(key) + ": " + scalar(value)));
    }
  }

  private void line(int depth, String content) {
    text.append("  ".repeat(depth)).append(content).append('\n');
  }

  /** Quoted as JSON, which is YAML too, unless it is plainly a word. */
  private static String scalar(String value) {
    return PLAIN.matcher(value).matches()
            && !WORDS.contains(value.toLowerCase(java.util.Locale.ROOT))
        ? value
        : Json.pretty(JsonNodeFactory.instance.stringNode(value));
  }
}
