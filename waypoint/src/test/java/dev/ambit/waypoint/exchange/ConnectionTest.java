package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Connections that are not HTTP (spec: http-routing §7, l7-authorization §2). */
final class ConnectionTest {
  private final Stage stage = new Stage();
  private final ScriptedLeg client = new ScriptedLeg();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private void connects() {
    new Streams(stage.parts()).serve(stage.caller(), "sni.example", client);
    stage.run();
  }

  private ScriptedLeg far() {
    return (ScriptedLeg) stage.upstreams.far;
  }

  @Test
  void bytes_go_both_ways_and_are_counted() {
    connects();
    client.sends("ping");
    far().sends("pong!");
    client.ends();
    far().ends();
    assertThat(far().told).startsWith("write ping", "finish");
    assertThat(client.told).startsWith("write pong!");
    assertThat(stage.book.connections)
        .containsExactly(
            "opened sni.example",
            "connected inbound-vip|80|http|echo.demo.svc.cluster.local",
            "received 4",
            "sent 5",
            "closed - ");
  }

  @Test
  void a_tcp_route_takes_it_elsewhere() {
    stage.program(tcpRoute("[{name: echo-v2, port: 80}]"));
    connects();
    assertThat(stage.upstreams.clusters).containsExactly(Stage.host("echo-v2"));
    client.ends();
    far().ends();
  }

  private static String tcpRoute(String backends) {
    return """
    apiVersion: gateway.networking.k8s.io/v1alpha2
    kind: TCPRoute
    metadata: {name: t, namespace: demo}
    spec:
      parentRefs: [{group: "", kind: Service, name: echo}]
      rules:
      - backendRefs: %s
    """
        .formatted(backends);
  }

  @Test
  @DisplayName("http-routing §7: all weights zero resets the connection")
  void nowhere_to_go() {
    stage.program(tcpRoute("[{name: echo-v2, port: 80, weight: 0}]"));
    connects();
    assertThat(client.told).containsExactly("reset");
    assertThat(stage.book.connections).endsWith("closed NR route_not_found");
  }

  @Test
  void nobody_is_there() {
    stage.upstreams.script.add(Next.IS_MISSING);
    connects();
    assertThat(client.told).containsExactly("reset");
    assertThat(stage.book.connections).endsWith("closed UH no_healthy_upstream");
  }

  @Test
  void nobody_answers() {
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    connects();
    assertThat(client.told).containsExactly("reset");
    assertThat(stage.upstreams.last().told).containsExactly("failed");
    assertThat(stage.book.connections)
        .endsWith("closed UF upstream_reset_before_response_started{connection_failure}");
  }

  @Test
  @DisplayName("l7-authorization §2: a DENY of HTTP alone denies every connection")
  void denied() {
    stage.program(
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: demo}
        spec:
          targetRefs: [{group: "", kind: Service, name: echo}]
          action: DENY
          rules: [{to: [{operation: {methods: [GET]}}]}]
        """);
    connects();
    assertThat(client.told).containsExactly("abort");
    assertThat(stage.upstreams.tries).isEmpty();
    assertThat(stage.book.connections)
        .endsWith("closed - rbac_access_denied_matched_policy[ns[demo]-policy[p]-rule[0]]");
  }

  private void custom() {
    stage.program(
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: demo}
        spec:
          targetRefs: [{group: "", kind: Service, name: echo}]
          action: CUSTOM
          provider: {name: checker}
          rules: [{to: [{operation: {ports: ["80"]}}]}]
        """);
    connects();
    assertThat(stage.external.asked).containsExactly("[checker] a connection");
    assertThat(stage.upstreams.tries).isEmpty();
  }

  @Test
  @DisplayName(
      "l7-authorization §2: a provider is asked about a connection before it goes anywhere")
  void a_check_that_passes() {
    custom();
    stage.external.says(
        new Passed(ScriptedStream.headers("x-a", "1"), List.of(), ScriptedStream.headers()));
    stage.run();
    assertThat(stage.book.connections).anyMatch(each -> each.startsWith("connected "));
    client.ends();
    far().ends();
  }

  @Test
  @DisplayName("l7-authorization §4: a connection that a provider refuses is closed without a byte")
  void a_check_that_refuses() {
    custom();
    stage.external.says(new Refused(403, ScriptedStream.headers(), new byte[0], "not today"));
    stage.run();
    assertThat(client.told).containsExactly("abort");
    assertThat(stage.upstreams.tries).isEmpty();
    assertThat(stage.book.connections)
        .containsExactly(
            "opened sni.example", "refused by not today", "closed UAEX ext_authz_denied");
  }

  @Test
  void an_idle_connection_ends_after_an_hour() {
    connects();
    stage.pass(Duration.ofMinutes(59));
    client.sends("x");
    stage.pass(Duration.ofMinutes(59));
    assertThat(stage.book.connections).doesNotContain("closed SI stream_idle_timeout");
    stage.pass(Duration.ofMinutes(61));
    assertThat(stage.book.connections).endsWith("closed SI stream_idle_timeout");
    assertThat(client.told).endsWith("abort");
  }
}
