package dev.ambit.model.policy;

import dev.ambit.model.workload.Cidr;
import java.util.List;

/**
 * One L4 authorization policy (spec: l4-authorization §2). Rules are joined by OR, clauses of a
 * rule by AND, matches of a clause by OR, the lists of a match by AND.
 */
public record Policy(PolicyKey key, Scope scope, Action action, List<Rule> rules, boolean dryRun) {
  public Policy {
    rules = List.copyOf(rules);
  }

  /** What the policy covers. */
  public enum Scope {
    GLOBAL,
    NAMESPACE,
    WORKLOAD_SELECTOR
  }

  /** What a match means. */
  public enum Action {
    ALLOW,
    DENY
  }

  /** Matches when every clause does; without clauses it matches everything. */
  public record Rule(List<Clause> clauses) {
    public Rule {
      clauses = List.copyOf(clauses);
    }
  }

  /** Matches when one match does; without matches it is true. */
  public record Clause(List<Match> matches) {
    public Clause {
      matches = List.copyOf(matches);
    }
  }

  /** True when every list is; a match with all lists empty is false. */
  public record Match(
      List<StringMatch> namespaces,
      List<StringMatch> notNamespaces,
      List<StringMatch> principals,
      List<StringMatch> notPrincipals,
      List<Cidr> sourceIps,
      List<Cidr> notSourceIps,
      List<Cidr> destinationIps,
      List<Cidr> notDestinationIps,
      List<Integer> destinationPorts,
      List<Integer> notDestinationPorts,
      List<ServiceAccount> serviceAccounts,
      List<ServiceAccount> notServiceAccounts) {
    public static final Match EMPTY =
        new Match(
            List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(),
            List.of(), List.of(), List.of(), List.of());

    public Match {
      namespaces = List.copyOf(namespaces);
      notNamespaces = List.copyOf(notNamespaces);
      principals = List.copyOf(principals);
      notPrincipals = List.copyOf(notPrincipals);
      sourceIps = List.copyOf(sourceIps);
      notSourceIps = List.copyOf(notSourceIps);
      destinationIps = List.copyOf(destinationIps);
      notDestinationIps = List.copyOf(notDestinationIps);
      destinationPorts = List.copyOf(destinationPorts);
      notDestinationPorts = List.copyOf(notDestinationPorts);
      serviceAccounts = List.copyOf(serviceAccounts);
      notServiceAccounts = List.copyOf(notServiceAccounts);
    }
  }

  /** A service account of a namespace, whatever its trust domain. */
  public record ServiceAccount(String namespace, String name) {}
}
