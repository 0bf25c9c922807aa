package dev.ambit.controller.xds.wire;

import dev.ambit.model.policy.Policy;
import dev.ambit.model.workload.Cidr;
import dev.ambit.proto.security.Action;
import dev.ambit.proto.security.Address;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.security.Clause;
import dev.ambit.proto.security.Group;
import dev.ambit.proto.security.Match;
import dev.ambit.proto.security.Presence;
import dev.ambit.proto.security.Scope;
import dev.ambit.proto.security.ServiceAccountMatch;
import dev.ambit.proto.security.StringMatch;
import java.util.List;

/** Policies to {@code istio.security.Authorization} (spec: l4-authorization §2). Pure. */
final class AuthorizationEncoder {
  private AuthorizationEncoder() {}

  static Authorization encode(Policy policy) {
    Authorization.Builder out =
        Authorization.newBuilder()
            .setName(policy.key().name())
            .setNamespace(policy.key().namespace())
            .setScope(
                switch (policy.scope()) {
                  case GLOBAL -> Scope.GLOBAL;
                  case NAMESPACE -> Scope.NAMESPACE;
                  case WORKLOAD_SELECTOR -> Scope.WORKLOAD_SELECTOR;
                })
            .setAction(
                switch (policy.action()) {
                  case ALLOW -> Action.ALLOW;
                  case DENY -> Action.DENY;
                })
            .setDryRun(policy.dryRun());
    for (Policy.Rule rule : policy.rules()) {
      Group.Builder group = Group.newBuilder();
      for (Policy.Clause clause : rule.clauses()) {
        Clause.Builder matches = Clause.newBuilder();
        clause.matches().forEach(match -> matches.addMatches(match(match)));
        group.addClauses(matches);
      }
      out.addGroups(group);
    }
    return out.build();
  }

  private static Match match(Policy.Match match) {
    return Match.newBuilder()
        .addAllNamespaces(strings(match.namespaces()))
        .addAllNotNamespaces(strings(match.notNamespaces()))
        .addAllPrincipals(strings(match.principals()))
        .addAllNotPrincipals(strings(match.notPrincipals()))
        .addAllSourceIps(blocks(match.sourceIps()))
        .addAllNotSourceIps(blocks(match.notSourceIps()))
        .addAllDestinationIps(blocks(match.destinationIps()))
        .addAllNotDestinationIps(blocks(match.notDestinationIps()))
        .addAllDestinationPorts(match.destinationPorts())
        .addAllNotDestinationPorts(match.notDestinationPorts())
        .addAllServiceAccounts(accounts(match.serviceAccounts()))
        .addAllNotServiceAccounts(accounts(match.notServiceAccounts()))
        .build();
  }

  private static List<StringMatch> strings(List<dev.ambit.model.policy.StringMatch> matches) {
    return matches.stream().map(AuthorizationEncoder::string).toList();
  }

  private static StringMatch string(dev.ambit.model.policy.StringMatch match) {
    StringMatch.Builder out = StringMatch.newBuilder();
    switch (match) {
      case dev.ambit.model.policy.StringMatch.Exact exact -> out.setExact(exact.value());
      case dev.ambit.model.policy.StringMatch.Prefix prefix -> out.setPrefix(prefix.value());
      case dev.ambit.model.policy.StringMatch.Suffix suffix -> out.setSuffix(suffix.value());
      case dev.ambit.model.policy.StringMatch.Presence _ ->
          out.setPresence(Presence.getDefaultInstance());
    }
    return out.build();
  }

  private static List<Address> blocks(List<Cidr> blocks) {
    return blocks.stream()
        .map(block ->
            Address.newBuilder()
                .setAddress(AddressEncoder.bytes(block.address()))
                .setLength(block.prefixLength())
                .build())
        .toList();
  }

  private static List<ServiceAccountMatch> accounts(List<Policy.ServiceAccount> accounts) {
    return accounts.stream()
        .map(account ->
            ServiceAccountMatch.newBuilder()
                .setNamespace(account.namespace())
                .setServiceAccount(account.name())
                .build())
        .toList();
  }
}
