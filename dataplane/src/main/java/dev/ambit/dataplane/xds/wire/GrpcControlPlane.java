package dev.ambit.dataplane.xds.wire;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.xds.DeltaRequest;
import dev.ambit.dataplane.xds.DeltaResponse;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.NodeInfo;
import dev.ambit.model.workload.SharedValues;
import dev.ambit.proto.discovery.AggregatedDiscoveryServiceGrpc;
import dev.ambit.proto.discovery.DeltaDiscoveryRequest;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Node;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code DeltaAggregatedResources} over a channel of its own for each stream. */
public final class GrpcControlPlane implements DeltaStream.ControlPlane {
  private final ControlPlaneChannel channel;
  private final Node node;

  public GrpcControlPlane(ControlPlaneChannel channel, NodeInfo node) {
    this.channel = channel;
    this.node = Node.newBuilder().setId(node.id()).setMetadata(struct(node.metadata())).build();
  }

  @Override
  public DeltaStream.Stream open() {
    ManagedChannel own;
    try {
      own = channel.dial();
    } catch (RuntimeException unusable) {
      throw new DeltaStream.Broken(
          DeltaStream.Ending.CONNECTION, String.valueOf(unusable.getMessage()), unusable);
    }
    return new GrpcStream(own);
  }

  /** One call; closing it ends its channel. */
  private final class GrpcStream implements DeltaStream.Stream {
    private final SharedValues shared = new SharedValues();
    private final ManagedChannel own;
    private final BlockingClientCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call;

    GrpcStream(ManagedChannel own) {
      this.own = own;
      try {
        this.call =
            AggregatedDiscoveryServiceGrpc.newBlockingV2Stub(channel.headers(own))
                .deltaAggregatedResources();
      } catch (RuntimeException unusable) {
        own.shutdownNow();
        throw new DeltaStream.Broken(
            DeltaStream.Ending.CONNECTION, String.valueOf(unusable.getMessage()), unusable);
      }
    }

    @Override
    public void send(DeltaRequest request) throws InterruptedException {
      try {
        call.write(encode(request));
      } catch (StatusException over) {
        throw broken(over.getStatus(), over);
      }
    }

    @Override
    public @Nullable DeltaResponse receive() throws InterruptedException {
      try {
        DeltaDiscoveryResponse response = call.read();
        return response == null ? null : ResponseDecoder.decode(response, shared);
      } catch (StatusException over) {
        throw broken(over.getStatus(), over);
      }
    }

    @Override
    public void close() {
      call.cancel("stream closed by this side", null);
      own.shutdownNow();
    }

    private DeltaStream.Broken broken(Status status, Exception cause) {
      if (status.getCode() == Status.Code.UNAUTHENTICATED) {
        channel.credentials().rejected();
      }
      return new DeltaStream.Broken(ending(status), channel.sentence(status), cause);
    }
  }

  private DeltaDiscoveryRequest encode(DeltaRequest request) {
    DeltaDiscoveryRequest.Builder message =
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(request.typeUrl())
            .setResponseNonce(request.nonce())
            .putAllInitialResourceVersions(request.retained());
    if (request.first()) {
      message.setNode(node);
    }
    if (!request.error().isEmpty()) {
      message.setErrorDetail(
          dev.ambit.proto.discovery.Status.newBuilder().setMessage(request.error()));
    }
    return message.build();
  }

  /** Which row of the reconnect table a status belongs to (spec: workload-xds §2.3). */
  static DeltaStream.Ending ending(Status status) {
    String description = status.getDescription() == null ? "" : status.getDescription();
    String text = description.toLowerCase(Locale.ROOT);
    return switch (status.getCode()) {
      case UNKNOWN, CANCELLED, DEADLINE_EXCEEDED -> DeltaStream.Ending.ROUTINE;
      case UNAVAILABLE ->
          text.contains("transport is closing")
                  || text.contains("received prior goaway")
                  || text.contains("closed after goaway. http/2 error code: no_error")
              ? DeltaStream.Ending.ROUTINE
              : DeltaStream.Ending.CONNECTION;
      case OK,
          INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          RESOURCE_EXHAUSTED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNIMPLEMENTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          DeltaStream.Ending.ERROR;
    };
  }

  private static Struct struct(Map<?, ?> fields) {
    Struct.Builder struct = Struct.newBuilder();
    fields.forEach((name, value) -> struct.putFields(String.valueOf(name), value(value)));
    return struct.build();
  }

  private static Value value(@Nullable Object value) {
    Value.Builder built = Value.newBuilder();
    if (value == null) {
      built.setNullValue(NullValue.NULL_VALUE);
    } else if (value instanceof Map<?, ?> fields) {
      built.setStructValue(struct(fields));
    } else if (value instanceof List<?> items) {
      ListValue.Builder list = ListValue.newBuilder();
      items.forEach(item -> list.addValues(value(item)));
      built.setListValue(list);
    } else if (value instanceof Number number) {
      built.setNumberValue(number.doubleValue());
    } else if (value instanceof Boolean flag) {
      built.setBoolValue(flag);
    } else {
      built.setStringValue(value.toString());
    }
    return built.build();
  }
}
