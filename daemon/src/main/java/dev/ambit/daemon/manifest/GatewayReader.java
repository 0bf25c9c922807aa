package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Address;
import dev.ambit.model.object.Gateway.AllowedNamespaces;
import dev.ambit.model.object.Gateway.Infrastructure;
import dev.ambit.model.object.Gateway.Listener;
import dev.ambit.model.object.Gateway.Operator;
import dev.ambit.model.object.Gateway.Requirement;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ReferenceGrant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads Gateway, GatewayClass and ReferenceGrant (spec: waypoint-selection §8). */
final class GatewayReader {
  private static final int MOST_LISTENERS = 64;
  private static final int MOST_ADDRESSES = 16;
  private static final Map<String, Operator> OPERATORS =
      Map.of(
          "In", Operator.IN,
          "NotIn", Operator.NOT_IN,
          "Exists", Operator.EXISTS,
          "DoesNotExist", Operator.DOES_NOT_EXIST);

  private GatewayReader() {}

  static Gateway gateway(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(
            fields,
            Set.of(
                "gatewayClassName",
                "listeners",
                "addresses",
                "infrastructure",
                "allowedListeners",
                "tls",
                "defaultScope"));
    List<Listener> listeners = new ArrayList<>();
    for (FieldReader listener : spec.mappings("listeners", MOST_LISTENERS)) {
      listeners.add(listener(listener));
    }
    return new Gateway(
        metadata,
        spec.required("gatewayClassName", Forms.NAME, Forms::name),
        listeners,
        addresses(spec),
        addresses(fields.mappingOrEmpty("status")),
        infrastructure(spec));
  }

  private static Listener listener(FieldReader listener) {
    listener.strictly(Set.of("name", "hostname", "port", "protocol", "tls", "allowedRoutes"));
    FieldReader routes = listener.mappingOrEmpty("allowedRoutes");
    routes.strictly(Set.of("namespaces", "kinds"));
    return new Listener(
        listener.required("name", Forms.NAME, Forms::name),
        listener.requiredPort("port"),
        listener.required("protocol", "such as HBONE", text -> !text.isEmpty()),
        allowed(routes.mappingOrEmpty("namespaces")),
        routes.mappings("kinds").stream().map(GatewayReader::kind).toList());
  }

  private static String kind(FieldReader kind) {
    kind.strictly(Set.of("group", "kind"));
    return kind.required("kind", "such as HTTPRoute", text -> !text.isEmpty());
  }

  private static AllowedNamespaces allowed(FieldReader namespaces) {
    namespaces.strictly(Set.of("from", "selector"));
    return switch (namespaces.text("from", "Same")) {
      case "Same" -> new Gateway.SameNamespace();
      case "All" -> new Gateway.AllNamespaces();
      case "Selector" -> {
        if (!namespaces.has("selector")) {
          namespaces.problem("selector", "nothing", "the labels of the namespaces");
        }
        yield new Gateway.SelectedNamespaces(requirements(namespaces.mappingOrEmpty("selector")));
      }
      // Nobody's labels: what is not understood lets nobody in.
      case "None" -> new Gateway.SelectedNamespaces(NOBODY);
      default -> {
        namespaces.problem(
            "from", '"' + namespaces.text("from", "") + '"', "one of All, None, Same, Selector");
        yield new Gateway.SelectedNamespaces(NOBODY);
      }
    };
  }

  private static final List<Requirement> NOBODY =
      List.of(new Requirement("ambit.dev/nobody", Operator.IN, List.of()));

  private static List<Requirement> requirements(FieldReader selector) {
    selector.strictly(Set.of("matchLabels", "matchExpressions"));
    List<Requirement> requirements = new ArrayList<>();
    selector
        .textMap("matchLabels")
        .forEach(
            (key, value) -> requirements.add(new Requirement(key, Operator.IN, List.of(value))));
    for (FieldReader each : selector.mappings("matchExpressions")) {
      each.strictly(Set.of("key", "operator", "values"));
      requirements.add(
          new Requirement(
              each.required("key", "the name of a label", text -> !text.isEmpty()),
              each.choice("operator", OPERATORS, Operator.IN),
              each.texts("values")));
    }
    return requirements;
  }

  private static List<Address> addresses(FieldReader parent) {
    List<Address> addresses = new ArrayList<>();
    for (FieldReader address : parent.mappings("addresses", MOST_ADDRESSES)) {
      address.strictly(Set.of("type", "value"));
      addresses.add(new Address(address.text("type", "IPAddress"), address.text("value", "")));
    }
    return addresses;
  }

  private static Infrastructure infrastructure(FieldReader spec) {
    FieldReader fields = spec.mappingOrEmpty("infrastructure");
    fields.strictly(Set.of("labels", "annotations", "parametersRef"));
    return new Infrastructure(
        fields.textMap("labels"), fields.textMap("annotations"), parameters(fields));
  }

  /** {@code Kind/name}, "" for none. */
  private static String parameters(FieldReader fields) {
    FieldReader parameters = fields.mappingOrEmpty("parametersRef");
    parameters.strictly(Set.of("group", "kind", "name", "namespace"));
    return fields.has("parametersRef")
        ? parameters.text("kind", "") + "/" + parameters.text("name", "")
        : "";
  }

  static GatewayClass gatewayClass(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("controllerName", "parametersRef", "description"));
    return new GatewayClass(
        metadata,
        spec.required("controllerName", "such as ambit.dev/waypoint", text -> text.contains("/")),
        parameters(spec));
  }

  static ReferenceGrant grant(Metadata metadata, FieldReader fields) {
    FieldReader spec = RouteFields.spec(fields, Set.of("from", "to"));
    List<ReferenceGrant.From> from = new ArrayList<>();
    for (FieldReader each : spec.mappings("from", MOST_ADDRESSES)) {
      each.strictly(Set.of("group", "kind", "namespace"));
      from.add(
          new ReferenceGrant.From(
              each.text("group", ""),
              each.required("kind", "such as HTTPRoute", text -> !text.isEmpty()),
              each.required("namespace", Forms.LABEL, Forms::label)));
    }
    List<ReferenceGrant.To> to = new ArrayList<>();
    for (FieldReader each : spec.mappings("to", MOST_ADDRESSES)) {
      each.strictly(Set.of("group", "kind", "name"));
      to.add(
          new ReferenceGrant.To(
              each.text("group", ""),
              each.required("kind", "such as Service", text -> !text.isEmpty()),
              each.text("name", "")));
    }
    if (from.isEmpty() || to.isEmpty()) {
      spec.problem(from.isEmpty() ? "from" : "to", "nothing", "at least one entry");
    }
    return new ReferenceGrant(metadata, from, to);
  }
}
