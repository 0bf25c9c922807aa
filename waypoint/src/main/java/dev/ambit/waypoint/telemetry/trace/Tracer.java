package dev.ambit.waypoint.telemetry.trace;

import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.trace.RequestId.Reason;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives requests their ids and spans, and tells of spans that have ended (spec: l7-telemetry §4).
 * Any thread.
 */
public final class Tracer {
  private static final AsciiString REQUEST_ID = AsciiString.cached("x-request-id");

  /** Of requests whose caller did not decide, in percent, where nobody said. */
  private static final double USUAL_SAMPLING = 1;

  /**
   * One who takes spans, by the name that Telemetry objects use.
   *
   * @param b3 whether B3 headers are sent on where a request came without any
   * @param sampling in percent where Telemetry says nothing; negative for the usual
   */
  public record Provider(boolean b3, double sampling, SpanSink sink) {}

  private final Supplier<Map<String, Provider>> providers;
  private final SpanWriter writer;

  public Tracer(Supplier<Map<String, Provider>> providers, SpanWriter writer) {
    this.providers = providers;
    this.writer = writer;
  }

  /** Gives a request an id and, where its service is traced, a span. On its loop. */
  public void begun(Told told) {
    HttpHeaders headers = told.request.headers();
    String kept = headers.get(REQUEST_ID);
    String id = kept == null || kept.isEmpty() ? RequestId.generate() : kept;
    EffectiveTelemetry.Tracing rules = told.caller.destination().telemetry().rules().tracing();
    Provider provider = provider(rules);
    if (provider != null) {
      TraceContext parent = TraceContext.of(headers);
      Reason reason = parent.sampled() == null ? reason(id, headers, rules, provider) : Reason.NONE;
      boolean sampled = parent.sampled() == null ? reason != Reason.NONE : parent.sampled();
      if (!id.equals(kept) && rules.byRequestId() && sampled) {
        id = RequestId.with(id, reason == Reason.NONE ? Reason.SAMPLED : reason);
      }
      boolean root = parent.traceId().isEmpty();
      told.span =
          new Span(
              root ? TraceContext.newTraceId() : parent.traceId(),
              TraceContext.newSpanId(),
              root ? "" : parent.spanId(),
              sampled,
              told.startUnixNanos);
      inject(told.span, headers, provider);
    }
    told.requestId = id;
    headers.set(REQUEST_ID, id);
  }

  private @Nullable Provider provider(EffectiveTelemetry.Tracing rules) {
    return rules.provider().isEmpty() ? null : providers.get().get(rules.provider());
  }

  private static Reason reason(
      String id, HttpHeaders headers, EffectiveTelemetry.Tracing rules, Provider provider) {
    if (headers.contains("x-client-trace-id")) {
      return Reason.CLIENT_FORCED;
    } else if (headers.contains("x-envoy-force-trace")) {
      return Reason.SERVER_FORCED;
    } else if (rules.byRequestId() && RequestId.saysTraced(id)) {
      return Reason.SAMPLED;
    }
    double percent =
        rules.sampling() >= 0
            ? rules.sampling()
            : provider.sampling() >= 0 ? provider.sampling() : USUAL_SAMPLING;
    return RequestId.share(id) < percent * 100 ? Reason.SAMPLED : Reason.NONE;
  }

  /** The headers of a try carry the same id and span. */
  public void sending(Told told, HttpHeaders headers) {
    if (!told.requestId.isEmpty()) {
      headers.set(REQUEST_ID, told.requestId);
    }
    Provider provider = provider(told.caller.destination().telemetry().rules().tracing());
    if (told.span != null && provider != null) {
      inject(told.span, headers, provider);
    }
  }

  private static void inject(Span span, HttpHeaders headers, Provider provider) {
    TraceContext.inject(
        span, headers, provider.b3() ? TraceContext.Format.B3 : TraceContext.Format.W3C);
  }

  /** Tells of the span of an exchange that has ended, if it was sampled. */
  public void ended(Told told) {
    Span span = told.span;
    EffectiveTelemetry.Tracing rules = told.caller.destination().telemetry().rules().tracing();
    Provider provider = provider(rules);
    if (span != null && span.sampled() && rules.reported() && provider != null) {
      provider.sink().offer(writer.finished(told, span, rules));
    }
  }
}
