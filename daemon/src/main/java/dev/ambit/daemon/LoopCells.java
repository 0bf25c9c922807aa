package dev.ambit.daemon;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Counters (or gauges) of one name whose series are made of cells: each event loop owns one cell a
 * series and adds to it without any lock or atomic operation; the registry reads the sum. Taking
 * and releasing cells is thread-safe and slow; adding is for the owner only and is one plain add.
 * Made by {@link Metrics}.
 */
public final class LoopCells {
  /** Beyond this many series a family exposes no new ones. */
  static final int MOST_SERIES = 20_000;

  private static final VarHandle COUNT;

  static {
    try {
      COUNT = MethodHandles.lookup().findVarHandle(Cell.class, "count", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final MeterRegistry registry;
  private final String name;
  private final String help;
  private final Kind kind;
  private final Map<Map<String, String>, Series> series = new HashMap<>();

  enum Kind {
    COUNTER,
    GAUGE
  }

  LoopCells(MeterRegistry registry, String name, String help, Kind kind) {
    this.registry = registry;
    this.name = name;
    this.help = help;
    this.kind = kind;
  }

  /** A new cell, at 0, of the series with these labels; its owner is the one thread that adds. */
  public Cell cell(Map<String, String> labels) {
    synchronized (series) {
      Series of = series.get(labels);
      if (of == null) {
        of = new Series(Map.copyOf(labels));
        if (series.size() < MOST_SERIES) {
          series.put(of.labels, of);
          of.meter = register(of);
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

  private Meter register(Series of) {
    List<Tag> tags =
        of.labels.entrySet().stream()
            .map(label -> Tag.of(label.getKey(), label.getValue()))
            .toList();
    return switch (kind) {
      case COUNTER ->
          FunctionCounter.builder(name, of, Series::sum)
              .tags(tags)
              .description(help)
              .register(registry);
      case GAUGE ->
          Gauge.builder(name, of, Series::sum).tags(tags).description(help).register(registry);
    };
  }

  private void release(Cell cell) {
    synchronized (series) {
      Series of = cell.series;
      if (!of.cells.remove(cell)) {
        return;
      }
      of.released += cell.value();
      if (of.cells.isEmpty() && series.remove(of.labels, of) && of.meter != null) {
        registry.remove(of.meter);
      }
    }
  }

  /** The part of one series that one thread adds to. */
  public static final class Cell {
    private final LoopCells family;
    private final Series series;

    @SuppressWarnings("unused") // by COUNT
    private long count;

    private Cell(LoopCells family, Series series) {
      this.family = family;
      this.series = series;
    }

    /** Owner only. */
    public void add(long amount) {
      COUNT.setOpaque(this, (long) COUNT.get(this) + amount);
    }

    /** Owner only. */
    public void increment() {
      add(1);
    }

    /** Any thread. */
    public long value() {
      return (long) COUNT.getOpaque(this);
    }

    /**
     * Gives the cell back, with its count staying in the series; the owner must not add any more.
     * The series goes when its last cell does.
     */
    public void release() {
      family.release(this);
    }
  }

  private static final class Series {
    final Map<String, String> labels;
    final List<Cell> cells = new CopyOnWriteArrayList<>();
    volatile long released;
    @Nullable Meter meter;

    Series(Map<String, String> labels) {
      this.labels = labels;
    }

    double sum() {
      long sum = released;
      for (Cell cell : cells) {
        sum += cell.value();
      }
      return sum;
    }
  }
}
