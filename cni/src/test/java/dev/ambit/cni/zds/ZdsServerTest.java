package dev.ambit.cni.zds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.kernel.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZdsServerTest {
  private static final Duration PATIENCE = Duration.ofMillis(500);

  @TempDir Path folder;
  private Path path;
  private ZdsServer server;
  private final LinkedBlockingQueue<Integer> clients = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> answered = new LinkedBlockingQueue<>();

  @BeforeEach
  void listen() throws IOException {
    path = folder.resolve("zds.sock");
    server = new ZdsServer(path, PATIENCE);
    server.serve(answered::add, () -> clients.add(server.connected()));
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void without_a_ztunnel_an_addition_is_unreachable_and_remembered() throws Exception {
    assertThat(server.add(pod("u1")))
        .isEqualTo(new Answer.Unreachable("no ztunnel is connected to " + path));

    try (FakeZtunnel ztunnel = FakeZtunnel.agreeing(path)) {
      assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");
      assertThat(ztunnel.next()).isEqualTo("snapshot sent");
      assertThat(answered.poll(10, TimeUnit.SECONDS)).isEqualTo("u1");
      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());
      assertThat(ztunnel.idle()).isTrue();
    }
  }

  @Test
  @DisplayName("cni-socket 14: an addition goes to the newest client, a removal to both")
  void additions_go_to_the_newest() throws Exception {
    try (FakeZtunnel older = connected();
        FakeZtunnel newer = connected()) {
      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());
      assertThat(newer.next()).isEqualTo("add u1 with a namespace");

      assertThat(server.remove("u1", Duration.ZERO).get(10, TimeUnit.SECONDS))
          .isEqualTo(new Answer.Accepted());

      assertThat(older.next()).isEqualTo("del u1");
      assertThat(newer.next()).isEqualTo("del u1");
    }
  }

  @Test
  void when_the_newest_goes_the_one_before_is_told() throws Exception {
    try (FakeZtunnel older = connected()) {
      FakeZtunnel newer = connected();
      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());
      newer.close();
      awaitClients(1);

      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());

      assertThat(older.next()).isEqualTo("add u1 with a namespace");
    }
  }

  @Test
  @DisplayName("cni-socket 15: no answer in time closes the connection; a late one counts for none")
  void a_late_answer_is_nobodys() throws Exception {
    FakeZtunnel slow =
        new FakeZtunnel(path, (request, _) -> request.hasAdd() ? FakeZtunnel.SILENCE : "");
    assertThat(slow.next()).isEqualTo("snapshot sent");
    awaitClients(1);
    CompletableFuture<Answer> first = CompletableFuture.supplyAsync(() -> server.add(pod("u1")));
    assertThat(slow.next()).isEqualTo("add u1 with a namespace");

    assertThat(first.get(10, TimeUnit.SECONDS))
        .isEqualTo(new Answer.Unreachable("ztunnel did not answer within 500 ms"));

    assertThat(slow.next()).isEqualTo("end");
    awaitClients(0);
    try (FakeZtunnel next = new FakeZtunnel(path, (r, _) -> r.hasAdd() ? "no" : "")) {
      assertThat(next.next()).isEqualTo("add u1 with a namespace");
      assertThat(next.next()).isEqualTo("snapshot sent");
      awaitClients(1);
      assertThat(server.add(pod("u2"))).isEqualTo(new Answer.Refused("no"));
    }
    slow.close();
  }

  @Test
  void a_refusal_is_returned_and_the_connection_kept() throws Exception {
    AtomicBoolean refuse = new AtomicBoolean(true);
    try (FakeZtunnel ztunnel =
        new FakeZtunnel(path, (r, _) -> r.hasAdd() && refuse.get() ? "taken" : "")) {
      assertThat(ztunnel.next()).isEqualTo("snapshot sent");
      awaitClients(1);
      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Refused("taken"));
      refuse.set(false);

      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());

      assertThat(server.connected()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("cni-socket 20: a pod whose namespace is not held is kept, not added")
  void an_expected_pod_is_kept() throws Exception {
    server.expect("u1");
    try (FakeZtunnel ztunnel = FakeZtunnel.agreeing(path)) {
      assertThat(ztunnel.next()).isEqualTo("keep u1");
      assertThat(ztunnel.next()).isEqualTo("snapshot sent");
      awaitClients(1);

      assertThat(server.add(pod("u1"))).isEqualTo(new Answer.Accepted());

      assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");
    }
  }

  @Test
  void a_removal_may_carry_a_drain_time_and_then_take_that_long() throws Exception {
    server.add(pod("u1"));
    try (FakeZtunnel ztunnel = FakeZtunnel.agreeing(path)) {
      assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");
      assertThat(ztunnel.next()).isEqualTo("snapshot sent");

      server.remove("u1", Duration.ofSeconds(3)).get(10, TimeUnit.SECONDS);

      assertThat(ztunnel.next()).isEqualTo("del u1 with drain");
      assertThat(server.remove("u1", Duration.ZERO)).isDone();
    }
  }

  @Test
  void a_client_that_says_something_else_than_hello_is_turned_away() throws Exception {
    try (var socket = dev.ambit.daemon.kernel.PacketSocket.connect(path)) {
      socket.send(new byte[] {8, 0}, -1);

      assertThat(socket.receive(1024, Duration.ofSeconds(10)).orElseThrow().end()).isTrue();
      assertThat(server.connected()).isZero();
    }
  }

  @Test
  void a_client_that_speaks_unasked_is_dropped() throws Exception {
    try (FakeZtunnel ztunnel = connected()) {
      ztunnel.acknowledge("");
      assertThat(ztunnel.next()).isEqualTo("end");
      awaitClients(0);
    }
  }

  @Test
  void no_namespace_is_left_open() throws Exception {
    long before = descriptors();
    for (int i = 0; i < 5; i++) {
      server.add(pod("u" + i));
    }
    try (FakeZtunnel ztunnel = FakeZtunnel.agreeing(path)) {
      for (int i = 0; i < 5; i++) {
        ztunnel.next();
      }
      assertThat(ztunnel.next()).isEqualTo("snapshot sent");
    }
    awaitClients(0);

    assertThat(descriptors()).isEqualTo(before);
  }

  private FakeZtunnel connected() throws Exception {
    int now = server.connected();
    FakeZtunnel ztunnel = FakeZtunnel.agreeing(path);
    assertThat(ztunnel.next()).isEqualTo("snapshot sent");
    awaitClients(now + 1);
    return ztunnel;
  }

  private void awaitClients(int number) throws InterruptedException {
    while (server.connected() != number) {
      assertThat(clients.poll(10, TimeUnit.SECONDS)).as("clients, wanted " + number).isNotNull();
    }
  }

  /** Of namespaces: others come and go with what the JDK loads. */
  private static long descriptors() throws IOException {
    long count = 0;
    try (var files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path file : files) {
        try {
          count += Files.readSymbolicLink(file).toString().startsWith("net:[") ? 1 : 0;
        } catch (java.nio.file.NoSuchFileException e) {
          // Closed since it was listed.
        }
      }
    }
    return count;
  }

  private static ProxiedPod pod(String uid) {
    return new ProxiedPod(uid, "shop", "web", "default", Netns.own());
  }
}
