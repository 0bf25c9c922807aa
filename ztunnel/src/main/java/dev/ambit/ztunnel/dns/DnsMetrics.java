package dev.ambit.ztunnel.dns;

import dev.ambit.daemon.LoopCells;
import dev.ambit.daemon.LoopHistograms;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.workload.Workload;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The DNS series of Istio (spec: ztunnel-observability §1). A pod takes cells of its own, on its
 * own event loop, and gives them back when it goes.
 */
final class DnsMetrics {
  private static final List<String> LABELS =
      List.of(
          "request_query_type",
          "request_protocol",
          "source_canonical_service",
          "source_canonical_revision");

  /** By number; a client must not make series by asking for types nobody knows. */
  private static final Map<Integer, String> TYPES =
      Map.ofEntries(
          Map.entry(Wire.A, "a"),
          Map.entry(2, "ns"),
          Map.entry(Wire.CNAME, "cname"),
          Map.entry(6, "soa"),
          Map.entry(12, "ptr"),
          Map.entry(13, "hinfo"),
          Map.entry(15, "mx"),
          Map.entry(16, "txt"),
          Map.entry(Wire.AAAA, "aaaa"),
          Map.entry(33, "srv"),
          Map.entry(35, "naptr"),
          Map.entry(43, "ds"),
          Map.entry(46, "rrsig"),
          Map.entry(47, "nsec"),
          Map.entry(48, "dnskey"),
          Map.entry(52, "tlsa"),
          Map.entry(64, "svcb"),
          Map.entry(65, "https"),
          Map.entry(255, "any"),
          Map.entry(257, "caa"));

  private final LoopCells requests;
  private final LoopCells upstreamRequests;
  private final LoopCells upstreamFailures;
  private final LoopHistograms upstreamDurations;

  DnsMetrics(Metrics metrics) {
    this.requests =
        metrics.counters("istio_dns_requests", "Total number of DNS requests (unstable).", LABELS);
    this.upstreamRequests =
        metrics.counters(
            "istio_dns_upstream_requests",
            "Total number of DNS requests forwarded to upstream (unstable).",
            LABELS);
    this.upstreamFailures =
        metrics.counters(
            "istio_dns_upstream_failures",
            "Total number of DNS requests that failed to forward upstream (unstable).",
            LABELS);
    this.upstreamDurations =
        metrics.histograms(
            "istio_dns_upstream_request_duration_seconds",
            "Total time in seconds Istio takes to get DNS response from upstream (unstable).",
            LABELS,
            .0005,
            .001,
            .01,
            .1,
            1,
            5);
  }

  static String type(int number) {
    return TYPES.getOrDefault(number, "unknown");
  }

  /** The series of one pod; on one thread. */
  final class OfPod {
    private final Map<Map<String, String>, Series> series = new HashMap<>();

    Series series(int type, boolean datagram, Workload client) {
      Map<String, String> labels =
          Map.of(
              "request_query_type", type(type),
              "request_protocol", datagram ? "udp" : "tcp",
              "source_canonical_service", known(client.canonicalName()),
              "source_canonical_revision", known(client.canonicalRevision()));
      return series.computeIfAbsent(labels, Series::new);
    }

    void release() {
      series.values().forEach(Series::release);
      series.clear();
    }
  }

  private static String known(String value) {
    return value.isEmpty() ? "unknown" : value;
  }

  /** What is counted of one kind of query; the others come with the first that is forwarded. */
  final class Series {
    private final Map<String, String> labels;
    private final LoopCells.Cell asked;
    private LoopCells.@Nullable Cell forwarded;
    private LoopCells.@Nullable Cell failed;
    private LoopHistograms.@Nullable Cell durations;

    private Series(Map<String, String> labels) {
      this.labels = labels;
      this.asked = requests.cell(labels);
    }

    void asked() {
      asked.increment();
    }

    void forwarded() {
      LoopCells.Cell cell = forwarded == null ? upstreamRequests.cell(labels) : forwarded;
      forwarded = cell;
      cell.increment();
    }

    void answered(double seconds) {
      LoopHistograms.Cell cell = durations == null ? upstreamDurations.cell(labels) : durations;
      durations = cell;
      cell.record(seconds);
    }

    void failed() {
      LoopCells.Cell cell = failed == null ? upstreamFailures.cell(labels) : failed;
      failed = cell;
      cell.increment();
    }

    private void release() {
      asked.release();
      if (forwarded != null) {
        forwarded.release();
      }
      if (failed != null) {
        failed.release();
      }
      if (durations != null) {
        durations.release();
      }
    }
  }
}
