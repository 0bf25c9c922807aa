package dev.ambit.waypoint.telemetry.trace.wire;

import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import dev.ambit.waypoint.telemetry.trace.export.Collector;
import dev.ambit.waypoint.telemetry.trace.export.Transport;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sends batches by OTLP over gRPC in plain text. */
public final class OtlpGrpc implements Transport {
  private final Collector collector;
  private final Map<String, String> resource;
  private final Metadata headers = new Metadata();
  private final Duration timeout;
  private @Nullable ManagedChannel channel;

  public OtlpGrpc(
      Collector collector,
      Map<String, String> resource,
      Map<String, String> headers,
      Duration timeout) {
    this.collector = collector;
    this.resource = Map.copyOf(resource);
    this.timeout = timeout;
    headers.forEach((name, value) ->
        this.headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
  }

  @Override
  public Outcome send(List<FinishedSpan> spans) throws IOException {
    try {
      TraceServiceGrpc.newBlockingStub(channel())
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
          .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
          .export(OtlpSpans.request(spans, resource));
      return Outcome.TAKEN;
    } catch (StatusRuntimeException e) {
      return switch (e.getStatus().getCode()) {
        case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> {
          // Another endpoint may do better.
          disconnect();
          throw new IOException(why(e), e);
        }
        case RESOURCE_EXHAUSTED, ABORTED -> Outcome.LATER;
        default -> Outcome.REFUSED;
      };
    }
  }

  private static String why(StatusRuntimeException e) {
    Throwable cause = e.getStatus().getCause();
    String said = cause == null ? e.getStatus().getDescription() : cause.getMessage();
    return e.getStatus().getCode() + (said == null ? "" : ": " + said);
  }

  private ManagedChannel channel() {
    ManagedChannel open = channel;
    if (open == null) {
      open =
          NettyChannelBuilder.forTarget("dns:///" + collector.authority())
              .overrideAuthority(collector.host())
              .usePlaintext()
              .build();
      channel = open;
    }
    return open;
  }

  private void disconnect() {
    if (channel != null) {
      channel.shutdownNow();
      channel = null;
    }
  }

  @Override
  public void close() {
    disconnect();
  }
}
