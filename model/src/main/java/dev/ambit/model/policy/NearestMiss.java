package dev.ambit.model.policy;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says of a policy which rule came closest to a connection, and what spoke against it. Reads the
 * policy as it is written, not as it is compiled, so it also checks the compiled form.
 */
final class NearestMiss {
  private static final int SHOWN = 4;

  private final InetAddress sourceIp;
  private final InetAddress destinationIp;
  private final int destinationPort;
  private final @Nullable SpiffeId identity;

  NearestMiss(Peer peer) {
    this.sourceIp = IpAddresses.plain(peer.sourceIp());
    this.destinationIp = IpAddresses.plain(peer.destination().getAddress());
    this.destinationPort = peer.destination().getPort();
    this.identity = peer.identity();
  }

  Authorizer.Considered of(Policy policy) {
    if (policy.rules().isEmpty()) {
      return new Authorizer.Considered(policy, -1, "rules: got none, expected one that matches");
    }
    List<String> nearest = null;
    for (int i = 0; i < policy.rules().size(); i++) {
      List<String> misses = misses(policy.rules().get(i));
      if (misses.isEmpty()) {
        return new Authorizer.Considered(policy, i, "");
      }
      nearest = nearest == null || misses.size() < nearest.size() ? misses : nearest;
    }
    return new Authorizer.Considered(policy, -1, nearest == null ? "" : String.join("; ", nearest));
  }

  private List<String> misses(Rule rule) {
    return rule.clauses().stream().flatMap(clause -> misses(clause).stream()).distinct().toList();
  }

  private List<String> misses(Clause clause) {
    List<String> nearest = null;
    for (Match match : clause.matches()) {
      List<String> misses = misses(match);
      nearest = nearest == null || misses.size() < nearest.size() ? misses : nearest;
    }
    return nearest == null ? List.of() : nearest;
  }

  private List<String> misses(Match match) {
    if (match.equals(Match.EMPTY)) {
      return List.of("match: got an empty one, which never matches");
    }
    List<String> misses = new ArrayList<>();
    String namespace = identity == null ? "" : identity.namespace();
    Predicate<StringMatch> namespaces = text -> text.matches(namespace);
    Predicate<StringMatch> principals =
        text -> identity != null && text.matches(identity.principal());
    String who = identity == null ? "none (plaintext)" : quoted(identity.principal());
    String where = identity == null ? "none (plaintext)" : quoted(namespace);
    wants(
        misses, new Field<>("principals", who, principals, NearestMiss::print), match.principals());
    bars(
        misses,
        new Field<>("notPrincipals", who, principals, NearestMiss::print),
        match.notPrincipals());
    wants(
        misses,
        new Field<>("namespaces", where, namespaces, NearestMiss::print),
        match.namespaces());
    bars(
        misses,
        new Field<>("notNamespaces", where, namespaces, NearestMiss::print),
        match.notNamespaces());
    Field<Policy.ServiceAccount> accounts = accounts("serviceAccounts");
    wants(misses, accounts, match.serviceAccounts());
    bars(misses, accounts("notServiceAccounts"), match.notServiceAccounts());
    addresses(misses, match);
    Predicate<Integer> ports = port -> port == destinationPort;
    String port = String.valueOf(destinationPort);
    wants(
        misses,
        new Field<>("destinationPorts", port, ports, String::valueOf),
        match.destinationPorts());
    bars(
        misses,
        new Field<>("notDestinationPorts", port, ports, String::valueOf),
        match.notDestinationPorts());
    return misses;
  }

  private void addresses(List<String> misses, Match match) {
    String source = IpAddresses.print(sourceIp);
    String destination = IpAddresses.print(destinationIp);
    wants(
        misses,
        new Field<>("sourceIps", source, block -> block.contains(sourceIp), String::valueOf),
        match.sourceIps());
    bars(
        misses,
        new Field<>("notSourceIps", source, block -> block.contains(sourceIp), String::valueOf),
        match.notSourceIps());
    wants(
        misses,
        new Field<>(
            "destinationIps", destination, block -> block.contains(destinationIp), String::valueOf),
        match.destinationIps());
    bars(
        misses,
        new Field<>(
            "notDestinationIps",
            destination,
            block -> block.contains(destinationIp),
            String::valueOf),
        match.notDestinationIps());
  }

  private Field<Policy.ServiceAccount> accounts(String name) {
    String got =
        identity == null
            ? "none (plaintext)"
            : quoted(identity.namespace() + "/" + identity.serviceAccount());
    return new Field<>(
        name,
        got,
        account ->
            identity != null
                && account.namespace().equals(identity.namespace())
                && account.name().equals(identity.serviceAccount()),
        account -> quoted(account.namespace() + "/" + account.name()));
  }

  /** One list of a match: how it is called, what came, how elements compare and print. */
  private record Field<T>(String name, String got, Predicate<T> holds, Function<T, String> print) {
    String miss(String expected, List<T> elements) {
      String shown = elements.stream().limit(SHOWN).map(print).collect(Collectors.joining(", "));
      int more = elements.size() - SHOWN;
      return name
          + ": got "
          + got
          + ", expected "
          + expected
          + shown
          + (more > 0 ? " and " + more + " more" : "");
    }
  }

  private static <T> void wants(List<String> misses, Field<T> field, List<T> elements) {
    if (!elements.isEmpty() && elements.stream().noneMatch(field.holds())) {
      misses.add(field.miss(elements.size() == 1 ? "" : "one of ", elements));
    }
  }

  private static <T> void bars(List<String> misses, Field<T> field, List<T> elements) {
    if (elements.stream().anyMatch(field.holds())) {
      misses.add(field.miss(elements.size() == 1 ? "not " : "none of ", elements));
    }
  }

  private static String print(StringMatch match) {
    return switch (match) {
      case StringMatch.Exact(String value) -> quoted(value);
      case StringMatch.Prefix(String value) -> quoted(value + "*");
      case StringMatch.Suffix(String value) -> quoted("*" + value);
      case StringMatch.Presence() -> quoted("*");
    };
  }

  private static String quoted(String value) {
    return '"' + value + '"';
  }
}
