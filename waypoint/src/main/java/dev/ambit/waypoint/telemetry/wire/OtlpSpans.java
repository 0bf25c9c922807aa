package dev.ambit.waypoint.telemetry.wire;

import com.google.protobuf.ByteString;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Spans as OTLP has them. */
public final class OtlpSpans {
  private OtlpSpans() {}

  /**
   * @param resource what is said of the waypoint itself: {@code service.name} and more
   */
  public static byte[] encode(List<FinishedSpan> spans, Map<String, String> resource) {
    return request(spans, resource).toByteArray();
  }

  static ExportTraceServiceRequest request(List<FinishedSpan> spans, Map<String, String> resource) {
    ScopeSpans.Builder scope =
        ScopeSpans.newBuilder().setScope(InstrumentationScope.newBuilder().setName("ambit"));
    spans.forEach(each -> scope.addSpans(span(each)));
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(ResourceSpans.newBuilder().setResource(of(resource)).addScopeSpans(scope))
        .build();
  }

  static Resource of(Map<String, String> resource) {
    Resource.Builder of = Resource.newBuilder();
    resource.forEach((name, value) -> of.addAttributes(attribute(name, value)));
    return of.build();
  }

  private static Span.Builder span(FinishedSpan each) {
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(bytes(each.span().traceId()))
            .setSpanId(bytes(each.span().spanId()))
            .setParentSpanId(bytes(each.span().parentId()))
            .setTraceState(each.traceState())
            .setFlags(1)
            .setName(each.name())
            .setKind(Span.SpanKind.SPAN_KIND_SERVER)
            .setStartTimeUnixNano(each.span().startUnixNanos())
            .setEndTimeUnixNano(each.span().startUnixNanos() + each.durationNanos());
    if (each.error()) {
      span.setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR));
    }
    each.tags().forEach((name, value) -> span.addAttributes(attribute(name, value)));
    return span;
  }

  static ByteString bytes(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  static KeyValue.Builder attribute(String name, String value) {
    return KeyValue.newBuilder().setKey(name).setValue(AnyValue.newBuilder().setStringValue(value));
  }
}
