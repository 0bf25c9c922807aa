package dev.ambit.dataplane.xds.wire;

import dev.ambit.dataplane.xds.DeltaResponse;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.workload.Cidr;
import dev.ambit.proto.security.Address;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.security.Clause;
import dev.ambit.proto.security.Group;
import dev.ambit.proto.security.Match;
import dev.ambit.proto.security.ServiceAccountMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code istio.security.Authorization} to {@link Policy} (spec: l4-authorization §2, §3.3). Fails
 * closed: with a match that cannot be read, a DENY policy denies as if that match were met, an
 * ALLOW policy as if it were not; and the resource is rejected. Used for one resource.
 */
final class PolicyDecoder {
  private final Authorization from;
  private final List<String> errors = new ArrayList<>();

  private PolicyDecoder(Authorization from) {
    this.from = from;
  }

  static DeltaResponse.Content decode(Authorization from) {
    PolicyDecoder decoder = new PolicyDecoder(from);
    Policy policy = decoder.policy();
    MeshChange put = new MeshChange.PolicyPut(policy);
    return decoder.errors.isEmpty()
        ? new DeltaResponse.Accepted(put)
        : new DeltaResponse.Rejected(String.join(", ", decoder.errors), Optional.of(put), false);
  }

  /** Of a policy with nothing but its name: closes the workloads that name it. */
  static DeltaResponse.Content unreadable(String name, String reason) {
    Optional<MeshChange> denial =
        PolicyKey.parse(name)
            .map(key ->
                new MeshChange.PolicyPut(
                    new Policy(
                        key,
                        Policy.Scope.WORKLOAD_SELECTOR,
                        Policy.Action.DENY,
                        List.of(new Policy.Rule(List.of())),
                        false)));
    return new DeltaResponse.Rejected(reason, denial, true);
  }

  private Policy policy() {
    Policy.Action action = action();
    Policy.Scope scope = scope();
    List<Policy.Rule> rules = new ArrayList<>();
    for (Group group : from.getGroupsList()) {
      List<Policy.Clause> clauses = new ArrayList<>();
      for (Clause clause : group.getClausesList()) {
        clauses.add(clause(action, clause));
      }
      rules.add(new Policy.Rule(clauses));
    }
    return new Policy(
        new PolicyKey(from.getNamespace(), from.getName()), scope, action, rules, from.getDryRun());
  }

  private Policy.Action action() {
    return switch (from.getAction()) {
      case ALLOW -> Policy.Action.ALLOW;
      case DENY -> Policy.Action.DENY;
      case UNRECOGNIZED -> {
        errors.add(Fields.unknownNumber("action", from.getActionValue()).getMessage());
        yield Policy.Action.DENY;
      }
    };
  }

  private Policy.Scope scope() {
    return switch (from.getScope()) {
      case GLOBAL -> Policy.Scope.GLOBAL;
      case NAMESPACE -> Policy.Scope.NAMESPACE;
      case WORKLOAD_SELECTOR -> Policy.Scope.WORKLOAD_SELECTOR;
      case UNRECOGNIZED -> {
        errors.add(Fields.unknownNumber("scope", from.getScopeValue()).getMessage());
        yield Policy.Scope.NAMESPACE;
      }
    };
  }

  private Policy.Clause clause(Policy.Action action, Clause clause) {
    List<Policy.Match> matches = new ArrayList<>();
    for (Match one : clause.getMatchesList()) {
      Policy.Match match = match(one);
      if (match != null) {
        matches.add(match);
      } else {
        switch (action) {
          case DENY -> {
            // One match of a clause suffices, and this one counts as met.
            return new Policy.Clause(List.of());
          }
          case ALLOW -> matches.add(Policy.Match.EMPTY);
        }
      }
    }
    return new Policy.Clause(matches);
  }

  /** Null, with an error noted, when some part cannot be read. */
  private Policy.@Nullable Match match(Match from) {
    try {
      return new Policy.Match(
          strings("namespaces", from.getNamespacesList()),
          strings("not_namespaces", from.getNotNamespacesList()),
          strings("principals", from.getPrincipalsList()),
          strings("not_principals", from.getNotPrincipalsList()),
          blocks("source_ips", from.getSourceIpsList()),
          blocks("not_source_ips", from.getNotSourceIpsList()),
          blocks("destination_ips", from.getDestinationIpsList()),
          blocks("not_destination_ips", from.getNotDestinationIpsList()),
          ports("destination_ports", from.getDestinationPortsList()),
          ports("not_destination_ports", from.getNotDestinationPortsList()),
          accounts(from.getServiceAccountsList()),
          accounts(from.getNotServiceAccountsList()));
    } catch (Undecodable undecodable) {
      errors.add(String.valueOf(undecodable.getMessage()));
      return null;
    }
  }

  private static List<StringMatch> strings(
      String field, List<dev.ambit.proto.security.StringMatch> from) {
    List<StringMatch> matches = new ArrayList<>(from.size());
    for (dev.ambit.proto.security.StringMatch one : from) {
      matches.add(
          switch (one.getMatchTypeCase()) {
            case EXACT -> new StringMatch.Exact(one.getExact());
            case PREFIX -> new StringMatch.Prefix(one.getPrefix());
            case SUFFIX -> new StringMatch.Suffix(one.getSuffix());
            case PRESENCE -> new StringMatch.Presence();
            case MATCHTYPE_NOT_SET ->
                throw new Undecodable(field, "nothing", "exact, prefix, suffix or presence");
          });
    }
    return matches;
  }

  private static List<Cidr> blocks(String field, List<Address> from) {
    return from.stream()
        .map(one -> Fields.block(field, one.getAddress(), one.getLength()))
        .toList();
  }

  private static List<Integer> ports(String field, List<Integer> from) {
    return from.stream().map(port -> Fields.port(field, port)).toList();
  }

  private static List<Policy.ServiceAccount> accounts(List<ServiceAccountMatch> from) {
    return from.stream()
        .map(one -> new Policy.ServiceAccount(one.getNamespace(), one.getServiceAccount()))
        .toList();
  }
}
