package dev.ambit.dataplane.xds.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.ambit.dataplane.xds.DeltaResponse;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.discovery.Resource;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.security.Clause;
import dev.ambit.proto.security.Group;
import dev.ambit.proto.security.Match;
import dev.ambit.proto.security.StringMatch;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Policies that cannot be read fail closed. */
final class PolicyDecoderTest {
  private static final ByteString IP = ByteString.copyFrom(new byte[] {10, 0, 0, 1});

  private static Authorization.Builder policy(dev.ambit.proto.security.Action action) {
    return Authorization.newBuilder()
        .setName("p")
        .setNamespace("ns")
        .setScope(dev.ambit.proto.security.Scope.NAMESPACE)
        .setAction(action);
  }

  private static Authorization one(dev.ambit.proto.security.Action action, Match... matches) {
    return policy(action)
        .addGroups(
            Group.newBuilder().addClauses(Clause.newBuilder().addAllMatches(List.of(matches))))
        .build();
  }

  private static Verdict verdict(DeltaResponse.Rejected rejected) {
    MeshView view = MeshView.empty().with(rejected.instead().orElseThrow());
    Workload workload = Workload.named("u").namespace("ns").policies(List.of("ns/p")).build();
    return Authorizer.decide(
        view,
        workload,
        new Peer(
            InetAddress.ofLiteral("192.0.2.1"),
            null,
            new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 8080)));
  }

  static Stream<Match> unreadable() {
    dev.ambit.proto.security.Address five =
        dev.ambit.proto.security.Address.newBuilder()
            .setAddress(ByteString.copyFrom(new byte[5]))
            .build();
    dev.ambit.proto.security.Address long4 =
        dev.ambit.proto.security.Address.newBuilder().setAddress(IP).setLength(33).build();
    return Stream.of(
        Match.newBuilder().addSourceIps(five).build(),
        Match.newBuilder().addNotSourceIps(five).build(),
        Match.newBuilder().addDestinationIps(long4).build(),
        Match.newBuilder().addPrincipals(StringMatch.getDefaultInstance()).build(),
        Match.newBuilder().addNotNamespaces(StringMatch.getDefaultInstance()).build(),
        Match.newBuilder().addDestinationPorts(65_536).build());
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  @DisplayName(
      "l4-authorization 29: unreadable in DENY is rejected and denies, in ALLOW allows none")
  void an_unreadable_policy_fails_closed(Match bad) {
    DeltaResponse.Content deny = authorization(one(dev.ambit.proto.security.Action.DENY, bad));
    assertThat(deny).isInstanceOf(DeltaResponse.Rejected.class);
    assertThat(verdict((DeltaResponse.Rejected) deny)).isInstanceOf(Verdict.Denied.class);

    DeltaResponse.Content allow = authorization(one(dev.ambit.proto.security.Action.ALLOW, bad));
    assertThat(allow).isInstanceOf(DeltaResponse.Rejected.class);
    assertThat(verdict((DeltaResponse.Rejected) allow))
        .isInstanceOfSatisfying(
            Verdict.Denied.class, denied -> assertThat(denied.reason()).contains("none allowed"));
  }

  private static DeltaResponse.Content authorization(Authorization policy) {
    return DecoderTest.decode(DeltaStream.AUTHORIZATION, GoldenXds.resource("ns/p", "", policy));
  }

  @Test
  void the_readable_rest_of_a_policy_keeps_its_meaning() {
    Match port = Match.newBuilder().addDestinationPorts(9090).build();
    Match bad = Match.newBuilder().addDestinationPorts(-1).build();
    Authorization deny =
        policy(dev.ambit.proto.security.Action.DENY)
            .addGroups(
                Group.newBuilder()
                    .addClauses(Clause.newBuilder().addMatches(port))
                    .addClauses(Clause.newBuilder().addMatches(bad)))
            .build();
    assertThat(verdict((DeltaResponse.Rejected) authorization(deny)))
        .as("the other clause does not match")
        .isInstanceOf(Verdict.Allowed.class);
    Match here = Match.newBuilder().addDestinationPorts(8080).build();
    assertThat(
            verdict(
                (DeltaResponse.Rejected)
                    authorization(one(dev.ambit.proto.security.Action.ALLOW, bad, here))))
        .isInstanceOf(Verdict.Allowed.class);
  }

  @Test
  void unknown_numbers_and_garbage_close() {
    DeltaResponse.Content action =
        authorization(
            policy(dev.ambit.proto.security.Action.ALLOW)
                .setActionValue(7)
                .addGroups(Group.getDefaultInstance())
                .build());
    assertThat(verdict((DeltaResponse.Rejected) action)).isInstanceOf(Verdict.Denied.class);
    Resource garbage =
        Resource.newBuilder()
            .setName("ns/p")
            .setResource(
                Any.newBuilder()
                    .setTypeUrl(DeltaStream.AUTHORIZATION)
                    .setValue(ByteString.copyFrom(new byte[] {10, 5, 1})))
            .build();
    DeltaResponse.Rejected rejected =
        (DeltaResponse.Rejected) DecoderTest.decode(DeltaStream.AUTHORIZATION, garbage);
    assertThat(verdict(rejected)).isInstanceOf(Verdict.Denied.class);
    assertThat(rejected.yields()).isTrue();
  }

  @Test
  void every_part_of_a_match_is_carried_over() {
    Match all =
        Match.newBuilder()
            .addNamespaces(StringMatch.newBuilder().setExact("a"))
            .addPrincipals(StringMatch.newBuilder().setSuffix("b"))
            .addNotPrincipals(
                StringMatch.newBuilder()
                    .setPresence(dev.ambit.proto.security.Presence.getDefaultInstance()))
            .addServiceAccounts(
                dev.ambit.proto.security.ServiceAccountMatch.newBuilder()
                    .setNamespace("x")
                    .setServiceAccount("y"))
            .addNotDestinationPorts(1)
            .build();
    DeltaResponse.Accepted accepted =
        (DeltaResponse.Accepted) authorization(one(dev.ambit.proto.security.Action.DENY, all));
    Policy policy = ((MeshChange.PolicyPut) accepted.change()).policy();
    assertThat(policy.key()).isEqualTo(new PolicyKey("ns", "p"));
    Policy.Match match = policy.rules().getFirst().clauses().getFirst().matches().getFirst();
    assertThat(match.namespaces()).hasSize(1);
    assertThat(match.principals())
        .containsExactly(new dev.ambit.model.policy.StringMatch.Suffix("b"));
    assertThat(match.serviceAccounts()).containsExactly(new Policy.ServiceAccount("x", "y"));
    assertThat(match.notDestinationPorts()).containsExactly(1);
  }
}
