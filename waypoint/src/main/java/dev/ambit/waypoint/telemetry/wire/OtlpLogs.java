package dev.ambit.waypoint.telemetry.wire;

import dev.ambit.waypoint.telemetry.log.LogEntry;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.util.List;
import java.util.Map;

/** Lines of access logs as OTLP has them. */
final class OtlpLogs {
  private OtlpLogs() {}

  static ExportLogsServiceRequest request(List<LogEntry> entries, Map<String, String> resource) {
    ScopeLogs.Builder scope =
        ScopeLogs.newBuilder().setScope(InstrumentationScope.newBuilder().setName("ambit"));
    entries.forEach(each -> scope.addLogRecords(line(each)));
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder().setResource(OtlpSpans.of(resource)).addScopeLogs(scope))
        .build();
  }

  private static LogRecord.Builder line(LogEntry entry) {
    LogRecord.Builder line =
        LogRecord.newBuilder()
            .setTimeUnixNano(entry.unixNanos())
            .setBody(AnyValue.newBuilder().setStringValue(entry.body()))
            .setTraceId(OtlpSpans.bytes(entry.traceId()))
            .setSpanId(OtlpSpans.bytes(entry.spanId()));
    entry
        .attributes()
        .forEach((name, value) -> line.addAttributes(OtlpSpans.attribute(name, value)));
    return line;
  }
}
