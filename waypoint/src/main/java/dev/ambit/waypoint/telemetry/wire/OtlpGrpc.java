package dev.ambit.waypoint.telemetry.wire;

import dev.ambit.waypoint.telemetry.export.Collector;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.log.LogEntry;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sends batches by OTLP over gRPC in plain text. */
public final class OtlpGrpc<T> implements Transport<T> {
  private final Collector collector;
  private final Metadata headers = new Metadata();
  private final Duration timeout;
  private final Call<T> call;
  private @Nullable ManagedChannel channel;

  /** One call of a service. */
  @FunctionalInterface
  private interface Call<T> {
    void send(Channel channel, CallOptions options, List<T> batch);
  }

  private OtlpGrpc(
      Collector collector, Map<String, String> headers, Duration timeout, Call<T> call) {
    this.collector = collector;
    this.timeout = timeout;
    this.call = call;
    headers.forEach((name, value) ->
        this.headers.put(
            Metadata.Key.of(name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER),
            value));
  }

  /**
   * Sends spans.
   *
   * @param resource what is said of the waypoint itself
   */
  public static OtlpGrpc<FinishedSpan> spans(
      Collector collector,
      Map<String, String> resource,
      Map<String, String> headers,
      Duration timeout) {
    return new OtlpGrpc<>(
        collector,
        headers,
        timeout,
        (channel, options, spans) ->
            ClientCalls.blockingUnaryCall(
                channel,
                TraceServiceGrpc.getExportMethod(),
                options,
                OtlpSpans.request(spans, resource)));
  }

  /** Sends lines of access logs. */
  public static OtlpGrpc<LogEntry> logs(
      Collector collector, Map<String, String> resource, Duration timeout) {
    return new OtlpGrpc<>(
        collector,
        Map.of(),
        timeout,
        (channel, options, entries) ->
            ClientCalls.blockingUnaryCall(
                channel,
                LogsServiceGrpc.getExportMethod(),
                options,
                OtlpLogs.request(entries, resource)));
  }

  @Override
  public Outcome send(List<T> batch) throws IOException {
    try {
      call.send(
          ClientInterceptors.intercept(
              channel(), MetadataUtils.newAttachHeadersInterceptor(headers)),
          CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS),
          batch);
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
