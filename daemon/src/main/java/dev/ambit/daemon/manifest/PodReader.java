package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.Pod.Container;
import dev.ambit.model.object.Pod.Phase;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a Pod. What only an API server would know has a stand-in: it runs, and is ready. */
final class PodReader {
  private static final String HASH_LABEL = "pod-template-hash";
  private static final Pattern JOB_OF_CRON = Pattern.compile("(.+)-\\d{8,10}");
  private static final Map<String, Phase> PHASES =
      Map.of(
          "Pending", Phase.PENDING,
          "Running", Phase.RUNNING,
          "Unknown", Phase.PENDING,
          "Succeeded", Phase.SUCCEEDED,
          "Failed", Phase.FAILED);

  private PodReader() {}

  static Pod read(Metadata metadata, FieldReader fields) {
    FieldReader spec = fields.mappingOrEmpty("spec");
    FieldReader status = fields.mappingOrEmpty("status");
    String node = spec.required("nodeName", "the name of the pod's node", Forms::name);
    String serviceAccount = spec.formed("serviceAccountName", Forms.NAME, Forms::name);
    Phase phase = status.choice("phase", PHASES, Phase.RUNNING);
    List<InetAddress> addresses = addresses(status, phase);
    Map<String, Integer> ports = new LinkedHashMap<>();
    List<Container> containers = new ArrayList<>();
    for (FieldReader container : spec.mappings("containers")) {
      containers.add(container(container, ports));
    }
    FieldReader meta = fields.mappingOrEmpty("metadata");
    return new Pod(
        metadata,
        node,
        serviceAccount.isEmpty() ? "default" : serviceAccount,
        spec.flag("hostNetwork", false),
        phase,
        ready(status, phase),
        meta.time("deletionTimestamp").isPresent(),
        addresses,
        ports,
        owner(metadata, meta),
        containers);
  }

  private static List<InetAddress> addresses(FieldReader status, Phase phase) {
    List<InetAddress> addresses = new ArrayList<>(status.addresses("podIPs", "ip"));
    if (addresses.isEmpty()) {
      String text = status.formed("podIP", Forms.IP, each -> Forms.ip(each) != null);
      Optional.ofNullable(Forms.ip(text)).ifPresent(addresses::add);
    }
    if (addresses.isEmpty() && !status.has("podIPs") && !status.has("podIP") && !phase.terminal()) {
      status.problem("podIPs", "nothing", "a list of - ip: ADDRESS");
    }
    return addresses;
  }

  private static boolean ready(FieldReader status, Phase phase) {
    if (!status.has("conditions")) {
      return phase == Phase.RUNNING;
    }
    for (FieldReader condition : status.mappings("conditions")) {
      if (condition.text("type", "").equals("Ready")) {
        return condition.text("status", "").equals("True");
      }
    }
    return false;
  }

  private static Container container(FieldReader container, Map<String, Integer> ports) {
    for (FieldReader port : container.mappings("ports")) {
      int number = port.requiredPort("containerPort");
      String name = port.text("name", "");
      if (!name.isEmpty()) {
        ports.putIfAbsent(name, number);
      }
    }
    List<String> command = new ArrayList<>(container.texts("command"));
    command.addAll(container.texts("args"));
    Map<String, String> environment = new LinkedHashMap<>();
    for (FieldReader variable : container.mappings("env")) {
      String name = variable.required("name", "a variable's name", text -> !text.isEmpty());
      if (!variable.has("valueFrom")) {
        environment.put(name, variable.text("value", ""));
      }
    }
    return new Container(container.text("name", ""), command, environment);
  }

  /** As Istio derives it: the Deployment of a ReplicaSet, the CronJob of a Job. */
  private static String owner(Metadata metadata, FieldReader meta) {
    for (FieldReader reference : meta.mappings("ownerReferences")) {
      if (reference.flag("controller", false)) {
        String name = reference.text("name", metadata.name());
        return switch (reference.text("kind", "")) {
          case "ReplicaSet" -> withoutHash(name, metadata.labels().getOrDefault(HASH_LABEL, ""));
          case "Job" -> {
            Matcher cron = JOB_OF_CRON.matcher(name);
            yield cron.matches() ? cron.group(1) : name;
          }
          default -> name;
        };
      }
    }
    return metadata.name();
  }

  private static String withoutHash(String name, String hash) {
    return !hash.isEmpty() && name.endsWith("-" + hash)
        ? name.substring(0, name.length() - hash.length() - 1)
        : name;
  }
}
