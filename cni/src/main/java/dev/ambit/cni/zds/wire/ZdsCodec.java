package dev.ambit.cni.zds.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ambit.proto.zds.AddWorkload;
import dev.ambit.proto.zds.DelWorkload;
import dev.ambit.proto.zds.KeepWorkload;
import dev.ambit.proto.zds.SnapshotSent;
import dev.ambit.proto.zds.Version;
import dev.ambit.proto.zds.WorkloadInfo;
import dev.ambit.proto.zds.WorkloadRequest;
import dev.ambit.proto.zds.WorkloadResponse;
import dev.ambit.proto.zds.ZdsHello;
import java.time.Duration;

/** Requests to bytes, answers from bytes (spec: cni-socket §3). */
public final class ZdsCodec {
  /** What one packet may hold in either direction. */
  public static final int MOST_BYTES = 1024;

  private ZdsCodec() {}

  /** A packet that is not what the protocol allows here. */
  public static final class Malformed extends RuntimeException {
    Malformed(String message) {
      super(message);
    }
  }

  /** Goes with the descriptor of the pod's network namespace. */
  public static byte[] add(String uid, String namespace, String name, String serviceAccount) {
    return WorkloadRequest.newBuilder()
        .setAdd(
            AddWorkload.newBuilder()
                .setUid(uid)
                .setWorkloadInfo(
                    WorkloadInfo.newBuilder()
                        .setName(name)
                        .setNamespace(namespace)
                        .setServiceAccount(serviceAccount)))
        .build()
        .toByteArray();
  }

  /** The pod exists, but the agent does not hold its network namespace. */
  public static byte[] keep(String uid) {
    return WorkloadRequest.newBuilder()
        .setKeep(KeepWorkload.newBuilder().setUid(uid))
        .build()
        .toByteArray();
  }

  /** {@code drain} is how long open connections may last; zero cuts them. */
  public static byte[] del(String uid, Duration drain) {
    return WorkloadRequest.newBuilder()
        .setDel(
            DelWorkload.newBuilder().setUid(uid).setDrainMillis(Math.toIntExact(drain.toMillis())))
        .build()
        .toByteArray();
  }

  public static byte[] snapshotSent() {
    return WorkloadRequest.newBuilder()
        .setSnapshotSent(SnapshotSent.getDefaultInstance())
        .build()
        .toByteArray();
  }

  /** Checks a client's first packet. */
  public static void hello(byte[] packet) {
    try {
      Version version = ZdsHello.parseFrom(packet).getVersion();
      if (version != Version.V1) {
        throw new Malformed("hello: got version " + version + ", expected V1");
      }
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed("hello: got " + packet.length + " bytes that are no ZdsHello");
    }
  }

  /** The error of an answer; empty when it accepts. */
  public static String answer(byte[] packet) {
    try {
      WorkloadResponse response = WorkloadResponse.parseFrom(packet);
      if (!response.hasAck()) {
        throw new Malformed("answer: got no ack in " + packet.length + " bytes, expected one");
      }
      return response.getAck().getError();
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed("answer: got " + packet.length + " bytes that are no WorkloadResponse");
    }
  }
}
