package dev.ambit.ztunnel.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.proto.zds.AddWorkload;
import dev.ambit.proto.zds.WorkloadRequest;
import dev.ambit.ztunnel.pod.wire.ZdsCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The conversation with the node agent, over the real socket. */
final class ZdsClientTest {
  private static final Path OWN = Path.of("/proc/self/ns/net");

  @TempDir Path folder;

  private final FakeRunner runner = new FakeRunner();
  private final Readiness readiness = new Readiness();
  private final Metrics metrics = new Metrics();
  private final PodRoster roster =
      new PodRoster(
          runner, readiness.gate("workload proxy manager"), metrics, Duration.ofSeconds(5));
  private final BlockingQueue<Duration> pauses = new LinkedBlockingQueue<>();
  private final Netns network = Netns.open(OWN);
  private FakeAgent agent;
  private ZdsClient client;

  @BeforeEach
  void start() throws Exception {
    Path path = folder.resolve("ztunnel.sock");
    agent = new FakeAgent(path);
    client =
        new ZdsClient(
            path,
            new ZdsCodec(),
            roster,
            duration -> {
              pauses.add(duration);
              new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS);
            });
    client.start();
  }

  @AfterEach
  void stop() {
    client.close();
    agent.close();
    network.close();
    roster.force();
  }

  private String nextTold() throws Exception {
    String told = runner.told.poll(10, TimeUnit.SECONDS);
    assertThat(told).as("the runner was told something").isNotNull();
    return told;
  }

  private static void eventually(BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      new CountDownLatch(1).await(2, TimeUnit.MILLISECONDS);
    }
  }

  private String metric(String name) {
    return new String(metrics.scrape("").body(), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(name))
        .reduce("", (first, last) -> last);
  }

  @Test
  @DisplayName("cni-socket 1: the bytes of each message")
  void bytes() {
    ZdsCodec codec = new ZdsCodec();
    assertThat(HexFormat.of().formatHex(codec.hello())).isEqualTo("0801");
    assertThat(HexFormat.of().formatHex(codec.ack(""))).isEqualTo("0a00");
    assertThat(HexFormat.of().formatHex(codec.ack("x"))).isEqualTo("0a030a0178");
    assertThat(codec.decode(hex("1a00"))).isEqualTo(new ZdsMessage.SnapshotSent());
    assertThat(codec.decode(hex("1203120175"))).isEqualTo(new ZdsMessage.Del("u", Duration.ZERO));
    assertThat(codec.decode(hex("1207120175c03e904e")))
        .isEqualTo(new ZdsMessage.Del("u", Duration.ofSeconds(10)));
    assertThat(codec.decode(hex("2a030a0175"))).isEqualTo(new ZdsMessage.Keep("u"));
    assertThat(codec.ack("ß".repeat(5000))).hasSizeLessThanOrEqualTo(1024);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  @Test
  @DisplayName("cni-socket 2: an added pod is started before its ack")
  void an_added_pod_is_started() throws Exception {
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(session.add("u", network)).isEmpty();
      assertThat(runner.up).containsExactly("u");
      LocalPod pod = roster.rows().get("u").pod();
      assertThat(pod.namespace()).isEqualTo("ns");
      assertThat(pod.serviceAccount()).isEqualTo("sa");
      assertThat(pod.network().same(network)).isTrue();
      assertThat(metric("workload_manager_active_proxy_count")).endsWith(" 1");
      assertThat(readiness.ready()).isFalse();
      assertThat(session.snapshotSent()).isEmpty();
      assertThat(readiness.ready()).isTrue();
    }
  }

  @Test
  @DisplayName(
      "cni-socket 3, 4, 5, 13: what cannot be read is nacked and costs the connection only")
  void read_errors_cost_the_connection() throws Exception {
    long before = descriptors();
    try (FakeAgent.Session first = agent.accept()) {
      assertThat(first.add("u", network)).isEmpty();
      first.send(FakeAgent.addition("v"), -1);
      assertThat(first.answer()).startsWith("failure to read message");
      first.expectEnd();
    }
    try (FakeAgent.Session second = agent.accept()) {
      second.send(hex("2a030a0175"), network.descriptor());
      assertThat(second.answer()).startsWith("failure to read message");
      second.expectEnd();
    }
    try (FakeAgent.Session third = agent.accept()) {
      third.send(new byte[2000], -1);
      assertThat(third.answer()).startsWith("failure to read message").contains("1024");
      third.expectEnd();
    }
    try (FakeAgent.Session fourth = agent.accept()) {
      fourth.send(new byte[] {(byte) 0xff}, -1);
      assertThat(fourth.answer()).startsWith("failure to read message");
      fourth.expectEnd();
    }
    try (FakeAgent.Session fifth = agent.accept()) {
      fifth.send(new byte[] {10, 0}, -1);
      assertThat(fifth.answer()).startsWith("failure to read message");
      fifth.expectEnd();
    }
    try (FakeAgent.Session last = agent.accept()) {
      assertThat(last.keep("u")).isEmpty();
      assertThat(last.snapshotSent()).isEmpty();
    }
    assertThat(runner.up).containsExactly("u");
    assertThat(runner.told).containsExactly("start u");
    // The pod's own descriptor, and at most the socket of the next connection.
    eventually(() -> descriptors() <= before + 4);
  }

  private static long descriptors() {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName("cni-socket 6: the same pod twice in one network is one proxy")
  void the_same_pod_is_not_started_twice() throws Exception {
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(session.add("u", network)).isEmpty();
      assertThat(session.add("u", network)).isEmpty();
      assertThat(runner.told).containsExactly("start u");
    }
  }

  @Test
  @Tag("kernel")
  @DisplayName("cni-socket 6: the same pod in another network replaces the old proxy")
  void a_pod_in_another_network_is_replaced() throws Exception {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "SKIPPED: needs root for namespaces");
    String name = "ctl-zds-" + ProcessHandle.current().pid();
    ip("netns", "add", name);
    try (FakeAgent.Session session = agent.accept();
        Netns other = Netns.open(Path.of("/run/netns/" + name))) {
      session.add("u", network);
      assertThat(session.add("u", other)).isEmpty();
      assertThat(runner.told).containsExactly("start u", "stop u", "start u");
      assertThat(roster.rows().get("u").pod().network().same(other)).isTrue();
    } finally {
      ip("netns", "del", name);
    }
  }

  private static void ip(String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  @Test
  @DisplayName("cni-socket 7, 8, 9: a new snapshot keeps, drops and starts; meanwhile all goes on")
  void a_reconnect_reconciles_at_the_end_of_the_snapshot() throws Exception {
    try (FakeAgent.Session first = agent.accept()) {
      first.add("a", network);
      first.add("b", network);
      first.add("k", network);
      first.snapshotSent();
      assertThat(readiness.ready()).isTrue();
    }
    try (FakeAgent.Session second = agent.accept()) {
      assertThat(readiness.ready()).isFalse();
      roster.retryPending();
      assertThat(readiness.ready()).isFalse();
      assertThat(runner.up).containsExactlyInAnyOrder("a", "b", "k");
      second.add("a", network);
      second.add("c", network);
      second.keep("k");
      assertThat(runner.up).containsExactlyInAnyOrder("a", "b", "c", "k");
      assertThat(second.snapshotSent()).isEmpty();
      assertThat(runner.up).containsExactlyInAnyOrder("a", "c", "k");
      assertThat(runner.told).containsExactly("start a", "start b", "start k", "start c", "stop b");
      assertThat(readiness.ready()).isTrue();
    }
    assertThat(metric("workload_manager_proxies_started_total")).endsWith(" 4");
    assertThat(metric("workload_manager_proxies_stopped_total")).endsWith(" 1");
  }

  @Test
  @DisplayName("cni-socket 10: a Del before the snapshot takes effect at its end only")
  void an_early_del_waits_for_the_snapshot() throws Exception {
    try (FakeAgent.Session first = agent.accept()) {
      first.add("a", network);
      first.snapshotSent();
    }
    try (FakeAgent.Session second = agent.accept()) {
      assertThat(second.del("a")).isEmpty();
      assertThat(runner.up).containsExactly("a");
      second.snapshotSent();
      assertThat(runner.up).isEmpty();
    }
  }

  @Test
  void a_del_stops_at_once_and_of_an_unknown_pod_does_nothing() throws Exception {
    try (FakeAgent.Session session = agent.accept()) {
      session.snapshotSent();
      session.add("a", network);
      assertThat(session.del("a")).isEmpty();
      assertThat(session.del("nobody")).isEmpty();
      assertThat(runner.told).containsExactly("start a", "stop a");
      assertThat(roster.rows()).isEmpty();
    }
  }

  @Test
  void a_draining_del_holds_nothing_up_and_the_pod_may_come_back() throws Exception {
    try (FakeAgent.Session session = agent.accept()) {
      session.snapshotSent();
      session.add("a", network);
      session.sendDel("a", 60_000);
      assertThat(session.answer()).isEmpty();
      assertThat(nextTold()).isEqualTo("start a");
      assertThat(nextTold()).isEqualTo("drain a 60000");
      assertThat(roster.rows()).containsKey("a");

      assertThat(session.add("a", network)).isEmpty();
      assertThat(nextTold()).isEqualTo("start a");
      runner.drains.get("a").complete(null);
      assertThat(roster.rows()).containsKey("a");
      assertThat(session.del("a")).isEmpty();
      assertThat(nextTold()).isEqualTo("stop a");
      assertThat(roster.rows()).isEmpty();
    }
  }

  @Test
  @DisplayName("cni-socket 11, 13: a broken protocol is nacked; not ready, then connected again")
  void violations_cost_the_connection() throws Exception {
    try (FakeAgent.Session first = agent.accept()) {
      first.add("a", network);
      first.snapshotSent();
      assertThat(first.keep("a")).startsWith("failure to process message");
      first.expectEnd();
    }
    try (FakeAgent.Session second = agent.accept()) {
      assertThat(readiness.ready()).isFalse();
      second.keep("a");
      second.snapshotSent();
      assertThat(second.snapshotSent()).startsWith("failure to process message");
      second.expectEnd();
    }
    try (FakeAgent.Session third = agent.accept()) {
      third.send(
          WorkloadRequest.newBuilder()
              .setAdd(AddWorkload.newBuilder().setUid("x"))
              .build()
              .toByteArray(),
          network.descriptor());
      assertThat(third.answer()).startsWith("failure to process message").contains("workload_info");
      third.expectEnd();
    }
    try (FakeAgent.Session last = agent.accept()) {
      last.keep("a");
      last.snapshotSent();
      assertThat(readiness.ready()).isTrue();
    }
    assertThat(runner.told).containsExactly("start a");
  }

  @Test
  @DisplayName(
      "cni-socket 12, ztunnel-observability 25: pending is nacked, counted and tried again")
  void a_pod_that_cannot_start_stays_pending() throws Exception {
    runner.broken.put("bad", "port 15008 is taken");
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(session.add("bad", network))
          .startsWith("failure to start proxy")
          .contains("port 15008 is taken");
      assertThat(session.snapshotSent()).isEmpty();
      assertThat(readiness.text()).isEqualTo("not ready, pending: workload proxy manager\n");
      assertThat(metric("workload_manager_pending_proxy_count")).endsWith(" 1");
      assertThat(metric("workload_manager_proxies_started_total")).endsWith(" 0");
      assertThat(metric("ambit_pod_pending"))
          .isEqualTo("ambit_pod_pending{namespace=\"ns\",pod=\"bad\"} 1");
      assertThat(roster.rows().get("bad").up()).isFalse();

      roster.retryPending();
      assertThat(readiness.ready()).isFalse();
      runner.broken.clear();
      roster.retryPending();
      assertThat(readiness.ready()).isTrue();
      assertThat(roster.rows().get("bad").up()).isTrue();
      assertThat(metric("workload_manager_pending_proxy_count")).endsWith(" 0");

      runner.broken.put("late", "no");
      session.add("late", network);
      assertThat(readiness.ready()).as("one bad pod does not take the node out").isTrue();
      assertThat(session.del("late")).isEmpty();
      assertThat(roster.rows()).containsOnlyKeys("bad");
    }
  }

  @Test
  void an_agent_that_is_not_there_is_tried_with_growing_delays() throws Exception {
    agent.accept().close();
    agent.close();
    Files.deleteIfExists(folder.resolve("ztunnel.sock"));
    eventually(() -> pauses.contains(Duration.ofMillis(80)));
    agent = new FakeAgent(folder.resolve("ztunnel.sock"));
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(session.snapshotSent()).isEmpty();
    }
  }

  @Test
  void at_the_end_of_the_process_all_pods_drain() throws Exception {
    try (FakeAgent.Session session = agent.accept()) {
      session.add("a", network);
      session.add("b", network);
      session.snapshotSent();
      client.close();
      CompletableFuture<Void> drained = roster.finish();
      assertThat(runner.told).contains("drain a 5000", "drain b 5000");
      runner.drains.get("a").complete(null);
      assertThat(drained).isNotDone();
      runner.drains.get("b").complete(null);
      assertThat(drained).isCompleted();
      assertThat(roster.rows()).isEmpty();
      assertThat(metric("workload_manager_active_proxy_count")).endsWith(" 0");
    }
  }
}
