package dev.ambit.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cni.pods.PodStatus;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A whole agent over real namespaces. */
@Tag("kernel")
class CniAgentTest extends AgentFixture {
  @Test
  @DisplayName(
      "enrolment 1: a label captures a running pod within a second, and its removal releases it")
  void a_label_captures_and_its_removal_releases() throws Exception {
    start();
    startZtunnel();
    awaitState(PodStatus.State.NONE);
    try (ServerSocket server = listen(peer, 7000);
        Socket open = connect(pod, "10.9.0.2", 7000);
        Socket openPeer = server.accept()) {
      long since = System.nanoTime();
      namespace("ambient");
      until("captured", () -> facts().equals(Map.of("shop/web", EnrolmentFacts.State.ENABLED)));
      Duration took = Duration.ofNanos(System.nanoTime() - since);
      System.getLogger("test")
          .log(System.Logger.Level.INFO, "label to fact: " + took.toMillis() + " ms");
      assertThat(took).isLessThan(Duration.ofSeconds(1));

      says(open, openPeer, 1);
      says(openPeer, open, 2);
      try (Socket next = connect(pod, "10.9.0.2", 7000);
          Socket taken = listeners.get("u1:15001").accept()) {
        says(next, taken, 3);
      }
      try (Socket next = connect(peer, "10.9.0.1", 8080);
          Socket taken = listeners.get("u1:15006").accept()) {
        says(next, taken, 4);
      }
      assertThat(page("/unprotected"))
          .contains("\"pod\" : \"shop/web\"", "\"remote\" : \"10.9.0.2:7000\"");
      assertThat(page("/pods")).contains("\"state\" : \"enabled\"", "\"node\" : \"node-a\"");
      assertThat(page("/metrics")).contains("ambit_cni_unproxied_connections");

      namespace("none");
      until("released", () -> facts().isEmpty());
      awaitClean();
      says(open, openPeer, 5);
      try (Socket next = connect(pod, "10.9.0.2", 7000);
          Socket direct = server.accept()) {
        says(next, direct, 6);
      }
    }
  }

  @Test
  void a_connection_that_is_listed_as_unprotected_leaves_the_list_when_it_ends() throws Exception {
    start();
    startZtunnel();
    try (ServerSocket server = listen(peer, 7000)) {
      try (Socket open = connect(pod, "10.9.0.2", 7000);
          Socket openPeer = server.accept()) {
        namespace("ambient");
        until("listed", () -> page("/unprotected").contains("10.9.0.2:7000"));
        says(open, openPeer, 1);
      }
      until("gone", () -> !page("/unprotected").contains("10.9.0.2:7000"));
    }
  }

  @Test
  void no_connection_is_refused_while_a_busy_pod_is_captured_and_released() throws Exception {
    answering = true;
    start();
    startZtunnel();
    try (ServerSocket server = listen(peer, 7000);
        Answering direct = new Answering(server)) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      AtomicReference<Boolean> stop = new AtomicReference<>(false);
      int[] made = {0};
      Thread client =
          Thread.ofPlatform()
              .start(() -> {
                try (Netns inside = pod.open()) {
                  inside.onOwnThread(() -> {
                    while (!stop.get()) {
                      exchange();
                      made[0]++;
                    }
                    return true;
                  });
                } catch (Throwable e) {
                  failure.set(e);
                }
              });
      for (int i = 0; i < 3; i++) {
        namespace("ambient");
        until("captured", () -> facts().containsKey("shop/web"));
        namespace("none");
        until("released", () -> facts().isEmpty());
        awaitClean();
      }
      stop.set(true);
      client.join(DEADLINE);
      assertThat(failure.get()).isNull();
      assertThat(made[0]).isGreaterThan(100);
      assertThat(direct.answered()).isPositive();
    }
  }

  @Test
  @DisplayName(
      "cni-socket 20: an agent that is replaced leaves rules, counters and connections alone")
  void a_replaced_agent_finds_everything_in_place() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    try (Socket captured = connect(pod, "10.9.0.2", 7000);
        Socket taken = listeners.get("u1:15001").accept()) {
      says(captured, taken, 1);
      String rules = pod.in("nft", "list", "table", "inet", "istio-ambient-nat");
      agent.close();
      ztunnel.close();
      assertThat(facts()).containsKey("shop/web");

      start();
      awaitState(PodStatus.State.ENABLED);
      startZtunnel();
      until("told again", () -> agent.pods().getFirst().reason().startsWith("its namespace"));

      assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.ENABLED);
      assertThat(pod.in("nft", "list", "table", "inet", "istio-ambient-nat")).isEqualTo(rules);
      says(captured, taken, 2);
      says(taken, captured, 3);
    }
  }

  @Test
  void a_stopping_agent_releases_or_keeps() throws Exception {
    namespace("ambient");
    start("AMBIT_ON_STOP", "keep");
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    agent.stop();
    assertThat(facts()).containsKey("shop/web");
    assertThat(pod.in("nft", "list", "ruleset")).contains("15001");
    ztunnel.close();

    start();
    startZtunnel();
    until("told again", () -> agent.pods().getFirst().reason().startsWith("its namespace"));
    agent.stop();

    assertThat(facts()).isEmpty();
    assertClean();
  }

  @Test
  void a_namespace_that_is_deleted_and_made_again_is_captured_again() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    // The pod is in the snapshot, or comes after it.
    assertThat(List.of(ztunnel.next(), ztunnel.next()))
        .containsExactlyInAnyOrder("snapshot sent", "add u1 with a namespace");

    pod.close();
    assertThat(ztunnel.next()).isEqualTo("del u1");
    until(
        "taken back",
        () -> facts().isEmpty() || !facts().containsValue(EnrolmentFacts.State.ENABLED));
    pod.remake();

    assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");
    awaitState(PodStatus.State.ENABLED);
    assertThat(pod.in("nft", "list", "ruleset")).contains("15001");
  }

  @Test
  void a_pod_whose_manifest_goes_is_released_at_once() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);

    Files.delete(folder.resolve("manifests/pod.yaml"));

    until("gone", () -> agent.pods().isEmpty());
    assertThat(facts()).isEmpty();
    assertClean();
  }

  @Test
  @DisplayName("cni-socket 16: a running pod without ztunnel is pending and open, then captured")
  void without_ztunnel_a_running_pod_goes_on() throws Exception {
    namespace("ambient");
    try (ServerSocket app = listen(pod, 8080)) {
      start();
      awaitState(PodStatus.State.PENDING);
      assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.PENDING);
      try (Socket client = connect(peer, "10.9.0.1", 8080);
          Socket accepted = app.accept()) {
        says(client, accepted, 1);
        startZtunnel();
        awaitState(PodStatus.State.ENABLED);
        says(client, accepted, 2);
      }
    }
  }

  @Test
  @DisplayName("cni-socket 16: a new pod without ztunnel is closed until it comes")
  void without_ztunnel_a_new_pod_waits() throws Exception {
    namespace("ambient");
    start();
    awaitState(PodStatus.State.PENDING);
    assertThat(pod.in("nft", "list", "ruleset")).contains("redirect to :15001");

    startZtunnel();

    awaitState(PodStatus.State.ENABLED);
    assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.ENABLED);
  }
}
