package dev.ambit.model.waypoint;

import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.AllowedNamespaces;
import dev.ambit.model.object.Gateway.Listener;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.ServiceKey;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Gateway as a waypoint (spec: waypoint-selection §1).
 *
 * @param address null until it has one; then it is not ready and binds nothing
 * @param binding how it wants its traffic when its own node's proxy decapsulates; null for HBONE
 */
public record Waypoint(
    String namespace,
    String name,
    String className,
    @Nullable GatewayAddress address,
    Serves serves,
    AllowedNamespaces allowed,
    @Nullable InboundBinding binding) {
  private static final String FOR = "istio.io/waypoint-for";
  private static final String BINDING = "ambient.istio.io/waypoint-inbound-binding";
  private static final String PROXY_LISTENER = "istio.io/PROXY";
  private static final int HBONE_PORT = 15008;

  /** Which traffic a waypoint takes. */
  public enum Serves {
    SERVICE,
    WORKLOAD,
    ALL,
    NONE;

    boolean services() {
      return this == SERVICE || this == ALL;
    }

    boolean workloads() {
      return this == WORKLOAD || this == ALL;
    }

    private static Serves of(String label, Serves otherwise) {
      return switch (label) {
        case "service" -> SERVICE;
        case "workload" -> WORKLOAD;
        case "all" -> ALL;
        case "none" -> NONE;
        default -> otherwise;
      };
    }
  }

  /** A protocol and a port; 0 keeps the original port. */
  public record InboundBinding(ApplicationTunnel.Protocol protocol, int port) {
    /** Reads {@code PROXY/15088}; null when it is anything else. */
    static @Nullable InboundBinding parse(String text) {
      int slash = text.indexOf('/');
      String protocol = slash < 0 ? text : text.substring(0, slash);
      String port = slash < 0 ? "0" : text.substring(slash + 1);
      if (!port.matches("\\d{1,5}") || Integer.parseInt(port) > 65535) {
        return null;
      }
      return switch (protocol) {
        case "NONE" -> new InboundBinding(ApplicationTunnel.Protocol.NONE, Integer.parseInt(port));
        case "PROXY" ->
            new InboundBinding(ApplicationTunnel.Protocol.PROXY, Integer.parseInt(port));
        default -> null;
      };
    }
  }

  /**
   * @param ofClass its GatewayClass; null when there is no such object
   * @param network of the cluster, for an address that is an IP
   */
  public static Waypoint of(Gateway gateway, @Nullable GatewayClass ofClass, String network) {
    Metadata metadata = gateway.metadata();
    Map<String, String> classLabels = ofClass == null ? Map.of() : ofClass.metadata().labels();
    Map<String, String> classAnnotations =
        ofClass == null ? Map.of() : ofClass.metadata().annotations();
    Serves byClass = Serves.of(classLabels.getOrDefault(FOR, ""), Serves.SERVICE);
    String bindingText =
        metadata.annotations().getOrDefault(BINDING, classAnnotations.getOrDefault(BINDING, ""));
    InboundBinding binding = InboundBinding.parse(bindingText);
    return new Waypoint(
        metadata.namespace(),
        metadata.name(),
        gateway.className(),
        address(gateway, network),
        Serves.of(metadata.labels().getOrDefault(FOR, ""), byClass),
        allowed(gateway, binding),
        binding);
  }

  private static @Nullable GatewayAddress address(Gateway gateway, String network) {
    for (Gateway.Address each : gateway.assigned()) {
      if (each.type().equals("Hostname")) {
        ServiceKey key = new ServiceKey(gateway.metadata().namespace(), each.value());
        return new GatewayAddress(new GatewayAddress.ByHostname(key), HBONE_PORT);
      }
    }
    for (Gateway.Address each : gateway.assigned()) {
      Optional<InetAddress> ip = IpAddresses.parse(each.value());
      if (each.type().equals("IPAddress") && ip.isPresent()) {
        NetworkAddress address = new NetworkAddress(network, ip.get());
        return new GatewayAddress(new GatewayAddress.ByAddress(address), HBONE_PORT);
      }
    }
    return null;
  }

  private static AllowedNamespaces allowed(Gateway gateway, @Nullable InboundBinding binding) {
    for (Listener listener : gateway.listeners()) {
      boolean meant;
      if (binding != null && binding.port() != 0) {
        meant = listener.port() == binding.port();
      } else if (binding != null && binding.protocol() == ApplicationTunnel.Protocol.PROXY) {
        meant = listener.protocol().equals(PROXY_LISTENER);
      } else {
        meant = listener.protocol().equals("HBONE") && listener.port() == HBONE_PORT;
      }
      if (meant) {
        return listener.allowed();
      }
    }
    return new Gateway.SameNamespace();
  }

  /** Whether things of a namespace with {@code labels} may be bound to it. */
  boolean admits(String other, Map<String, String> labels) {
    return switch (allowed) {
      case Gateway.SameNamespace() -> other.equals(namespace);
      case Gateway.AllNamespaces() -> true;
      case Gateway.SelectedNamespaces selected ->
          selected.requirements().stream().allMatch(each -> each.holds(labels));
    };
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
