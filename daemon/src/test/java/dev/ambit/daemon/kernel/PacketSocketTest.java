package dev.ambit.daemon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.kernel.PacketSocket.Listener;
import dev.ambit.daemon.kernel.PacketSocket.Packet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PacketSocketTest {
  private static final Duration LONG = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Path path;
  private Listener listener;
  private PacketSocket client;
  private PacketSocket server;

  @BeforeEach
  void connect() throws IOException {
    path = folder.resolve("zds.sock");
    listener = Listener.listen(path);
    client = PacketSocket.connect(path);
    server = listener.accept();
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
    listener.close();
  }

  private static FutureTask<Object> onThread(java.util.concurrent.Callable<Object> work) {
    FutureTask<Object> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().start(task);
    return task;
  }

  @Test
  @DisplayName("cni-socket §2: one message is one packet, in order, both ways")
  void packets_keep_their_bounds() throws IOException {
    client.send(new byte[] {1}, -1);
    client.send(new byte[] {2, 3}, -1);
    server.send("answer".getBytes(), -1);

    assertThat(server.receive(1024, LONG).orElseThrow().bytes()).containsExactly(1);
    Packet second = server.receive(1024, LONG).orElseThrow();
    assertThat(second.bytes()).containsExactly(2, 3);
    assertThat(second.descriptors()).isEmpty();
    assertThat(second.truncated()).isFalse();
    assertThat(second.end()).isFalse();
    assertThat(client.receive(1024, LONG).orElseThrow().bytes()).asString().isEqualTo("answer");
  }

  @Test
  @DisplayName("cni-socket §2: a descriptor travels beside the packet")
  void a_descriptor_arrives_as_a_new_one() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "content");
    client.send(new byte[] {1}, Netns.own().descriptor());
    Packet packet = server.receive(1024, LONG).orElseThrow();

    assertThat(packet.descriptors()).hasSize(1);
    int received = packet.descriptors().getFirst();
    assertThat(received).isNotEqualTo(Netns.own().descriptor());
    try (Netns adopted = Netns.adopt(received)) {
      assertThat(adopted.same(Netns.own())).isTrue();
    }
    assertThat(Path.of("/proc/self/fd/" + received)).doesNotExist();
    assertThat(file).exists();
  }

  @Test
  void received_descriptors_are_not_inherited_by_programs() throws Exception {
    client.send(new byte[] {1}, Netns.own().descriptor());
    int received = server.receive(1024, LONG).orElseThrow().descriptors().getFirst();

    assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + received)))
        .containsPattern("flags:\\s+0[0-9]*2[0-9]{6}");
    Kernel.close(received);
  }

  @Test
  @DisplayName("cni-socket §2: a packet that does not fit says so")
  void truncation_shows() throws IOException {
    client.send(new byte[1025], -1);
    client.send(new byte[1024], -1);

    Packet cut = server.receive(1024, LONG).orElseThrow();
    assertThat(cut.truncated()).isTrue();
    assertThat(cut.bytes()).hasSize(1024);
    assertThat(server.receive(1024, LONG).orElseThrow().truncated()).isFalse();
  }

  @Test
  void waiting_ends_in_time() throws IOException {
    assertThat(server.receive(1024, Duration.ZERO)).isEmpty();
    assertThat(server.receive(1024, Duration.ofMillis(20))).isEmpty();
  }

  @Test
  void the_end_of_the_peer_shows() throws IOException {
    client.send(new byte[] {1}, -1);
    client.close();

    assertThat(server.receive(1024, LONG).orElseThrow().end()).isFalse();
    assertThat(server.receive(1024, LONG).orElseThrow().end()).isTrue();
    assertThatThrownBy(() -> server.send(new byte[] {1}, -1)).hasMessageContaining("Broken pipe");
  }

  @Test
  void unread_packets_of_a_peer_that_leaves_are_the_end_too() throws IOException {
    server.send(new byte[] {1}, -1);
    server.close();
    assertThat(client.receive(1024, LONG).orElseThrow().bytes()).containsExactly(1);
    assertThat(client.receive(1024, LONG).orElseThrow().end()).isTrue();
  }

  @Test
  void close_wakes_a_waiting_receiver() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    FutureTask<Object> waiting =
        onThread(() -> {
          started.countDown();
          return server.receive(1024, Duration.ofMinutes(5));
        });
    started.await();
    server.close();

    assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS)).hasMessageContaining("closed");
    assertThatThrownBy(() -> server.receive(1, LONG)).hasMessage("packet socket: closed");
    assertThatThrownBy(() -> server.send(new byte[] {1}, -1)).hasMessage("packet socket: closed");
  }

  @Test
  void close_wakes_a_waiting_acceptor() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    FutureTask<Object> waiting =
        onThread(() -> {
          started.countDown();
          return listener.accept();
        });
    started.await();
    listener.close();

    assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS)).hasMessageContaining("closed");
    assertThat(path).doesNotExist();
  }

  @Test
  @DisplayName("cni-socket §2: a stale socket file is replaced; only the owner may connect")
  void a_successor_takes_the_path_over() throws IOException {
    try (Listener successor = Listener.listen(path)) {
      listener.close();
      try (PacketSocket other = PacketSocket.connect(path);
          PacketSocket accepted = successor.accept()) {
        other.send(new byte[] {9}, -1);
        assertThat(accepted.receive(8, LONG).orElseThrow().bytes()).containsExactly(9);
      }
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-------");
      try (var files = Files.list(folder)) {
        assertThat(files).containsExactly(path);
      }
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void what_cannot_be_reached_is_named() {
    assertThatThrownBy(() -> PacketSocket.connect(folder.resolve("absent")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("connect to " + folder.resolve("absent") + ": No such file");
    Path far = folder.resolve("x".repeat(120));
    assertThatThrownBy(() -> PacketSocket.connect(far))
        .hasMessageContaining("expected at most 107");
    assertThatThrownBy(() -> Listener.listen(far)).hasMessageContaining("expected at most 107");
    assertThatThrownBy(() -> client.send(new byte[0], -1)).hasMessageContaining("got 0 bytes");
  }

  @Test
  void closing_gives_the_descriptors_back() throws IOException {
    long before = openDescriptors();
    for (int i = 0; i < 50; i++) {
      try (PacketSocket one = PacketSocket.connect(path);
          PacketSocket other = listener.accept()) {
        one.send(new byte[] {1}, Netns.own().descriptor());
        other.receive(8, LONG).orElseThrow().descriptors().forEach(Kernel::close);
      }
    }
    assertThat(openDescriptors()).isLessThan(before + 10);
  }

  private static long openDescriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }
}
