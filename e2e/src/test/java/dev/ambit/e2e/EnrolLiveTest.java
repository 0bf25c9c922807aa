package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Sniffer;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Labels that come and go while applications talk. */
@Tag("kernel")
class EnrolLiveTest {
  private static MeshFixture mesh;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.start();
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  @Test
  @DisplayName(
      "enrolment 3: what is open when the label comes goes on, what comes after is encrypted")
  void open_connections_survive() throws Exception {
    TestPod client = mesh.pod("live", "client", "node-a");
    TestPod server = mesh.pod("live", "server", "node-b");
    server.echoes(8080);
    mesh.mode("live", "none");
    mesh.awaitProtocol(server, "TCP");
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("before")).isTrue();

      long begin = System.nanoTime();
      mesh.mode("live", "ambient");
      mesh.awaitCaptured("live");
      Duration took = Duration.ofNanos(System.nanoTime() - begin);

      assertThat(open.echoes("after")).isTrue();
      assertThat(mesh.node("node-a").agentPage("/unprotected"))
          .contains("live/client", server.ipv4() + ":8080");
      assertThat(mesh.node("node-b").agentPage("/unprotected")).contains("live/server");
      try (Sniffer sniffer = Sniffer.on(mesh);
          Talk fresh = client.connects(server, 8080)) {
        assertThat(fresh.echoes("a new secret")).isTrue();
        Until.holds(
            "a tunnel", () -> sniffer.segments().stream().anyMatch(s -> s.toPort() == 15008));
        assertThat(sniffer.saw("a new secret")).isFalse();
      }
      assertThat(took).as("label to captured on both nodes").isLessThan(Duration.ofSeconds(1));
      System.getLogger("enrol")
          .log(System.Logger.Level.INFO, "captured in " + took.toMillis() + " ms");
    }
    Until.holds(
        "no longer listed",
        () -> !mesh.node("node-a").agentPage("/unprotected").contains("live/client"));
  }

  @Test
  @DisplayName("enrolment 3: no connection is refused or cut while labels come and go")
  void nobody_is_refused() throws Exception {
    TestPod client = mesh.pod("busy", "client", "node-a");
    TestPod server = mesh.pod("busy", "server", "node-b");
    server.echoes(8080);
    mesh.mode("busy", "none");
    mesh.awaitProtocol(server, "TCP");
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger made = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              while (!stop.get() && failure.get() == null) {
                try (Talk talk = client.connects(server, 8080)) {
                  if (!talk.echoes("hello")) {
                    throw new AssertionError("no echo, after " + made.get());
                  }
                  made.incrementAndGet();
                } catch (Throwable e) {
                  failure.set(e);
                }
              }
            });
    for (int i = 0; i < 2; i++) {
      mesh.enrols("busy");
      mesh.releases("busy");
    }
    stop.set(true);
    caller.join(Until.DEADLINE);

    assertThat(failure.get()).isNull();
    assertThat(made.get()).isGreaterThan(50);
  }

  @Test
  @DisplayName("a captured connection lives on through the release, to its end or the drain's")
  void a_captured_connection_drains() throws Exception {
    TestPod client = mesh.pod("drains", "client", "node-a");
    TestPod server = mesh.pod("drains", "server", "node-b");
    server.echoes(8080);
    mesh.enrols("drains");
    try (Talk talk = client.connects(server, 8080)) {
      assertThat(talk.echoes("captured")).isTrue();
      mesh.mode("drains", "none");
      Until.holds("fact gone", () -> !mesh.facts().containsKey("drains/client"));
      assertThat(talk.echoes("draining")).isTrue();
      try (Talk direct = client.connects(server, 8080)) {
        assertThat(direct.echoes("hello")).isTrue();
      }
      assertThat(talk.end()).isEqualTo("FIN");
    }
    mesh.releases("drains");
    assertThat(client.run("ip", "rule").output()).doesNotContain("0x111");
    assertThat(client.run("ss", "-Hltn").output()).doesNotContain("15001");
    assertThat(client.reaches(server, 8080)).isTrue();
  }

  @Test
  @DisplayName("redirection 17: one ztunnel follows another, and no new connection is lost")
  void one_ztunnel_follows_another() throws Exception {
    TestPod client = mesh.pod("upgrade", "client", "node-a");
    TestPod server = mesh.pod("upgrade", "server", "node-b");
    EchoServer echo = server.echoes(8080);
    mesh.enrols("upgrade");
    var old = mesh.node("node-b").ztunnel();
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("old")).isTrue();
      mesh.node("node-b").startAnotherZtunnel();
      Until.holds("the new one is ready", () -> mesh.node("node-b").ztunnel().readiness().ready());

      var drained = old.drain();
      for (int i = 0; i < 50; i++) {
        assertThat(client.reaches(server, 8080)).as("connection " + i).isTrue();
      }
      drained.get(Until.DEADLINE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
      old.close();
      for (int i = 0; i < 50; i++) {
        assertThat(client.reaches(server, 8080)).as("connection " + i + " after").isTrue();
      }
      assertThat(echo.callers()).hasSize(101);
    }
  }

  @Test
  @DisplayName("cni-socket 20: an agent that is replaced disturbs no connection")
  void one_agent_follows_another() throws Exception {
    TestPod client = mesh.pod("agents", "client", "node-a");
    TestPod server = mesh.pod("agents", "server", "node-b");
    server.echoes(8080);
    mesh.enrols("agents");
    try (Talk open = client.connects(server, 8080)) {
      assertThat(open.echoes("one")).isTrue();
      mesh.node("node-a").stopAgent();
      assertThat(open.echoes("two")).isTrue();
      assertThat(client.reaches(server, 8080)).isTrue();

      mesh.node("node-a").startAgent();
      Until.holds(
          "told again",
          () -> mesh.node("node-a").agent().pods().toString(),
          () ->
              mesh.node("node-a")
                  .agentPage("/metrics")
                  .contains("ambit_cni_ztunnels{state=\"connected\"} 1"));

      assertThat(open.echoes("three")).isTrue();
      assertThat(client.reaches(server, 8080)).isTrue();
      mesh.awaitCaptured("agents");
    }
  }

  @Test
  @DisplayName("two pods with one address in turn are two identities")
  void one_address_in_turn() throws Exception {
    TestPod server = mesh.pod("turns", "server", "node-b");
    server.echoes(8080);
    TestPod first = mesh.pod("turns", "first", "node-a", 200, java.util.Map.of());
    mesh.enrols("turns");
    mesh.apply(
        "turns-policy",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: only-first
          namespace: turns
        spec:
          selector:
            matchLabels:
              app: server
          rules:
          - from:
            - source:
                principals: ["cluster.local/ns/turns/sa/first"]
        """);
    mesh.awaitPolicy("turns", "only-first");
    assertThat(first.reaches(server, 8080)).isTrue();

    first.dies();
    mesh.forget(first);
    TestPod second = mesh.pod("turns", "second", "node-a", 200, java.util.Map.of());
    assertThat(second.ipv4()).isEqualTo(first.ipv4());
    mesh.awaitCaptured(second);

    assertThat(second.reaches(server, 8080)).isFalse();
    mesh.delete("turns-policy");
    Until.holds("open", () -> second.reaches(server, 8080));
    try (ServerSocket listener = second.listens(8070);
        Talk talk = server.connects(second, 8070);
        Socket accepted = listener.accept()) {
      talk.says("x");
      assertThat(accepted.getInputStream().read()).isEqualTo('x');
    }
  }
}
