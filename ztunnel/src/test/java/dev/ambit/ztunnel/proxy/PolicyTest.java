package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies on real connections (spec: hbone §7.4, l4-authorization §3). */
@Tag("kernel")
@Timeout(60)
final class PolicyTest {
  private static Policy policy(
      String name, Policy.Scope scope, Policy.Action action, Policy.Match match) {
    return new Policy(
        new PolicyKey("demo", name),
        scope,
        action,
        List.of(new Policy.Rule(List.of(new Policy.Clause(List.of(match))))),
        false);
  }

  private static Policy.Match from(SpiffeId identity) {
    Policy.Match empty = Policy.Match.EMPTY;
    return new Policy.Match(
        empty.namespaces(),
        empty.notNamespaces(),
        List.of(new StringMatch.Exact(identity.principal())),
        empty.notPrincipals(),
        empty.sourceIps(),
        empty.notSourceIps(),
        empty.destinationIps(),
        empty.notDestinationIps(),
        empty.destinationPorts(),
        empty.notDestinationPorts(),
        empty.serviceAccounts(),
        empty.notServiceAccounts());
  }

  /** As STRICT is written: nobody without an identity. */
  private static Policy strict() {
    Policy.Match empty = Policy.Match.EMPTY;
    return policy(
        "strict",
        Policy.Scope.NAMESPACE,
        Policy.Action.DENY,
        new Policy.Match(
            empty.namespaces(),
            empty.notNamespaces(),
            empty.principals(),
            List.of(new StringMatch.Presence()),
            empty.sourceIps(),
            empty.notSourceIps(),
            empty.destinationIps(),
            empty.notDestinationIps(),
            empty.destinationPorts(),
            empty.notDestinationPorts(),
            empty.serviceAccounts(),
            empty.notServiceAccounts()));
  }

  private static void echo(Socket socket) throws IOException {
    socket.getOutputStream().write('x');
    assertThat(socket.getInputStream().read()).isEqualTo('x');
  }

  @Test
  @DisplayName(
      "hbone 25; l4-authorization 28: a denied tunnel is answered 401, no application sees it")
  void deny() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      AtomicInteger accepted = new AtomicInteger();
      node.serve(server.network(), 8080, _ -> accepted.incrementAndGet());
      node.change(
          new MeshChange.PolicyPut(
              policy(
                  "no-client",
                  Policy.Scope.NAMESPACE,
                  Policy.Action.DENY,
                  from(client.workload().identity()))));
      assertThat(node.isRefused(client.network(), server.ipv4(), 8080)).isTrue();
      node.logged("outbound", "http status: 401 Unauthorized");
      node.logged(
          "inbound",
          "connection closed due to policy rejection: explicitly denied by: demo/no-client");
      assertThat(accepted).hasValue(0);
      assertThat(new String(node.metrics.scrape("").body()))
          .containsPattern("istio_tcp_connections_failed_total\\{[^}]*response_flags=\"DENY\"");
    }
  }

  @Test
  @DisplayName("hbone 27: a DENY that arrives cuts what it forbids, and only that")
  void cut() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var other = node.pod("other");
      var server = node.pod("server");
      node.serve(
          server.network(), 8080, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      Socket forbidden = node.connect(client.network(), server.ipv4(), 8080);
      Socket allowed = node.connect(other.network(), server.ipv4(), 8080);
      echo(forbidden);
      echo(allowed);
      node.change(
          new MeshChange.PolicyPut(
              policy(
                  "no-client",
                  Policy.Scope.NAMESPACE,
                  Policy.Action.DENY,
                  from(client.workload().identity()))));
      assertThat(TestNode.endOf(forbidden)).isEmpty();
      node.logged("inbound", "connection closed due to policy change");
      echo(allowed);
      node.change(new MeshChange.PolicyRemoved(new PolicyKey("demo", "no-client")));
      echo(node.connect(client.network(), server.ipv4(), 8080));
    }
  }

  @Test
  @DisplayName("hbone 27: a workload that gets a policy attached is decided again")
  void attached() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(
          server.network(), 8080, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      node.change(
          new MeshChange.PolicyPut(
              policy(
                  "no-client",
                  Policy.Scope.WORKLOAD_SELECTOR,
                  Policy.Action.DENY,
                  from(client.workload().identity()))));
      Socket socket = node.connect(client.network(), server.ipv4(), 8080);
      echo(socket);
      node.change(
          new MeshChange.WorkloadPut(
              TestNode.workload("server", server.place())
                  .policies(List.of("demo/no-client"))
                  .build()));
      assertThat(TestNode.endOf(socket)).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "l4-authorization 28: STRICT refuses plaintext without a byte and cuts it, tunnels pass")
  void strict_mode() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(
          server.network(), 8080, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      try (var stranger = node.namespaces.plain("out").open()) {
        Socket open = node.connect(stranger, server.ipv4(), 8080);
        echo(open);
        node.change(new MeshChange.PolicyPut(strict()));
        assertThat(TestNode.endOf(open)).isEmpty();
        assertThat(node.isRefused(stranger, server.ipv4(), 8080)).isTrue();
        node.logged("inbound", "policy rejection: explicitly denied by: demo/strict");
        echo(node.connect(client.network(), server.ipv4(), 8080));
      }
    }
  }

  @Test
  @DisplayName("a policy the workload names is waited for; one that stays away denies")
  void unknown_policy() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var place = node.namespaces.enrolled("server");
      var workload = TestNode.workload("server", place).policies(List.of("demo/late")).build();
      node.change(new MeshChange.WorkloadPut(workload));
      var server = node.start(place, workload);
      node.serve(
          server.network(), 8080, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      assertThat(node.isRefused(client.network(), server.ipv4(), 8080)).isTrue();
      node.logged("inbound", "policy rejection: not known: [demo/late]");
      Socket waiting = node.connect(client.network(), server.ipv4(), 8080);
      node.change(
          new MeshChange.PolicyPut(
              policy(
                  "late",
                  Policy.Scope.WORKLOAD_SELECTOR,
                  Policy.Action.ALLOW,
                  from(client.workload().identity()))));
      echo(waiting);
    }
  }
}
