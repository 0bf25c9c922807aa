package dev.ambit.daemon;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Histograms of one name whose series are made of cells, as {@link LoopCells} are: each event loop
 * owns one cell a series and records into it without any lock or atomic operation. Taking and
 * releasing cells is thread-safe and slow. Made by {@link Metrics}.
 */
public final class LoopHistograms {
  private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle SUM;

  static {
    try {
      SUM = MethodHandles.lookup().findVarHandle(Cell.class, "sum", double.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;
  private final String help;
  private final double[] bounds;
  private final Map<Map<String, String>, Series> series = new HashMap<>();

  LoopHistograms(PrometheusRegistry registry, String name, String help, double[] bounds) {
    this.name = name;
    this.help = help;
    this.bounds = bounds.clone();
    registry.register(
        new Collector() {
          @Override
          public MetricSnapshot collect() {
            return snapshot();
          }
        });
  }

  /** A new cell of the series with these labels; its owner is the one thread that records. */
  public Cell cell(Map<String, String> labels) {
    synchronized (series) {
      Series of = series.get(labels);
      if (of == null) {
        of = new Series(Map.copyOf(labels), bounds.length + 1);
        if (series.size() < LoopCells.MOST_SERIES) {
          series.put(of.labels, of);
        }
      }
      Cell cell = new Cell(this, of);
      of.cells.add(cell);
      return cell;
    }
  }

  /** How many series there are. */
  public int size() {
    synchronized (series) {
      return series.size();
    }
  }

  private MetricSnapshot snapshot() {
    HistogramSnapshot.Builder all = HistogramSnapshot.builder().name(name).help(help);
    synchronized (series) {
      series.values().forEach(each -> all.dataPoint(each.point(bounds)));
    }
    return all.build();
  }

  private void release(Cell cell) {
    synchronized (series) {
      Series of = cell.series;
      if (!of.cells.remove(cell)) {
        return;
      }
      cell.addTo(of.released);
      of.releasedSum += cell.sum();
      if (of.cells.isEmpty()) {
        series.remove(of.labels, of);
      }
    }
  }

  /** The part of one series that one thread records into. */
  public static final class Cell {
    private final LoopHistograms family;
    private final Series series;
    private final long[] counts;

    @SuppressWarnings("unused") // by SUM
    private double sum;

    private Cell(LoopHistograms family, Series series) {
      this.family = family;
      this.series = series;
      this.counts = new long[family.bounds.length + 1];
    }

    /** Owner only. */
    public void record(double value) {
      double[] bounds = family.bounds;
      int bucket = 0;
      while (bucket < bounds.length && value > bounds[bucket]) {
        bucket++;
      }
      COUNTS.setOpaque(counts, bucket, counts[bucket] + 1);
      SUM.setOpaque(this, (double) SUM.get(this) + value);
    }

    private double sum() {
      return (double) SUM.getOpaque(this);
    }

    private void addTo(long[] totals) {
      for (int i = 0; i < totals.length; i++) {
        totals[i] += (long) COUNTS.getOpaque(counts, i);
      }
    }

    /**
     * Gives the cell back, with its records staying in the series; the owner must not record any
     * more. The series goes when its last cell does.
     */
    public void release() {
      family.release(this);
    }
  }

  /** Guarded by {@link #series}. */
  private static final class Series {
    final Map<String, String> labels;
    final List<Cell> cells = new ArrayList<>();
    final long[] released;
    double releasedSum;

    Series(Map<String, String> labels, int buckets) {
      this.labels = labels;
      this.released = new long[buckets];
    }

    HistogramSnapshot.HistogramDataPointSnapshot point(double[] bounds) {
      long[] counts = released.clone();
      double sum = releasedSum;
      for (Cell cell : cells) {
        cell.addTo(counts);
        sum += cell.sum();
      }
      ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
      for (int i = 0; i < counts.length; i++) {
        buckets.bucket(i < bounds.length ? bounds[i] : Double.POSITIVE_INFINITY, counts[i]);
      }
      List<String> names = List.copyOf(labels.keySet());
      return HistogramSnapshot.HistogramDataPointSnapshot.builder()
          .classicHistogramBuckets(buckets.build())
          .sum(sum)
          .labels(Labels.of(names, names.stream().map(labels::get).toList()))
          .build();
    }
  }
}
