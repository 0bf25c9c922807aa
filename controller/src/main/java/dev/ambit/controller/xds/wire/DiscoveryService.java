package dev.ambit.controller.xds.wire;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.controller.ca.node.Caller;
import dev.ambit.controller.ca.node.PodName;
import dev.ambit.controller.ca.wire.Callers;
import dev.ambit.controller.xds.DeltaRequest;
import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.controller.xds.DeltaSession;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.proto.discovery.AggregatedDiscoveryServiceGrpc;
import dev.ambit.proto.discovery.DeltaDiscoveryRequest;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.Optional;

/** The delta streams of {@code AggregatedDiscoveryService} over gRPC (spec: workload-xds §1). */
public final class DiscoveryService {
  private DiscoveryService() {}

  /** The service for clients that {@link Callers} has let in. */
  public static ServerServiceDefinition of(Subscribers subscribers) {
    MethodDescriptor<DeltaDiscoveryRequest, ?> generated =
        AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod();
    MethodDescriptor<DeltaDiscoveryRequest, DeltaResponse> method =
        generated.toBuilder(generated.getRequestMarshaller(), new ResponseMarshaller()).build();
    return ServerServiceDefinition.builder(AggregatedDiscoveryServiceGrpc.SERVICE_NAME)
        .addMethod(
            method, ServerCalls.asyncBidiStreamingCall(responses -> begin(subscribers, responses)))
        .build();
  }

  private static StreamObserver<DeltaDiscoveryRequest> begin(
      Subscribers subscribers, StreamObserver<DeltaResponse> responses) {
    ServerCallStreamObserver<DeltaResponse> call =
        (ServerCallStreamObserver<DeltaResponse>) responses;
    Caller caller = Callers.current();
    PodName pod = caller.pod();
    DeltaSession.Client client =
        new DeltaSession.Client(caller.node(), caller.address(), pod == null ? "" : pod.fullName());
    Optional<DeltaSession> opened =
        subscribers.open(
            client,
            response -> {
              if (!call.isCancelled()) {
                call.onNext(response);
              }
            });
    if (opened.isEmpty()) {
      throw Status.RESOURCE_EXHAUSTED
          .withDescription("too many streams of node " + client.node())
          .asRuntimeException();
    }
    DeltaSession session = opened.get();
    call.setOnCancelHandler(session::close);
    call.setOnCloseHandler(session::close);
    return new Requests(session, call);
  }

  /** Hands requests to the session, one at a time as gRPC delivers them. */
  private static final class Requests implements StreamObserver<DeltaDiscoveryRequest> {
    private final DeltaSession session;
    private final ServerCallStreamObserver<DeltaResponse> call;
    private boolean ended;

    private Requests(DeltaSession session, ServerCallStreamObserver<DeltaResponse> call) {
      this.session = session;
      this.call = call;
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
      if (!ended) {
        session.request(read(request)).ifPresent(this::refuse);
      }
    }

    private void refuse(DeltaSession.Refusal refusal) {
      ended = true;
      session.close();
      call.onError(status(refusal.kind()).withDescription(refusal.message()).asRuntimeException());
    }

    @Override
    public void onError(Throwable cause) {
      ended = true;
      session.close();
    }

    @Override
    public void onCompleted() {
      if (!ended) {
        ended = true;
        session.close();
        call.onCompleted();
      }
    }
  }

  private static Status status(DeltaSession.Refusal.Kind kind) {
    return switch (kind) {
      case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case PERMISSION_DENIED -> Status.PERMISSION_DENIED;
      case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
    };
  }

  static DeltaRequest read(DeltaDiscoveryRequest request) {
    String error = "";
    if (request.hasErrorDetail()) {
      error = request.getErrorDetail().getMessage();
      error = error.isEmpty() ? "code " + request.getErrorDetail().getCode() : error;
    }
    return new DeltaRequest(
        request.getNode().getId(),
        text(request.getNode().getMetadata(), "NODE_NAME"),
        request.getTypeUrl(),
        request.getResourceNamesSubscribeList(),
        request.getResourceNamesUnsubscribeList(),
        request.getInitialResourceVersionsMap(),
        request.getResponseNonce(),
        error);
  }

  private static String text(Struct metadata, String key) {
    Value value = metadata.getFieldsMap().get(key);
    return value == null ? "" : value.getStringValue();
  }
}
