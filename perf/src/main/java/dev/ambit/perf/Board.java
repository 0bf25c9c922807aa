package dev.ambit.perf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The samples of one block of rows, by figure and candidate, in the order they were taken. */
final class Board {
  /** One line of the table. */
  record Figure(String row, String name, String unit) {}

  /** A candidate that could not finish a row. */
  record Failed(String row, String candidate, String reason) {}

  /** Which table of rows, and what its other candidates are compared with. */
  enum Kind {
    TUNNEL(Calibration.RELAYS, Calibration.HAPROXY),
    WAYPOINT(WaypointSite.NGINX, WaypointSite.ENVOY);

    private final List<String> bases;

    Kind(String... bases) {
      this.bases = List.of(bases);
    }

    List<String> bases() {
      return bases;
    }
  }

  private final Kind kind;
  private final String title;
  private final Map<Figure, Map<String, List<Double>>> samples = new LinkedHashMap<>();
  private final List<Failed> failures = new ArrayList<>();

  Board(Kind kind, String title) {
    this.kind = kind;
    this.title = title;
  }

  Kind kind() {
    return kind;
  }

  String title() {
    return title;
  }

  void add(String row, String name, String unit, Candidate candidate, double value) {
    add(new Figure(row, name, unit), candidate.name(), value);
  }

  void add(Figure figure, String candidate, double value) {
    samples
        .computeIfAbsent(figure, unused -> new LinkedHashMap<>())
        .computeIfAbsent(candidate, unused -> new ArrayList<>())
        .add(value);
  }

  void fail(String row, String candidate, String reason) {
    failures.add(new Failed(row, candidate, reason));
  }

  boolean failed(String row, String candidate) {
    return failures.stream().anyMatch(f -> f.row().equals(row) && f.candidate().equals(candidate));
  }

  /** Adds, for each other candidate, by how much its median of a figure exceeds {@code base}'s. */
  void addDifference(Figure figure, String base, String name) {
    OptionalDouble zero = median(figure, base);
    if (zero.isEmpty()) {
      return;
    }
    Map<String, List<Double>> taken = Map.copyOf(samples.getOrDefault(figure, Map.of()));
    Figure added = new Figure(figure.row(), name, figure.unit());
    taken.forEach((candidate, values) -> {
      if (!candidate.equals(base)) {
        add(added, candidate, median(values) - zero.getAsDouble());
      }
    });
  }

  /** By row as in {@link Options#ROWS}, then by name. */
  List<Figure> figures() {
    return samples.keySet().stream()
        .sorted(
            Comparator.comparingInt((Figure f) -> Options.ROWS.indexOf(f.row()))
                .thenComparing(Figure::name))
        .toList();
  }

  List<Failed> failures() {
    return List.copyOf(failures);
  }

  /** The candidates that have a sample of {@code figure}. */
  List<String> candidates(Figure figure) {
    return List.copyOf(samples.getOrDefault(figure, Map.of()).keySet());
  }

  List<Double> samples(Figure figure, String candidate) {
    return samples.getOrDefault(figure, Map.of()).getOrDefault(candidate, List.of());
  }

  OptionalDouble median(Figure figure, String candidate) {
    List<Double> taken = samples(figure, candidate);
    return taken.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(median(taken));
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
