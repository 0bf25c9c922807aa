package dev.ambit.daemon.manifest;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.KubernetesService.Port;
import dev.ambit.model.object.KubernetesService.Type;
import dev.ambit.model.object.Metadata;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a Service. */
final class ServiceReader {
  private static final String HEADLESS = "None";
  private static final Map<String, Type> TYPES =
      Map.of(
          "ClusterIP", Type.CLUSTER_IP,
          "NodePort", Type.CLUSTER_IP,
          "LoadBalancer", Type.CLUSTER_IP,
          "ExternalName", Type.EXTERNAL_NAME);
  private static final Map<String, String> PROTOCOLS =
      Map.of("TCP", "TCP", "UDP", "UDP", "SCTP", "SCTP");
  private static final Map<String, Boolean> TRAFFIC = Map.of("Cluster", false, "Local", true);

  private ServiceReader() {}

  static KubernetesService read(Metadata metadata, FieldReader fields) {
    FieldReader spec = fields.mappingOrEmpty("spec");
    Type type = spec.choice("type", TYPES, Type.CLUSTER_IP);
    List<Port> ports = new ArrayList<>();
    for (FieldReader port : spec.mappings("ports")) {
      ports.add(port(port));
    }
    return new KubernetesService(
        metadata,
        type,
        clusterIps(spec, type),
        spec.textMap("selector"),
        ports,
        spec.texts(
            "ipFamilies", "IPv4 or IPv6", text -> text.equals("IPv4") || text.equals("IPv6")),
        spec.choice("internalTrafficPolicy", TRAFFIC, false),
        spec.text("trafficDistribution", ""),
        spec.flag("publishNotReadyAddresses", false));
  }

  private static List<InetAddress> clusterIps(FieldReader spec, Type type) {
    List<String> texts =
        new ArrayList<>(spec.texts("clusterIPs", Forms.IP + " or None", ServiceReader::clusterIp));
    String single = spec.formed("clusterIP", Forms.IP + " or None", ServiceReader::clusterIp);
    if (texts.isEmpty() && !single.isEmpty()) {
      texts.add(single);
    }
    if (texts.isEmpty() && !spec.has("clusterIPs") && type == Type.CLUSTER_IP) {
      spec.problem("clusterIP", "nothing", "an address, or None for a headless service");
    }
    return texts.stream().map(Forms::ip).flatMap(ip -> Optional.ofNullable(ip).stream()).toList();
  }

  private static boolean clusterIp(String text) {
    return text.equals(HEADLESS) || Forms.ip(text) != null;
  }

  private static Port port(FieldReader port) {
    int number = port.requiredPort("port");
    boolean named = port.has("targetPort") && !port.isNumber("targetPort");
    return new Port(
        port.text("name", ""),
        port.choice("protocol", PROTOCOLS, "TCP"),
        number,
        named ? 0 : port.port("targetPort", number),
        named ? port.formed("targetPort", "a port or the name of one", Forms::label) : "",
        port.text("appProtocol", ""));
  }
}
