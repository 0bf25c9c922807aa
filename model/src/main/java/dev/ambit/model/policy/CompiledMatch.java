package dev.ambit.model.policy;

import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.ServiceAccount;
import dev.ambit.model.workload.Cidr;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One match, compiled. A list that is absent is null and true; every other one must hold its
 * element, or must not when it is a not-list (spec: l4-authorization §3.2).
 */
record CompiledMatch(
    @Nullable Strings namespaces,
    @Nullable Strings notNamespaces,
    @Nullable Strings principals,
    @Nullable Strings notPrincipals,
    @Nullable IpRanges sourceIps,
    @Nullable IpRanges notSourceIps,
    @Nullable IpRanges destinationIps,
    @Nullable IpRanges notDestinationIps,
    @Nullable Ports ports,
    @Nullable Ports notPorts,
    @Nullable Accounts accounts,
    @Nullable Accounts notAccounts) {

  /** No port is negative, so this matches nothing. */
  static final CompiledMatch NEVER =
      new CompiledMatch(
          null, null, null, null, null, null, null, null, new Ports(new int[0]), null, null, null);

  static CompiledMatch of(Match match) {
    return new CompiledMatch(
        Strings.of(match.namespaces()),
        Strings.of(match.notNamespaces()),
        Strings.of(match.principals()),
        Strings.of(match.notPrincipals()),
        ranges(match.sourceIps()),
        ranges(match.notSourceIps()),
        ranges(match.destinationIps()),
        ranges(match.notDestinationIps()),
        Ports.of(match.destinationPorts()),
        Ports.of(match.notDestinationPorts()),
        Accounts.of(match.serviceAccounts()),
        Accounts.of(match.notServiceAccounts()));
  }

  private static @Nullable IpRanges ranges(List<Cidr> blocks) {
    return blocks.isEmpty() ? null : IpRanges.of(blocks);
  }

  boolean matches(Subject subject) {
    return (ports == null || ports.contain(subject.destinationPort))
        && (notPorts == null || !notPorts.contain(subject.destinationPort))
        && (principals == null || principals.contain(subject.principal))
        && (notPrincipals == null || !notPrincipals.contain(subject.principal))
        && (namespaces == null || namespaces.contain(subject.namespace))
        && (notNamespaces == null || !notNamespaces.contain(subject.namespace))
        && (accounts == null || accounts.contain(subject))
        && (notAccounts == null || !notAccounts.contain(subject))
        && (sourceIps == null || sourceIps.contain(subject.sourceIp))
        && (notSourceIps == null || !notSourceIps.contain(subject.sourceIp))
        && (destinationIps == null || destinationIps.contain(subject.destinationIp))
        && (notDestinationIps == null || !notDestinationIps.contain(subject.destinationIp));
  }

  /** String matches: exact ones hashed, the others one by one. */
  record Strings(Set<String> exact, StringMatch[] patterns) {
    static @Nullable Strings of(List<StringMatch> matches) {
      if (matches.isEmpty()) {
        return null;
      }
      Set<String> exact = new HashSet<>();
      for (StringMatch match : matches) {
        if (match instanceof StringMatch.Exact(String value)) {
          exact.add(value);
        }
      }
      return new Strings(
          exact,
          matches.stream()
              .filter(match -> !(match instanceof StringMatch.Exact))
              .toArray(StringMatch[]::new));
    }

    /** False for null: without an identity not even presence holds. */
    boolean contain(@Nullable String value) {
      if (value == null) {
        return false;
      }
      if (exact.contains(value)) {
        return true;
      }
      for (StringMatch pattern : patterns) {
        if (pattern.matches(value)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Ports, sorted. */
  record Ports(int[] sorted) {
    static @Nullable Ports of(List<Integer> ports) {
      return ports.isEmpty()
          ? null
          : new Ports(ports.stream().mapToInt(Integer::intValue).sorted().toArray());
    }

    boolean contain(int port) {
      return Arrays.binarySearch(sorted, port) >= 0;
    }
  }

  /** Service accounts by namespace. */
  record Accounts(Map<String, Set<String>> byNamespace) {
    static @Nullable Accounts of(List<ServiceAccount> accounts) {
      if (accounts.isEmpty()) {
        return null;
      }
      Map<String, Set<String>> byNamespace = new HashMap<>();
      for (ServiceAccount account : accounts) {
        byNamespace.computeIfAbsent(account.namespace(), _ -> new HashSet<>()).add(account.name());
      }
      return new Accounts(byNamespace);
    }

    boolean contain(Subject subject) {
      Set<String> names = byNamespace.get(subject.namespace);
      return names != null
          && subject.serviceAccount != null
          && names.contains(subject.serviceAccount);
    }
  }
}
