package dev.ambit.waypoint.telemetry.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.waypoint.LocalWaypoint;
import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.export.Batches;
import dev.ambit.waypoint.telemetry.export.Batches.Timing;
import dev.ambit.waypoint.telemetry.export.ExportCounts;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.log.LogEntry;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import dev.ambit.waypoint.telemetry.trace.http.HttpPost;
import dev.ambit.waypoint.telemetry.trace.http.ZipkinJson;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ExportTest {
  private static final Duration SOON = Duration.ofMillis(20);
  private static final Timing QUICK = new Timing(SOON, SOON, 5, Duration.ofSeconds(5));
  private static final Map<String, String> RESOURCE = Map.of("service.name", "wp.demo");
  private static final FinishedSpan SPAN =
      new FinishedSpan(
          new Span(
              "0af7651916cd43dd8448eb211c80319c",
              "b7ad6b7169203331",
              "00f067aa0ba902b7",
              true,
              1_795_608_000_123_000_000L),
          "svc:80/*",
          "a=b",
          12_400_000,
          true,
          Map.of("http.method", "GET"));

  private final LocalWaypoint waypoint = new LocalWaypoint();
  private final Metrics metrics = new Metrics();
  private final ExportCounts counts = new ExportCounts(metrics, "spans");

  @AfterEach
  void close() {
    waypoint.close();
  }

  /** The collector as a service of the mesh, whose one endpoint, in the mesh, is at loopback. */
  private Backend collector(int port) {
    waypoint.service("otel", 9, AppProtocol.GRPC).captured(port, "otel");
    return new Backend("otel.demo.svc.cluster.local", 80);
  }

  private OtlpGrpc<FinishedSpan> grpc(Backend backend, Duration timeout) {
    return OtlpGrpc.spans(
        waypoint.calls(), new OtlpGrpc.Target(backend, Map.of("x-a", "b"), timeout), RESOURCE);
  }

  private String count(String name) {
    return new String(metrics.scrape("").body(), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .findFirst()
        .orElse("");
  }

  private static final class FakeCollector extends TraceServiceGrpc.TraceServiceImplBase {
    private final BlockingQueue<ExportTraceServiceRequest> got = new LinkedBlockingQueue<>();

    @Override
    public void export(
        ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answer) {
      got.add(request);
      answer.onNext(ExportTraceServiceResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  private static void isTheSpan(@Nullable ExportTraceServiceRequest request) {
    assertThat(request).isNotNull();
    var resource = request.getResourceSpans(0);
    assertThat(resource.getResource().getAttributesList())
        .extracting(KeyValue::getKey, each -> each.getValue().getStringValue())
        .containsExactly(org.assertj.core.groups.Tuple.tuple("service.name", "wp.demo"));
    var span = resource.getScopeSpans(0).getSpans(0);
    assertThat(HexFormat.of().formatHex(span.getTraceId().toByteArray()))
        .isEqualTo(SPAN.span().traceId());
    assertThat(HexFormat.of().formatHex(span.getSpanId().toByteArray()))
        .isEqualTo(SPAN.span().spanId());
    assertThat(HexFormat.of().formatHex(span.getParentSpanId().toByteArray()))
        .isEqualTo(SPAN.span().parentId());
    assertThat(span.getTraceState()).isEqualTo("a=b");
    assertThat(span.getName()).isEqualTo("svc:80/*");
    assertThat(span.getKind())
        .isEqualTo(io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_SERVER);
    assertThat(span.getEndTimeUnixNano() - span.getStartTimeUnixNano()).isEqualTo(12_400_000);
    assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    assertThat(span.getAttributes(0).getKey()).isEqualTo("http.method");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("l7-telemetry 4: spans by OTLP over gRPC, through the mesh and past it")
  void by_otlp_over_grpc(boolean inside) throws Exception {
    FakeCollector fake = new FakeCollector();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(fake)
            .build()
            .start();
    Backend backend =
        inside ? collector(server.getPort()) : new Backend("localhost", server.getPort());
    try (Batches<FinishedSpan> spans =
        new Batches<>("test", grpc(backend, QUICK.flush()), QUICK, counts)) {
      spans.accept(SPAN);

      isTheSpan(fake.got.poll(30, TimeUnit.SECONDS));
    } finally {
      server.shutdownNow();
    }
    assertThat(count("ambit_spans_exported_total")).endsWith(" 1");
    assertThat(waypoint.proxy.tunnelled.get() > 0).isEqualTo(inside);
  }

  private static final class FakeLogs extends LogsServiceGrpc.LogsServiceImplBase {
    private final BlockingQueue<ExportLogsServiceRequest> got = new LinkedBlockingQueue<>();

    @Override
    public void export(
        ExportLogsServiceRequest request, StreamObserver<ExportLogsServiceResponse> answer) {
      got.add(request);
      answer.onNext(ExportLogsServiceResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  @Test
  void log_lines_by_otlp_over_grpc() throws Exception {
    FakeLogs fake = new FakeLogs();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(fake)
            .build()
            .start();
    LogEntry entry =
        new LogEntry(
            7, "GET /", Map.of("status", "200"), SPAN.span().traceId(), "b7ad6b7169203331");
    try (Batches<LogEntry> lines =
        new Batches<>(
            "test",
            OtlpGrpc.logs(
                waypoint.calls(),
                new OtlpGrpc.Target(collector(server.getPort()), Map.of(), QUICK.flush()),
                RESOURCE),
            QUICK,
            new ExportCounts(metrics, "access_log_records"))) {
      lines.accept(entry);

      ExportLogsServiceRequest request = fake.got.poll(10, TimeUnit.SECONDS);
      assertThat(request).isNotNull();
      LogRecord line = request.getResourceLogs(0).getScopeLogs(0).getLogRecords(0);
      assertThat(line.getBody().getStringValue()).isEqualTo("GET /");
      assertThat(line.getTimeUnixNano()).isEqualTo(7);
      assertThat(line.getAttributes(0).getKey()).isEqualTo("status");
      assertThat(HexFormat.of().formatHex(line.getTraceId().toByteArray()))
          .isEqualTo(SPAN.span().traceId());
    } finally {
      server.shutdownNow();
    }
  }

  /** Answers with 503 first, then takes. */
  private static HttpServer server(BlockingQueue<byte[]> got, int failures) throws IOException {
    AtomicInteger left = new AtomicInteger(failures);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          boolean fail = left.getAndDecrement() > 0;
          if (!fail) {
            got.add(body);
          }
          exchange.sendResponseHeaders(fail ? 503 : 202, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void by_otlp_over_http_and_again_when_the_collector_was_busy() throws Exception {
    BlockingQueue<byte[]> got = new LinkedBlockingQueue<>();
    HttpServer server = server(got, 2);
    HttpPost.Target target =
        new HttpPost.Target(
            collector(server.getAddress().getPort()),
            "/v1/traces",
            "application/x-protobuf",
            Map.of("x-a", "b"),
            QUICK.flush());
    try (Batches<FinishedSpan> spans =
        new Batches<>(
            "test",
            new HttpPost(waypoint.calls(), target, batch -> OtlpSpans.encode(batch, RESOURCE)),
            QUICK,
            counts)) {
      spans.accept(SPAN);

      byte[] body = got.poll(10, TimeUnit.SECONDS);
      assertThat(body).isNotNull();
      isTheSpan(ExportTraceServiceRequest.parseFrom(body));
    } finally {
      server.stop(0);
    }
  }

  @Test
  void as_zipkin_s_json() throws Exception {
    BlockingQueue<byte[]> got = new LinkedBlockingQueue<>();
    HttpServer server = server(got, 0);
    HttpPost.Target target =
        new HttpPost.Target(
            collector(server.getAddress().getPort()),
            "/api/v2/spans",
            "application/json",
            Map.of(),
            QUICK.flush());
    try (Batches<FinishedSpan> spans =
        new Batches<>(
            "test",
            new HttpPost(waypoint.calls(), target, batch -> ZipkinJson.encode(batch, "wp.demo")),
            QUICK,
            counts)) {
      spans.accept(SPAN);

      byte[] body = got.poll(10, TimeUnit.SECONDS);
      assertThat(body).isNotNull();
      JsonNode span = Json.read(body).get(0);
      assertThat(span.path("traceId").asString()).isEqualTo(SPAN.span().traceId());
      assertThat(span.path("timestamp").asLong()).isEqualTo(1_795_608_000_123_000L);
      assertThat(span.path("duration").asLong()).isEqualTo(12_400);
      assertThat(span.path("localEndpoint").path("serviceName").asString()).isEqualTo("wp.demo");
      assertThat(span.path("tags").path("http.method").asString()).isEqualTo("GET");
    } finally {
      server.stop(0);
    }
  }

  /** Takes nothing until it is let. */
  private static final class Stuck implements Transport<FinishedSpan> {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch let = new CountDownLatch(1);
    private final AtomicInteger sent = new AtomicInteger();

    @Override
    public Outcome send(List<FinishedSpan> spans) throws IOException {
      asked.countDown();
      try {
        assertThat(let.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      sent.addAndGet(spans.size());
      return Outcome.TAKEN;
    }
  }

  @Test
  void what_does_not_fit_is_dropped_and_counted_and_the_rest_is_sent_at_the_end() throws Exception {
    Stuck stuck = new Stuck();
    try (Batches<FinishedSpan> spans = new Batches<>("test", stuck, QUICK, counts)) {
      spans.accept(SPAN);
      assertThat(stuck.asked.await(10, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 5000; i++) {
        spans.accept(SPAN);
      }
      assertThat(count("ambit_spans_dropped_total{reason=\"queue_full\"}")).endsWith(" 904");
      stuck.let.countDown();
    }
    assertThat(stuck.sent).hasValue(4097);
  }

  @ParameterizedTest
  @ValueSource(strings = {"down", "slow", "garbage", "unknown"})
  void a_collector_that_is_of_no_use_costs_the_batch(String how) throws Exception {
    Timing impatient = new Timing(SOON, Duration.ofMillis(1), 2, Duration.ofSeconds(30));
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    try {
      Backend backend =
          how.equals("unknown")
              ? new Backend("nobody.demo.svc.cluster.local", 4317)
              : collector(server.getLocalPort());
      if (how.equals("down")) {
        server.close();
      } else if (how.equals("garbage")) {
        Thread.ofVirtual().start(() -> sayGarbage(server));
      }
      try (Batches<FinishedSpan> spans =
          new Batches<>("test", grpc(backend, Duration.ofMillis(500)), impatient, counts)) {
        spans.accept(SPAN);
      }
    } finally {
      server.close();
    }
    assertThat(count("ambit_spans_dropped_total{reason=\"unreachable\"}")).endsWith(" 1");
  }

  private static void sayGarbage(ServerSocket server) {
    while (true) {
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write("SSH-2.0-x\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException closed) {
        return;
      }
    }
  }
}
