package dev.ambit.ztunnel.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.kernel.PacketSocket;
import dev.ambit.proto.zds.AddWorkload;
import dev.ambit.proto.zds.DelWorkload;
import dev.ambit.proto.zds.KeepWorkload;
import dev.ambit.proto.zds.SnapshotSent;
import dev.ambit.proto.zds.WorkloadInfo;
import dev.ambit.proto.zds.WorkloadRequest;
import dev.ambit.proto.zds.WorkloadResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The other end of the CNI socket, for tests. */
public final class FakeAgent implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final PacketSocket.Listener listener;

  public FakeAgent(Path path) throws IOException {
    listener = PacketSocket.Listener.listen(path);
  }

  /** The next ztunnel that connects and says hello. */
  public Session accept() throws Exception {
    CompletableFuture<PacketSocket> accepted = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            accepted.complete(listener.accept());
          } catch (IOException e) {
            accepted.completeExceptionally(e);
          }
        });
    PacketSocket socket = accepted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(socket.receive(1024, PATIENCE).orElseThrow().bytes()).containsExactly(8, 1);
    return new Session(socket);
  }

  @Override
  public void close() {
    listener.close();
  }

  /** One connected ztunnel. */
  public static final class Session implements AutoCloseable {
    private final PacketSocket socket;

    private Session(PacketSocket socket) {
      this.socket = socket;
    }

    public void send(byte[] packet, int descriptor) throws IOException {
      socket.send(packet, descriptor);
    }

    /** The error of the next answer; "" when it accepts. */
    public String answer() throws Exception {
      PacketSocket.Packet packet = socket.receive(4096, PATIENCE).orElseThrow();
      assertThat(packet.end()).as("connection ended instead of an answer").isFalse();
      return WorkloadResponse.parseFrom(packet.bytes()).getAck().getError();
    }

    /** Whether an answer is there already. */
    public boolean silent() throws Exception {
      return socket.receive(4096, Duration.ofMillis(1)).isEmpty();
    }

    public void expectEnd() throws Exception {
      assertThat(socket.receive(4096, PATIENCE).orElseThrow().end()).isTrue();
    }

    public String add(String uid, Netns network) throws Exception {
      send(addition(uid), network.descriptor());
      return answer();
    }

    public String keep(String uid) throws Exception {
      send(
          WorkloadRequest.newBuilder()
              .setKeep(KeepWorkload.newBuilder().setUid(uid))
              .build()
              .toByteArray(),
          -1);
      return answer();
    }

    public void sendDel(String uid, int drainMillis) throws Exception {
      send(
          WorkloadRequest.newBuilder()
              .setDel(DelWorkload.newBuilder().setUid(uid).setDrainMillis(drainMillis))
              .build()
              .toByteArray(),
          -1);
    }

    public String del(String uid) throws Exception {
      sendDel(uid, 0);
      return answer();
    }

    public String snapshotSent() throws Exception {
      send(
          WorkloadRequest.newBuilder()
              .setSnapshotSent(SnapshotSent.getDefaultInstance())
              .build()
              .toByteArray(),
          -1);
      return answer();
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  /** The request to add a pod {@code ns/uid}. */
  public static byte[] addition(String uid) {
    return WorkloadRequest.newBuilder()
        .setAdd(
            AddWorkload.newBuilder()
                .setUid(uid)
                .setWorkloadInfo(
                    WorkloadInfo.newBuilder()
                        .setName(uid)
                        .setNamespace("ns")
                        .setServiceAccount("sa")))
        .build()
        .toByteArray();
  }
}
