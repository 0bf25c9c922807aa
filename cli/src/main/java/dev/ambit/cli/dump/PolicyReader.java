package dev.ambit.cli.dump;

import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.Policy.ServiceAccount;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import java.util.List;
import java.util.Map;

/** Policies of a dump: rules are lists of clauses, clauses lists of matches. */
final class PolicyReader {
  private PolicyReader() {}

  static Policy policy(Field from) {
    return new Policy(
        new PolicyKey(from.get("namespace").text(""), from.get("name").text("")),
        from.get("scope").choice(Policy.Scope.class, Policy.Scope.GLOBAL),
        from.get("action").choice(Policy.Action.class, Policy.Action.ALLOW),
        from.get("rules")
            .each(rule ->
                new Rule(rule.each(clause -> new Clause(clause.each(PolicyReader::match))))),
        from.get("dryRun").flag(false));
  }

  private static Match match(Field from) {
    return new Match(
        strings(from.get("namespaces")),
        strings(from.get("notNamespaces")),
        strings(from.get("principals")),
        strings(from.get("notPrincipals")),
        from.get("sourceIps").each(Field::cidr),
        from.get("notSourceIps").each(Field::cidr),
        from.get("destinationIps").each(Field::cidr),
        from.get("notDestinationIps").each(Field::cidr),
        from.get("destinationPorts").each(port -> port.number(0)),
        from.get("notDestinationPorts").each(port -> port.number(0)),
        from.get("serviceAccounts").each(PolicyReader::serviceAccount),
        from.get("notServiceAccounts").each(PolicyReader::serviceAccount));
  }

  private static List<StringMatch> strings(Field from) {
    return from.each(PolicyReader::string);
  }

  /** {@code {"Exact": "x"}}, {@code {"Presence": []}}. */
  private static StringMatch string(Field from) {
    if (from.json().size() != 1) {
      throw from.bad("one of Exact, Prefix, Suffix, Presence");
    }
    Map.Entry<String, ?> only = from.json().properties().iterator().next();
    String value = from.get(only.getKey()).text("");
    return switch (only.getKey()) {
      case "Exact" -> new StringMatch.Exact(value);
      case "Prefix" -> new StringMatch.Prefix(value);
      case "Suffix" -> new StringMatch.Suffix(value);
      case "Presence" -> new StringMatch.Presence();
      default -> throw from.bad("one of Exact, Prefix, Suffix, Presence");
    };
  }

  /** An object, or {@code namespace/name} as people write it. */
  private static ServiceAccount serviceAccount(Field from) {
    String text = from.text("");
    int slash = text.indexOf('/');
    return slash < 0
        ? new ServiceAccount(from.get("namespace").text(""), from.get("serviceAccount").text(""))
        : new ServiceAccount(text.substring(0, slash), text.substring(slash + 1));
  }
}
