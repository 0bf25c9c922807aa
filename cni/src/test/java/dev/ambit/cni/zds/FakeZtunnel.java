package dev.ambit.cni.zds;

import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.kernel.PacketSocket;
import dev.ambit.proto.zds.Ack;
import dev.ambit.proto.zds.Version;
import dev.ambit.proto.zds.WorkloadRequest;
import dev.ambit.proto.zds.WorkloadResponse;
import dev.ambit.proto.zds.ZdsHello;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/** The other end of the CNI socket: answers each request as a test says, and writes them down. */
public final class FakeZtunnel implements AutoCloseable {
  /** Makes a client not answer. */
  public static final String SILENCE = "\0";

  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final PacketSocket socket;
  private final LinkedBlockingQueue<String> journal = new LinkedBlockingQueue<>();
  private final Thread thread;

  /**
   * Connects and says hello.
   *
   * @param answers the error for a request; the namespace is given for additions, and closed after
   */
  public FakeZtunnel(Path path, BiFunction<WorkloadRequest, Netns, String> answers)
      throws IOException {
    socket = PacketSocket.connect(path);
    send(ZdsHello.newBuilder().setVersion(Version.V1).build().toByteArray());
    thread = Thread.ofPlatform().daemon().name("fake-ztunnel").start(() -> serve(answers));
  }

  /** Accepts everything. */
  public static FakeZtunnel agreeing(Path path) throws IOException {
    return new FakeZtunnel(path, (_, _) -> "");
  }

  public void send(byte[] packet) throws IOException {
    socket.send(packet, -1);
  }

  public void acknowledge(String error) throws IOException {
    send(
        WorkloadResponse.newBuilder()
            .setAck(Ack.newBuilder().setError(error))
            .build()
            .toByteArray());
  }

  /** The next request, as {@code add u1 with a namespace}; {@code end} when the agent hung up. */
  public String next() throws InterruptedException {
    String request = journal.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    if (request == null) {
      throw new AssertionError("ztunnel was asked nothing within " + DEADLINE.toSeconds() + " s");
    }
    return request;
  }

  /** Whether nothing was asked beyond what {@link #next} gave. */
  public boolean idle() {
    return journal.isEmpty();
  }

  private void serve(BiFunction<WorkloadRequest, Netns, String> answers) {
    try {
      while (true) {
        var packet = socket.receive(1024, Duration.ofSeconds(1));
        if (packet.isEmpty()) {
          continue;
        }
        if (packet.get().end()) {
          journal.add("end");
          return;
        }
        WorkloadRequest request = WorkloadRequest.parseFrom(packet.get().bytes());
        Netns network = null;
        for (int descriptor : packet.get().descriptors()) {
          if (network == null) {
            network = Netns.adopt(descriptor);
          } else {
            Kernel.close(descriptor);
          }
        }
        journal.add(text(request, network != null));
        String answer = answers.apply(request, network);
        if (network != null) {
          network.close();
        }
        if (!answer.equals(SILENCE)) {
          acknowledge(answer);
        }
      }
    } catch (IOException e) {
      journal.add("end");
    }
  }

  private static String text(WorkloadRequest request, boolean namespace) {
    return switch (request.getPayloadCase()) {
      case ADD ->
          "add " + request.getAdd().getUid() + (namespace ? " with a namespace" : " without");
      case DEL ->
          "del "
              + request.getDel().getUid()
              + (request.getDel().getDrainMillis() > 0 ? " with drain" : "");
      case KEEP -> "keep " + request.getKeep().getUid();
      case SNAPSHOT_SENT -> "snapshot sent";
      case PAYLOAD_NOT_SET -> "nothing";
    };
  }

  @Override
  public void close() {
    socket.close();
    try {
      thread.join(DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
