package dev.ambit.daemon;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The registry of a process and its exposition (spec: ztunnel-observability §1). Hot counters are
 * cells owned by one event loop each ({@link LoopCells}); the registry reads their sum at scrape.
 * Thread-safe.
 */
public final class Metrics {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text;charset=utf-8;version=1.0.0";
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Path LIMITS = Path.of("/proc/self/limits");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<String, List<String>> labelOrders = new ConcurrentHashMap<>();
  private final AtomicBoolean jvmBound = new AtomicBoolean();

  public Metrics() {
    Gauge.builder("process_open_fds", Metrics::openDescriptors)
        .description("Number of open file descriptors")
        .register(registry);
    Gauge.builder("process_max_fds", Metrics::mostDescriptors)
        .description("Maximum number of file descriptors")
        .register(registry);
    FunctionCounter.builder("ambit_log_lines_dropped", this, metrics -> Log.dropped())
        .description("Log lines dropped because nobody took them away in time.")
        .register(registry);
  }

  public MeterRegistry registry() {
    return registry;
  }

  /**
   * A family of counters made of cells. {@code labels} is the order labels are printed in; a series
   * may lack some of them, and have others, which are printed after those.
   */
  public LoopCells counters(String name, String help, List<String> labels) {
    return family(name, labels, new LoopCells(registry, name, help, LoopCells.Kind.COUNTER));
  }

  /** A family of gauges made of cells; a single cell may be negative, what counts is the sum. */
  public LoopCells gauges(String name, String help, List<String> labels) {
    return family(name, labels, new LoopCells(registry, name, help, LoopCells.Kind.GAUGE));
  }

  /** A family of histograms made of cells; {@code bounds} are the upper ones, ascending. */
  public LoopHistograms histograms(
      String name, String help, List<String> labels, double... bounds) {
    ordered(name, labels);
    return new LoopHistograms(registry.getPrometheusRegistry(), name, help, bounds);
  }

  private LoopCells family(String name, List<String> labels, LoopCells cells) {
    ordered(name, labels);
    return cells;
  }

  private void ordered(String name, List<String> labels) {
    if (labelOrders.putIfAbsent(name, List.copyOf(labels)) != null) {
      throw new IllegalStateException("metric " + name + ": got a second family, expected one");
    }
  }

  /**
   * The exposition for an Accept header. The body is OpenMetrics in any case, as upstream's; only
   * the content type follows what was asked for.
   */
  public Exposition scrape(String accept) {
    if (jvmBound.compareAndSet(false, true)) {
      bindJvm();
    }
    String body = ExpositionText.of(registry.getPrometheusRegistry().scrape(), labelOrders);
    return new Exposition(
        accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT,
        body.getBytes(StandardCharsets.UTF_8));
  }

  /** The pages {@code /metrics} and {@code /stats/prometheus}. */
  public AdminServer.Page page() {
    return request -> {
      Exposition all = scrape(request.headers().getOrDefault("accept", ""));
      return new AdminServer.Reply(200, all.contentType(), all.body());
    };
  }

  /** At the first scrape only: the management beans would add 100 ms to every start. */
  private void bindJvm() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      FunctionCounter.builder(
              "jvm_gc_collections", collector, gc -> Math.max(0, gc.getCollectionCount()))
          .tag("gc", collector.getName())
          .description("Garbage collections.")
          .register(registry);
      FunctionCounter.builder(
              "jvm_gc_seconds", collector, gc -> Math.max(0, gc.getCollectionTime()) / 1000.0)
          .tag("gc", collector.getName())
          .description("Time spent in garbage collections.")
          .register(registry);
    }
  }

  private static double openDescriptors() {
    try (var descriptors = Files.list(DESCRIPTORS)) {
      return descriptors.count();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private static double mostDescriptors() {
    try (var lines = Files.lines(LIMITS)) {
      return lines
          .filter(line -> line.startsWith("Max open files"))
          .map(line -> line.split("\\s+")[3])
          .mapToDouble(soft ->
              soft.equals("unlimited") ? Double.POSITIVE_INFINITY : Double.parseDouble(soft))
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  /** A body and its content type. */
  public record Exposition(String contentType, byte[] body) {}
}
