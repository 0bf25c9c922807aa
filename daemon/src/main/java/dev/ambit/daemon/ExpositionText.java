package dev.ambit.daemon;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBucket;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * OpenMetrics text. Written here and not by the client library because that sorts labels by name,
 * and Istio's series have an order operators know.
 */
final class ExpositionText {
  private final StringBuilder text = new StringBuilder(16 * 1024);
  private final Map<String, List<String>> labelOrders;

  private ExpositionText(Map<String, List<String>> labelOrders) {
    this.labelOrders = labelOrders;
  }

  /** {@code labelOrders}: label names in print order, by metric name; others go by name. */
  static String of(MetricSnapshots snapshots, Map<String, List<String>> labelOrders) {
    ExpositionText exposition = new ExpositionText(labelOrders);
    for (MetricSnapshot snapshot : snapshots) {
      exposition.add(snapshot);
    }
    return exposition.text.append("# EOF\n").toString();
  }

  private void add(MetricSnapshot snapshot) {
    String name = snapshot.getMetadata().getPrometheusName();
    switch (snapshot) {
      case CounterSnapshot counter -> {
        head(counter.getMetadata(), "counter");
        for (var point : counter.getDataPoints()) {
          sample(name, "_total", labels(name, point.getLabels()), point.getValue());
        }
      }
      case GaugeSnapshot gauge -> {
        head(gauge.getMetadata(), "gauge");
        for (var point : gauge.getDataPoints()) {
          sample(name, "", labels(name, point.getLabels()), point.getValue());
        }
      }
      case HistogramSnapshot histogram -> {
        head(histogram.getMetadata(), "histogram");
        histogram.getDataPoints().forEach(point -> histogram(name, point));
      }
      case SummarySnapshot summary -> {
        head(summary.getMetadata(), "summary");
        summary.getDataPoints().forEach(point -> summary(name, point));
      }
      case InfoSnapshot info -> {
        head(info.getMetadata(), "info");
        for (var point : info.getDataPoints()) {
          sample(name, "_info", labels(name, point.getLabels()), 1);
        }
      }
      case UnknownSnapshot unknown -> {
        head(unknown.getMetadata(), "unknown");
        for (var point : unknown.getDataPoints()) {
          sample(name, "", labels(name, point.getLabels()), point.getValue());
        }
      }
      default -> {}
    }
  }

  private void histogram(String name, HistogramSnapshot.HistogramDataPointSnapshot point) {
    List<String> labels = labels(name, point.getLabels());
    long cumulative = 0;
    for (ClassicHistogramBucket bucket : point.getClassicBuckets()) {
      cumulative += bucket.getCount();
      List<String> withBound = new ArrayList<>(labels);
      double bound = bucket.getUpperBound();
      withBound.add(label("le", bound == Double.POSITIVE_INFINITY ? "+Inf" : "" + bound));
      sample(name, "_bucket", withBound, cumulative);
    }
    if (point.hasCount()) {
      sample(name, "_count", labels, point.getCount());
    }
    if (point.hasSum()) {
      sample(name, "_sum", labels, point.getSum());
    }
  }

  private void summary(String name, SummarySnapshot.SummaryDataPointSnapshot point) {
    List<String> labels = labels(name, point.getLabels());
    for (Quantile quantile : point.getQuantiles()) {
      List<String> withQuantile = new ArrayList<>(labels);
      withQuantile.add(label("quantile", "" + quantile.getQuantile()));
      sample(name, "", withQuantile, quantile.getValue());
    }
    if (point.hasCount()) {
      sample(name, "_count", labels, point.getCount());
    }
    if (point.hasSum()) {
      sample(name, "_sum", labels, point.getSum());
    }
  }

  private void head(MetricMetadata metadata, String type) {
    String name = metadata.getPrometheusName();
    String help = metadata.getHelp();
    if (help != null && !help.isBlank()) {
      text.append("# HELP ").append(name).append(' ').append(escaped(help)).append('\n');
    }
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void sample(String name, String suffix, List<String> labels, double value) {
    text.append(name).append(suffix);
    if (!labels.isEmpty()) {
      text.append('{').append(String.join(",", labels)).append('}');
    }
    text.append(' ').append(number(value)).append('\n');
  }

  private List<String> labels(String name, Labels labels) {
    List<String> order = labelOrders.get(name);
    List<String> printed = new ArrayList<>(labels.size());
    if (order == null) {
      labels.forEach(each -> printed.add(label(each.getName(), each.getValue())));
      return printed;
    }
    for (String each : order) {
      String value = labels.get(each);
      if (value != null) {
        printed.add(label(each, value));
      }
    }
    if (printed.size() < labels.size()) {
      labels.forEach(each -> {
        if (!order.contains(each.getName())) {
          printed.add(label(each.getName(), each.getValue()));
        }
      });
    }
    return printed;
  }

  private static String label(String name, String value) {
    return name + "=\"" + escaped(value) + '"';
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  private static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    } else if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    return Double.toString(value);
  }
}
