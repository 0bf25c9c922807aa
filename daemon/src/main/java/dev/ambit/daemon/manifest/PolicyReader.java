package dev.ambit.daemon.manifest;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.AuthorizationPolicy.Condition;
import dev.ambit.model.object.AuthorizationPolicy.Operation;
import dev.ambit.model.object.AuthorizationPolicy.Rule;
import dev.ambit.model.object.AuthorizationPolicy.Source;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.PeerAuthentication.Mode;
import dev.ambit.model.object.TargetReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads AuthorizationPolicy and PeerAuthentication (spec: l4-authorization §4). Nothing is passed
 * over: an unknown field, an empty list or a value that cannot match refuses the whole object, so
 * that a typing error never opens what its author meant to close.
 */
final class PolicyReader {
  /** Fields of every object. */
  static final Set<String> OBJECT = Set.of("apiVersion", "kind", "metadata", "spec", "status");

  private static final Map<String, Action> ACTIONS =
      Map.of(
          "ALLOW", Action.ALLOW,
          "DENY", Action.DENY,
          "AUDIT", Action.AUDIT,
          "CUSTOM", Action.CUSTOM);
  private static final Map<String, Mode> MODES =
      Map.of(
          "UNSET", Mode.UNSET,
          "DISABLE", Mode.DISABLE,
          "PERMISSIVE", Mode.PERMISSIVE,
          "STRICT", Mode.STRICT);
  private static final Set<String> SOURCE =
      Set.of(
          "principals",
          "notPrincipals",
          "requestPrincipals",
          "notRequestPrincipals",
          "namespaces",
          "notNamespaces",
          "serviceAccounts",
          "notServiceAccounts",
          "trustDomains",
          "notTrustDomains",
          "ipBlocks",
          "notIpBlocks",
          "remoteIpBlocks",
          "notRemoteIpBlocks");
  private static final Set<String> OPERATION =
      Set.of(
          "hosts", "notHosts", "ports", "notPorts", "methods", "notMethods", "paths", "notPaths");
  private static final Set<String> CONDITION_KEYS =
      Set.of(
          "source.ip",
          "remote.ip",
          "source.namespace",
          "source.principal",
          "source.serviceAccount",
          "source.trustDomain",
          "request.auth.principal",
          "request.auth.audiences",
          "request.auth.presenter",
          "destination.ip",
          "destination.port",
          "connection.sni");
  private static final List<String> CONDITION_MAPS =
      List.of("request.headers[", "request.auth.claims[", "experimental.envoy.filters.");

  private PolicyReader() {}

  static AuthorizationPolicy authorization(Metadata metadata, FieldReader fields) {
    fields.only(OBJECT);
    FieldReader spec = fields.mappingOrEmpty("spec");
    spec.strictly(Set.of("selector", "targetRef", "targetRefs", "action", "provider", "rules"));
    List<TargetReference> targets = targets(spec);
    Map<String, String> selector = selector(spec);
    if (!targets.isEmpty() && !selector.isEmpty()) {
      spec.problem("selector", "one beside targetRefs", "only one of them");
    }
    List<Rule> rules = new ArrayList<>();
    spec.mappings("rules").forEach(rule -> rules.add(rule(rule)));
    Action action = spec.choice("action", ACTIONS, Action.ALLOW);
    String provider = provider(spec, action);
    return new AuthorizationPolicy(metadata, selector, targets, action, provider, rules);
  }

  private static String provider(FieldReader spec, Action action) {
    FieldReader provider = spec.mappingOrEmpty("provider");
    provider.strictly(Set.of("name"));
    if (action != Action.CUSTOM) {
      if (spec.has("provider")) {
        spec.problem("provider", "one beside " + action, "a provider only with CUSTOM");
      }
      return "";
    }
    return provider.required("name", "the name of a provider", text -> !text.isEmpty());
  }

  /** What a policy is attached to; {@code targetRef} is a list of one. */
  static List<TargetReference> targets(FieldReader spec) {
    List<TargetReference> targets = new ArrayList<>();
    spec.mapping("targetRef").ifPresent(reference -> targets.add(target(reference)));
    spec.mappings("targetRefs").forEach(reference -> targets.add(target(reference)));
    return targets;
  }

  private static TargetReference target(FieldReader reference) {
    reference.strictly(Set.of("group", "kind", "name", "namespace", "sectionName"));
    return new TargetReference(
        reference.text("group", ""),
        reference.required("kind", "such as Gateway", text -> !text.isEmpty()),
        reference.formed("namespace", Forms.LABEL, Forms::label),
        reference.required("name", Forms.NAME, Forms::name));
  }

  static Map<String, String> selector(FieldReader spec) {
    FieldReader selector = spec.mappingOrEmpty("selector");
    selector.strictly(Set.of("matchLabels"));
    return selector.textMap("matchLabels");
  }

  private static Rule rule(FieldReader rule) {
    rule.strictly(Set.of("from", "to", "when"));
    List<Source> from = new ArrayList<>();
    for (FieldReader item : listed(rule, "from")) {
      from.add(new Source(lists(item, "source", SOURCE)));
    }
    List<Operation> to = new ArrayList<>();
    for (FieldReader item : listed(rule, "to")) {
      to.add(new Operation(lists(item, "operation", OPERATION)));
    }
    List<Condition> when = new ArrayList<>();
    for (FieldReader item : listed(rule, "when")) {
      when.add(condition(item));
    }
    return new Rule(from, to, when);
  }

  private static List<FieldReader> listed(FieldReader rule, String name) {
    List<FieldReader> items = rule.mappings(name);
    if (rule.has(name) && items.isEmpty()) {
      rule.problem(name, "an empty list", "at least one entry, or no " + name);
    }
    return items;
  }

  /** The lists of a source or operation, by name. */
  private static Map<String, List<String>> lists(FieldReader item, String name, Set<String> known) {
    item.strictly(Set.of(name));
    FieldReader fields = item.mappingOrEmpty(name);
    fields.strictly(known);
    Map<String, List<String>> lists = new LinkedHashMap<>();
    for (String field : fields.names()) {
      if (known.contains(field)) {
        lists.put(field, values(fields, field, field));
      }
    }
    if (lists.isEmpty()) {
      item.problem(name, "nothing", "at least one of its lists");
    }
    return lists;
  }

  private static List<String> values(FieldReader fields, String field, String meaning) {
    List<String> values = fields.texts(field, expected(meaning), form(meaning));
    if (values.isEmpty()) {
      fields.problem(field, "no value", "at least one");
    }
    return values;
  }

  private static String expected(String meaning) {
    return switch (meaning) {
      case "ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks" -> Forms.CIDR;
      case "source.ip", "destination.ip", "remote.ip" -> Forms.CIDR;
      case "ports", "notPorts", "destination.port" -> Forms.PORT;
      case "serviceAccounts", "notServiceAccounts" -> "NAME or NAMESPACE/NAME";
      default -> "text";
    };
  }

  private static Function<String, Boolean> form(String meaning) {
    return switch (expected(meaning)) {
      case Forms.CIDR -> Forms::cidr;
      case Forms.PORT -> text -> Forms.port(text) > 0;
      case "text" -> text -> !text.isEmpty();
      default -> text -> text.matches("([^/]+/)?[^/]+");
    };
  }

  private static Condition condition(FieldReader item) {
    item.strictly(Set.of("key", "values", "notValues"));
    String key = item.required("key", "the name of an attribute", PolicyReader::attribute);
    List<String> values = item.has("values") ? values(item, "values", key) : List.of();
    List<String> notValues = item.has("notValues") ? values(item, "notValues", key) : List.of();
    if (!item.has("values") && !item.has("notValues")) {
      item.problem("values", "nothing", "values or notValues");
    }
    return new Condition(key, values, notValues);
  }

  private static boolean attribute(String key) {
    return CONDITION_KEYS.contains(key) || CONDITION_MAPS.stream().anyMatch(key::startsWith);
  }

  static PeerAuthentication peerAuthentication(Metadata metadata, FieldReader fields) {
    fields.only(OBJECT);
    FieldReader spec = fields.mappingOrEmpty("spec");
    spec.strictly(Set.of("selector", "mtls", "portLevelMtls"));
    FieldReader levels = spec.mappingOrEmpty("portLevelMtls");
    Map<Integer, Mode> portModes = new LinkedHashMap<>();
    for (String name : levels.names()) {
      int port = Forms.port(name);
      if (port == 0) {
        levels.problem(name, name, Forms.PORT);
      } else {
        portModes.put(port, mode(levels, name));
      }
    }
    Map<String, String> selector = selector(spec);
    if (!portModes.isEmpty() && selector.isEmpty()) {
      spec.problem("portLevelMtls", "one without selector", "a selector with matchLabels");
    }
    return new PeerAuthentication(metadata, selector, mode(spec, "mtls"), portModes);
  }

  private static Mode mode(FieldReader parent, String name) {
    FieldReader mtls = parent.mappingOrEmpty(name);
    mtls.strictly(Set.of("mode"));
    return mtls.choice("mode", MODES, Mode.UNSET);
  }
}
