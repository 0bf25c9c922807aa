package dev.ambit.controller.translate;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.ServiceAccount;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.workload.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** One rule on its way to clauses; collects what ztunnel cannot enforce. Used once. */
final class RuleTranslation {
  private static final Set<String> SOURCE =
      Set.of(
          "principals",
          "notPrincipals",
          "namespaces",
          "notNamespaces",
          "ipBlocks",
          "notIpBlocks",
          "serviceAccounts",
          "notServiceAccounts");
  private static final Set<String> OPERATION = Set.of("ports", "notPorts");

  private final String namespace;
  private final Set<String> unsupported = new TreeSet<>();

  RuleTranslation(String namespace) {
    this.namespace = namespace;
  }

  /** Attributes and values that could not be translated. */
  Set<String> unsupported() {
    return unsupported;
  }

  /** {@code to}, {@code from}, then each {@code when}, in the order istiod sends them. */
  List<Clause> clauses(AuthorizationPolicy.Rule rule) {
    List<Clause> clauses = new ArrayList<>();
    if (!rule.to().isEmpty()) {
      clauses.add(new Clause(rule.to().stream().map(to -> operation(to.fields())).toList()));
    }
    if (!rule.from().isEmpty()) {
      clauses.add(new Clause(rule.from().stream().map(from -> source(from.fields())).toList()));
    }
    for (AuthorizationPolicy.Condition when : rule.when()) {
      clauses.add(new Clause(List.of(when(when))));
    }
    return clauses;
  }

  private Match operation(Map<String, List<String>> fields) {
    noteUnknown(fields, OPERATION);
    Lists lists = new Lists();
    lists.ports = read(fields, "ports", RuleTranslation::port);
    lists.notPorts = read(fields, "notPorts", RuleTranslation::port);
    return lists.match();
  }

  private Match source(Map<String, List<String>> fields) {
    noteUnknown(fields, SOURCE);
    Lists lists = new Lists();
    lists.principals = read(fields, "principals", RuleTranslation::pattern);
    lists.notPrincipals = read(fields, "notPrincipals", RuleTranslation::pattern);
    lists.namespaces = read(fields, "namespaces", RuleTranslation::pattern);
    lists.notNamespaces = read(fields, "notNamespaces", RuleTranslation::pattern);
    lists.sourceIps = read(fields, "ipBlocks", RuleTranslation::block);
    lists.notSourceIps = read(fields, "notIpBlocks", RuleTranslation::block);
    lists.serviceAccounts = read(fields, "serviceAccounts", this::serviceAccount);
    lists.notServiceAccounts = read(fields, "notServiceAccounts", this::serviceAccount);
    return lists.match();
  }

  private Match when(AuthorizationPolicy.Condition when) {
    Lists lists = new Lists();
    List<String> yes = when.values();
    List<String> no = when.notValues();
    switch (when.key()) {
      case "source.ip" -> {
        lists.sourceIps = each("source.ip", yes, RuleTranslation::block);
        lists.notSourceIps = each("source.ip", no, RuleTranslation::block);
      }
      case "source.namespace" -> {
        lists.namespaces = each("source.namespace", yes, RuleTranslation::pattern);
        lists.notNamespaces = each("source.namespace", no, RuleTranslation::pattern);
      }
      case "source.principal" -> {
        lists.principals = each("source.principal", yes, RuleTranslation::pattern);
        lists.notPrincipals = each("source.principal", no, RuleTranslation::pattern);
      }
      case "destination.ip" -> {
        lists.destinationIps = each("destination.ip", yes, RuleTranslation::block);
        lists.notDestinationIps = each("destination.ip", no, RuleTranslation::block);
      }
      case "destination.port" -> {
        lists.ports = each("destination.port", yes, RuleTranslation::port);
        lists.notPorts = each("destination.port", no, RuleTranslation::port);
      }
      default -> unsupported.add(when.key());
    }
    return lists.match();
  }

  private void noteUnknown(Map<String, List<String>> fields, Set<String> known) {
    fields.forEach((field, values) -> {
      if (!known.contains(field) && !values.isEmpty()) {
        unsupported.add(field);
      }
    });
  }

  private <T> List<T> read(
      Map<String, List<String>> fields, String field, Function<String, Optional<T>> parse) {
    return each(field, fields.getOrDefault(field, List.of()), parse);
  }

  /** One value that cannot be read makes the whole list void: a DENY must not get narrower. */
  private <T> List<T> each(String field, List<String> values, Function<String, Optional<T>> parse) {
    List<T> found = new ArrayList<>();
    for (String value : values) {
      Optional<T> read = parse.apply(value);
      if (read.isEmpty()) {
        unsupported.add(field + " \"" + value + "\"");
        return List.of();
      }
      found.add(read.get());
    }
    return found;
  }

  private static Optional<StringMatch> pattern(String text) {
    if (text.equals("*")) {
      return Optional.of(new StringMatch.Presence());
    }
    if (text.startsWith("*")) {
      return Optional.of(new StringMatch.Suffix(text.substring(1)));
    }
    return Optional.of(
        text.endsWith("*")
            ? new StringMatch.Prefix(text.substring(0, text.length() - 1))
            : new StringMatch.Exact(text));
  }

  private static Optional<Integer> port(String text) {
    try {
      int port = Integer.parseInt(text);
      return port < 0 || port > 65_535 ? Optional.empty() : Optional.of(port);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<Cidr> block(String text) {
    int slash = text.indexOf('/');
    try {
      InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
      int width = address.getAddress().length * 8;
      return Optional.of(
          new Cidr(address, slash < 0 ? width : Integer.parseInt(text.substring(slash + 1))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Optional<ServiceAccount> serviceAccount(String text) {
    int slash = text.indexOf('/');
    return Optional.of(
        slash < 0
            ? new ServiceAccount(namespace, text)
            : new ServiceAccount(text.substring(0, slash), text.substring(slash + 1)));
  }

  /** The lists of a match while they are collected. */
  private static final class Lists {
    private List<StringMatch> namespaces = List.of();
    private List<StringMatch> notNamespaces = List.of();
    private List<StringMatch> principals = List.of();
    private List<StringMatch> notPrincipals = List.of();
    private List<Cidr> sourceIps = List.of();
    private List<Cidr> notSourceIps = List.of();
    private List<Cidr> destinationIps = List.of();
    private List<Cidr> notDestinationIps = List.of();
    private List<Integer> ports = List.of();
    private List<Integer> notPorts = List.of();
    private List<ServiceAccount> serviceAccounts = List.of();
    private List<ServiceAccount> notServiceAccounts = List.of();

    Match match() {
      return new Match(
          namespaces,
          notNamespaces,
          principals,
          notPrincipals,
          sourceIps,
          notSourceIps,
          destinationIps,
          notDestinationIps,
          ports,
          notPorts,
          serviceAccounts,
          notServiceAccounts);
    }
  }
}
