package dev.ambit.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Published;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which open connections a change cuts. */
final class OpenConnectionsTest {
  private static final String UID = "Kubernetes//Pod/demo/echo-a";
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  private static final SpiffeId OTHER = new SpiffeId("cluster.local", "demo", "other");
  private static final PolicyKey KEY = new PolicyKey("demo", "no");
  private static final InetSocketAddress FROM = at("10.0.0.1", 1234);
  private static final InetSocketAddress TO = at("10.0.0.2", 8080);

  private final Published<MeshView> mesh =
      new Published<>(MeshView.empty().with(put(workload(List.of()))));
  private final OpenConnections open = new OpenConnections(mesh);
  private final BlockingQueue<String> cuts = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    open.close();
  }

  private static InetSocketAddress at(String ip, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(ip), port);
  }

  private static Workload workload(List<String> policies) {
    return Workload.named(UID)
        .name("echo-a")
        .namespace("demo")
        .serviceAccount("echo")
        .policies(policies)
        .build();
  }

  private static MeshChange put(Workload workload) {
    return new MeshChange.WorkloadPut(workload);
  }

  private static MeshChange deny(Policy.Scope scope, Policy.Match match) {
    Policy.Rule rule = new Policy.Rule(List.of(new Policy.Clause(List.of(match))));
    return new MeshChange.PolicyPut(
        new Policy(KEY, scope, Policy.Action.DENY, List.of(rule), false));
  }

  private static Policy.Match principal(SpiffeId identity) {
    return principals(List.of(new StringMatch.Exact(identity.principal())), List.of());
  }

  private static final Policy.Match PLAINTEXT =
      principals(List.of(), List.of(new StringMatch.Presence()));

  private static Policy.Match principals(List<StringMatch> yes, List<StringMatch> no) {
    return new Policy.Match(
        List.of(), List.of(), yes, no, List.of(), List.of(), List.of(), List.of(), List.of(),
        List.of(), List.of(), List.of());
  }

  private void change(MeshChange... changes) {
    mesh.set(mesh.get().with(List.of(changes)));
  }

  private OpenConnections.Entry inbound(String name, SpiffeId identity) {
    return open.inbound(
        "pod",
        UID,
        FROM,
        new Peer(FROM.getAddress(), identity, TO),
        null,
        (failure, reason) -> {
          assertThat(failure).isEqualTo(Failure.POLICY_CHANGED);
          assertThat(reason).isEqualTo("connection closed due to policy change");
          cuts.add(name);
        });
  }

  private String nextCut() throws InterruptedException {
    String cut = cuts.poll(5, TimeUnit.SECONDS);
    assertThat(cut).as("something was cut").isNotNull();
    return cut;
  }

  /** Whether everything published until now was looked at: a later, certain cut has happened. */
  private void settled() throws InterruptedException {
    change(new MeshChange.PolicyRemoved(KEY));
    OpenConnections.Entry marker = inbound("marker", new SpiffeId("cluster.local", "x", "marker"));
    assertThat(marker.decide()).isInstanceOf(Verdict.Allowed.class);
    change(deny(Policy.Scope.GLOBAL, principal(new SpiffeId("cluster.local", "x", "marker"))));
    assertThat(nextCut()).isEqualTo("marker");
  }

  enum Change {
    NAMESPACE_WIDE,
    EDIT,
    NEWLY_ATTACHED,
    STRICT
  }

  @ParameterizedTest(name = "hbone 27: {0} cuts what it forbids and nothing else")
  @EnumSource
  void the_four_measured_changes_cut(Change how) throws Exception {
    if (how == Change.EDIT) {
      change(deny(Policy.Scope.WORKLOAD_SELECTOR, principal(new SpiffeId("x", "y", "z"))));
      change(put(workload(List.of(KEY.toString()))));
    }
    OpenConnections.Entry bad = inbound("bad", how == Change.STRICT ? null : CLIENT);
    OpenConnections.Entry good = inbound("good", OTHER);
    assertThat(bad.decide()).isInstanceOf(Verdict.Allowed.class);
    assertThat(good.decide()).isInstanceOf(Verdict.Allowed.class);
    switch (how) {
      case NAMESPACE_WIDE -> change(deny(Policy.Scope.NAMESPACE, principal(CLIENT)));
      case EDIT -> change(deny(Policy.Scope.WORKLOAD_SELECTOR, principal(CLIENT)));
      case NEWLY_ATTACHED -> {
        change(deny(Policy.Scope.WORKLOAD_SELECTOR, principal(CLIENT)));
        change(put(workload(List.of(KEY.toString()))));
      }
      case STRICT -> {
        // As the control plane pushes it: addresses first, then the policy they name.
        change(put(workload(List.of(KEY.toString()))));
        change(deny(Policy.Scope.WORKLOAD_SELECTOR, PLAINTEXT));
      }
    }
    assertThat(nextCut()).isEqualTo("bad");
    settled();
    assertThat(open.rows()).hasSize(1);
    good.close();
    assertThat(open.rows()).isEmpty();
  }

  @Test
  void registered_before_the_verdict_is_not_missed() throws Exception {
    OpenConnections.Entry entry = inbound("early", CLIENT);
    change(deny(Policy.Scope.GLOBAL, principal(CLIENT)));
    assertThat(nextCut()).isEqualTo("early");
    assertThat(entry.decide()).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void an_unknown_workload_is_denied_and_a_vanished_one_is_not_cut() throws Exception {
    OpenConnections.Entry entry = inbound("live", CLIENT);
    assertThat(entry.decide()).isInstanceOf(Verdict.Allowed.class);
    change(new MeshChange.AddressRemoved(UID));
    assertThat(inbound("new", CLIENT).decide()).isInstanceOf(Verdict.Denied.class);
    change(put(workload(List.of())));
    settled();
    assertThat(cuts).isEmpty();
    // Policies of its namespace hold while it is gone, too.
    change(new MeshChange.AddressRemoved(UID));
    change(deny(Policy.Scope.NAMESPACE, principal(CLIENT)));
    assertThat(nextCut()).isIn("live", "new");
  }

  @Test
  void connections_with_equal_addresses_are_independent() throws Exception {
    OpenConnections.Entry first = inbound("first", CLIENT);
    inbound("second", CLIENT);
    assertThat(open.rows()).hasSize(2);
    first.close();
    assertThat(open.rows()).hasSize(1);
    change(deny(Policy.Scope.GLOBAL, principal(CLIENT)));
    assertThat(nextCut()).isEqualTo("second");
    assertThat(open.rows()).isEmpty();
  }

  @Test
  void rows_say_what_the_dump_shows() {
    open.outbound(
        "pod", FROM, at("10.96.0.1", 80), at("fd44::a", 15008), "HBONE", (failure, reason) -> {});
    OpenConnections.Row row = open.rows().getFirst();
    assertThat(row.originalDestination()).isEqualTo("10.96.0.1:80");
    assertThat(row.protocol()).isEqualTo("HBONE");
    inbound("plain", null);
    assertThat(open.rows())
        .filteredOn(one -> one.direction() == Flow.Direction.INBOUND)
        .extracting(OpenConnections.Row::protocol)
        .containsExactly("TCP");
  }
}
