package dev.ambit.model.object;

import java.util.List;
import java.util.Map;

/**
 * A {@code gateway.networking.k8s.io Gateway} (spec: waypoint-selection §1, §8).
 *
 * @param addresses those asked for in its spec
 * @param assigned those in its status; one makes a waypoint ready for ever
 */
public record Gateway(
    Metadata metadata,
    String className,
    List<Listener> listeners,
    List<Address> addresses,
    List<Address> assigned,
    Infrastructure infrastructure)
    implements ClusterObject {
  public Gateway {
    listeners = List.copyOf(listeners);
    addresses = List.copyOf(addresses);
    assigned = List.copyOf(assigned);
  }

  @Override
  public Gateway withMetadata(Metadata other) {
    return new Gateway(other, className, listeners, addresses, assigned, infrastructure);
  }

  /** The same with other addresses in its status. */
  public Gateway withAssigned(List<Address> other) {
    return new Gateway(metadata, className, listeners, addresses, other, infrastructure);
  }

  /**
   * One listener.
   *
   * @param kinds of routes that it asks for; empty for those it can have
   */
  public record Listener(
      String name, int port, String protocol, AllowedNamespaces allowed, List<String> kinds) {
    public Listener {
      kinds = List.copyOf(kinds);
    }

    /** One that does not say which routes it takes. */
    public Listener(String name, int port, String protocol, AllowedNamespaces allowed) {
      this(name, port, protocol, allowed, List.of());
    }
  }

  /** Which namespaces may attach to a listener. */
  public sealed interface AllowedNamespaces {}

  /** That of the gateway. */
  public record SameNamespace() implements AllowedNamespaces {}

  /** Every one. */
  public record AllNamespaces() implements AllowedNamespaces {}

  /** Those whose labels meet every requirement. */
  public record SelectedNamespaces(List<Requirement> requirements) implements AllowedNamespaces {
    public SelectedNamespaces {
      requirements = List.copyOf(requirements);
    }
  }

  /** One requirement of a label selector; {@code values} are empty for the existence ones. */
  public record Requirement(String key, Operator operator, List<String> values) {
    public Requirement {
      values = List.copyOf(values);
    }

    /** Whether labels meet it. */
    public boolean holds(Map<String, String> labels) {
      String value = labels.get(key);
      return switch (operator) {
        case IN -> value != null && values.contains(value);
        case NOT_IN -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case DOES_NOT_EXIST -> value == null;
      };
    }
  }

  /** How a label compares. */
  public enum Operator {
    IN,
    NOT_IN,
    EXISTS,
    DOES_NOT_EXIST
  }

  /** An address: {@code IPAddress}, {@code Hostname} or a name of somebody's own. */
  public record Address(String type, String value) {}

  /** What the objects made for it carry; {@code parameters} is {@code Kind/name}, "" for none. */
  public record Infrastructure(
      Map<String, String> labels, Map<String, String> annotations, String parameters) {
    public static final Infrastructure NONE = new Infrastructure(Map.of(), Map.of(), "");

    public Infrastructure {
      labels = Map.copyOf(labels);
      annotations = Map.copyOf(annotations);
    }
  }
}
