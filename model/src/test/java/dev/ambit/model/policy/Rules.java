package dev.ambit.model.policy;

import dev.ambit.model.policy.Policy.Action;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.Policy.Scope;
import dev.ambit.model.policy.Policy.ServiceAccount;
import dev.ambit.model.workload.Cidr;
import java.util.Arrays;
import java.util.List;

/** Words for writing policies in tests. */
final class Rules {
  private Rules() {}

  static Policy allow(Rule... rules) {
    return new Policy(
        new PolicyKey("ns", "allow"), Scope.GLOBAL, Action.ALLOW, List.of(rules), false);
  }

  static Policy deny(Rule... rules) {
    return new Policy(
        new PolicyKey("ns", "deny"), Scope.GLOBAL, Action.DENY, List.of(rules), false);
  }

  static Policy named(String namespace, String name, Policy policy) {
    PolicyKey key = new PolicyKey(namespace, name);
    return new Policy(key, policy.scope(), policy.action(), policy.rules(), policy.dryRun());
  }

  static Policy scoped(Scope scope, Policy policy) {
    return new Policy(policy.key(), scope, policy.action(), policy.rules(), policy.dryRun());
  }

  static Policy dryRun(Policy policy) {
    return new Policy(policy.key(), policy.scope(), policy.action(), policy.rules(), true);
  }

  static Rule rule(Clause... clauses) {
    return new Rule(List.of(clauses));
  }

  static Clause clause(Matching... matches) {
    return new Clause(Arrays.stream(matches).map(Matching::build).toList());
  }

  static Matching match() {
    return new Matching(Match.EMPTY);
  }

  /** {@code *}, {@code a*}, {@code *a} or {@code a}. */
  static StringMatch string(String pattern) {
    if (pattern.equals("*")) {
      return new StringMatch.Presence();
    }
    if (pattern.endsWith("*")) {
      return new StringMatch.Prefix(pattern.substring(0, pattern.length() - 1));
    }
    return pattern.startsWith("*")
        ? new StringMatch.Suffix(pattern.substring(1))
        : new StringMatch.Exact(pattern);
  }

  private static List<StringMatch> strings(String... patterns) {
    return Arrays.stream(patterns).map(Rules::string).toList();
  }

  private static List<Cidr> blocks(String... blocks) {
    return Arrays.stream(blocks).map(block -> Cidr.parse(block).orElseThrow()).toList();
  }

  private static List<Integer> numbers(int... numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }

  private static List<ServiceAccount> serviceAccounts(String... accounts) {
    return Arrays.stream(accounts)
        .map(account -> account.split("/"))
        .map(parts -> new ServiceAccount(parts[0], parts[1]))
        .toList();
  }

  /** A match, list by list. */
  static final class Matching {
    private final Match m;

    private Matching(Match m) {
      this.m = m;
    }

    Match build() {
      return m;
    }

    Matching namespaces(String... patterns) {
      return with(0, strings(patterns));
    }

    Matching notNamespaces(String... patterns) {
      return with(1, strings(patterns));
    }

    Matching principals(String... patterns) {
      return with(2, strings(patterns));
    }

    Matching notPrincipals(String... patterns) {
      return with(3, strings(patterns));
    }

    Matching sourceIps(String... blocks) {
      return with(4, blocks(blocks));
    }

    Matching notSourceIps(String... blocks) {
      return with(5, blocks(blocks));
    }

    Matching destinationIps(String... blocks) {
      return with(6, blocks(blocks));
    }

    Matching notDestinationIps(String... blocks) {
      return with(7, blocks(blocks));
    }

    Matching ports(int... ports) {
      return with(8, numbers(ports));
    }

    Matching notPorts(int... ports) {
      return with(9, numbers(ports));
    }

    Matching accounts(String... accounts) {
      return with(10, serviceAccounts(accounts));
    }

    Matching notAccounts(String... accounts) {
      return with(11, serviceAccounts(accounts));
    }

    @SuppressWarnings("unchecked") // the numbers are those of the record's components
    private Matching with(int at, List<?> list) {
      List<?>[] lists = {
        m.namespaces(), m.notNamespaces(), m.principals(), m.notPrincipals(),
        m.sourceIps(), m.notSourceIps(), m.destinationIps(), m.notDestinationIps(),
        m.destinationPorts(), m.notDestinationPorts(), m.serviceAccounts(), m.notServiceAccounts()
      };
      lists[at] = list;
      return new Matching(
          new Match(
              (List<StringMatch>) lists[0],
              (List<StringMatch>) lists[1],
              (List<StringMatch>) lists[2],
              (List<StringMatch>) lists[3],
              (List<Cidr>) lists[4],
              (List<Cidr>) lists[5],
              (List<Cidr>) lists[6],
              (List<Cidr>) lists[7],
              (List<Integer>) lists[8],
              (List<Integer>) lists[9],
              (List<ServiceAccount>) lists[10],
              (List<ServiceAccount>) lists[11]));
    }
  }
}
