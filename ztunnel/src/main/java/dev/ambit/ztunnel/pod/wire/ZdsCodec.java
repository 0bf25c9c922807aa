package dev.ambit.ztunnel.pod.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ambit.proto.zds.Ack;
import dev.ambit.proto.zds.AddWorkload;
import dev.ambit.proto.zds.Version;
import dev.ambit.proto.zds.WorkloadRequest;
import dev.ambit.proto.zds.WorkloadResponse;
import dev.ambit.proto.zds.ZdsHello;
import dev.ambit.ztunnel.pod.ZdsClient;
import dev.ambit.ztunnel.pod.ZdsMessage;
import java.time.Duration;
import java.util.Optional;

/** Requests from bytes, hello and answers to bytes (spec: cni-socket §3). */
public final class ZdsCodec implements ZdsClient.Codec {
  /** What one packet may hold in either direction. */
  private static final int MOST_BYTES = 1024;

  /** Leaves room for the envelope, and for characters of several bytes. */
  private static final int LONGEST_ERROR = (MOST_BYTES - 16) / 4;

  @Override
  public byte[] hello() {
    return ZdsHello.newBuilder().setVersion(Version.V1).build().toByteArray();
  }

  @Override
  public byte[] ack(String error) {
    String fitting =
        error.length() <= LONGEST_ERROR ? error : error.substring(0, LONGEST_ERROR - 1) + "…";
    return WorkloadResponse.newBuilder()
        .setAck(Ack.newBuilder().setError(fitting))
        .build()
        .toByteArray();
  }

  @Override
  public int mostBytes() {
    return MOST_BYTES;
  }

  @Override
  public ZdsMessage decode(byte[] packet) {
    WorkloadRequest request;
    try {
      request = WorkloadRequest.parseFrom(packet);
    } catch (InvalidProtocolBufferException malformed) {
      throw new ZdsClient.Malformed(
          "request: got " + packet.length + " bytes that are no WorkloadRequest");
    }
    return switch (request.getPayloadCase()) {
      case ADD -> new ZdsMessage.Add(request.getAdd().getUid(), info(request.getAdd()));
      case KEEP -> new ZdsMessage.Keep(request.getKeep().getUid());
      case DEL ->
          new ZdsMessage.Del(
              request.getDel().getUid(),
              Duration.ofMillis(Integer.toUnsignedLong(request.getDel().getDrainMillis())));
      case SNAPSHOT_SENT -> new ZdsMessage.SnapshotSent();
      case PAYLOAD_NOT_SET ->
          throw new ZdsClient.Malformed("request: got no payload, expected one");
    };
  }

  private static Optional<ZdsMessage.Info> info(AddWorkload add) {
    return add.hasWorkloadInfo()
        ? Optional.of(
            new ZdsMessage.Info(
                add.getWorkloadInfo().getNamespace(),
                add.getWorkloadInfo().getName(),
                add.getWorkloadInfo().getServiceAccount()))
        : Optional.empty();
  }
}
