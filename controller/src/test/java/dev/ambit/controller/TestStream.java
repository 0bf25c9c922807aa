package dev.ambit.controller;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.proto.discovery.AggregatedDiscoveryServiceGrpc;
import dev.ambit.proto.discovery.DeltaDiscoveryRequest;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Node;
import dev.ambit.proto.discovery.Resource;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A delta stream as a node's daemon opens it; every response is a step of the test. */
final class TestStream implements AutoCloseable {
  private final BlockingQueue<DeltaDiscoveryResponse> responses = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final ClientCallStreamObserver<DeltaDiscoveryRequest> requests;
  private final String nodeName;
  private boolean introduced;

  private String nodeId = "ztunnel~1.1.1.1~zt.istio-system~istio-system.svc.cluster.local";

  private TestStream(Channel channel, String nodeName) {
    this.nodeName = nodeName;
    CompletableFuture<ClientCallStreamObserver<DeltaDiscoveryRequest>> call =
        new CompletableFuture<>();
    AggregatedDiscoveryServiceGrpc.newStub(channel)
        .deltaAggregatedResources(
            new ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse>() {
              @Override
              public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> stream) {
                call.complete(stream);
              }

              @Override
              public void onNext(DeltaDiscoveryResponse response) {
                responses.add(response);
              }

              @Override
              public void onError(Throwable cause) {
                end.complete(Status.fromThrowable(cause));
              }

              @Override
              public void onCompleted() {
                end.complete(Status.OK);
              }
            });
    requests = call.join();
  }

  static TestStream open(Channel channel, String nodeName) {
    return new TestStream(channel, nodeName);
  }

  /** Says that it is another client. */
  TestStream as(String id) {
    nodeId = id;
    return this;
  }

  private DeltaDiscoveryRequest.Builder request(ResourceType type) {
    DeltaDiscoveryRequest.Builder request =
        DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url());
    if (!introduced) {
      introduced = true;
      request.setNode(
          Node.newBuilder()
              .setId(nodeId)
              .setMetadata(
                  Struct.newBuilder()
                      .putFields(
                          "NODE_NAME", Value.newBuilder().setStringValue(nodeName).build())));
    }
    return request;
  }

  TestStream wildcard(ResourceType type) {
    return wildcard(type, Map.of());
  }

  TestStream wildcard(ResourceType type, Map<String, String> have) {
    requests.onNext(request(type).putAllInitialResourceVersions(have).build());
    return this;
  }

  TestStream onDemand() {
    requests.onNext(
        request(ResourceType.ADDRESS)
            .addResourceNamesSubscribe("*")
            .addResourceNamesUnsubscribe("*")
            .build());
    return this;
  }

  TestStream demand(String name) {
    requests.onNext(request(ResourceType.ADDRESS).addResourceNamesSubscribe(name).build());
    return this;
  }

  TestStream withoutNode(ResourceType type) {
    requests.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url()).build());
    return this;
  }

  /** The next response, answered. */
  DeltaDiscoveryResponse next() throws Exception {
    DeltaDiscoveryResponse response = unanswered();
    answer(response);
    return response;
  }

  DeltaDiscoveryResponse unanswered() throws Exception {
    DeltaDiscoveryResponse response = responses.poll(10, TimeUnit.SECONDS);
    if (response == null) {
      throw new AssertionError("no response within 10 s; stream: " + end);
    }
    return response;
  }

  void answer(DeltaDiscoveryResponse response) {
    requests.onNext(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(response.getTypeUrl())
            .setResponseNonce(response.getNonce())
            .build());
  }

  Status end() throws Exception {
    return end.get(10, TimeUnit.SECONDS);
  }

  static List<String> names(DeltaDiscoveryResponse response) {
    return response.getResourcesList().stream().map(Resource::getName).toList();
  }

  @Override
  public void close() {
    requests.cancel("done", null);
  }
}
