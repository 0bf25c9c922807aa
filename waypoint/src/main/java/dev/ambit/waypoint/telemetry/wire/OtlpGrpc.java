package dev.ambit.waypoint.telemetry.wire;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.call.Unary;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.log.LogEntry;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Sends batches by OTLP over gRPC. */
public final class OtlpGrpc<T> implements Transport<T> {
  private static final String SPANS = '/' + TraceServiceGrpc.getExportMethod().getFullMethodName();
  private static final String LOGS = '/' + LogsServiceGrpc.getExportMethod().getFullMethodName();
  private static final int CANCELLED = 1;
  private static final int DEADLINE_EXCEEDED = 4;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int ABORTED = 10;
  private static final int UNAVAILABLE = 14;

  private final OwnCalls calls;
  private final Target target;
  private final String method;
  private final Function<List<T>, byte[]> encoding;

  /**
   * Who takes them.
   *
   * @param headers of each call
   */
  public record Target(Backend backend, Map<String, String> headers, Duration timeout) {
    public Target {
      headers = Map.copyOf(headers);
    }
  }

  private OtlpGrpc(
      OwnCalls calls, Target target, String method, Function<List<T>, byte[]> encoding) {
    this.calls = calls;
    this.target = target;
    this.method = method;
    this.encoding = encoding;
  }

  /**
   * Sends spans.
   *
   * @param resource what is said of the waypoint itself
   */
  public static OtlpGrpc<FinishedSpan> spans(
      OwnCalls calls, Target target, Map<String, String> resource) {
    return new OtlpGrpc<>(calls, target, SPANS, spans -> OtlpSpans.encode(spans, resource));
  }

  /** Sends lines of access logs. */
  public static OtlpGrpc<LogEntry> logs(
      OwnCalls calls, Target target, Map<String, String> resource) {
    return new OtlpGrpc<>(
        calls, target, LOGS, lines -> OtlpLogs.request(lines, resource).toByteArray());
  }

  @Override
  public Outcome send(List<T> batch) throws IOException, InterruptedException {
    HttpHeaders metadata = new DefaultHttpHeaders();
    target.headers().forEach(metadata::set);
    Outcall.Question question =
        Unary.question(target.backend(), method, metadata, encoding.apply(batch), target.timeout());
    Outcall.Answer answer = calls.ask(target.backend(), question);
    return switch (Unary.result(answer)) {
      case Unary.Message _ -> Outcome.TAKEN;
      case Unary.Failed(int status, String why) ->
          switch (status) {
            case CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE -> throw new IOException(why);
            case RESOURCE_EXHAUSTED, ABORTED -> Outcome.LATER;
            default -> Outcome.isForNow(answer.status()) ? Outcome.LATER : Outcome.REFUSED;
          };
    };
  }
}
