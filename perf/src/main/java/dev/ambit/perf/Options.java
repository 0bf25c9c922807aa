package dev.ambit.perf;

import java.util.ArrayList;
import java.util.List;

/**
 * What the command line asks for.
 *
 * @param rows ids of performance.md §7, in the order they run
 * @param transports one block of rows each, with its own calibration rows
 * @param rounds how often each figure is taken; the median is reported
 * @param gigabytes moved in each bulk run, 10^9 bytes each
 * @param seconds of each load of the rows through a waypoint
 * @param mesh false to run the calibration rows alone
 */
record Options(
    List<String> rows,
    List<String> transports,
    int rounds,
    int gigabytes,
    int seconds,
    boolean mesh) {
  static final List<String> ROWS = List.of("B1", "B3", "B4", "B6", "B11", "B12", "B16");
  private static final List<String> WAYPOINT_ROWS = List.of("B11", "B12");
  static final String USAGE =
      """
      usage: ./dev bench [ROW…] [--transport epoll,io_uring] [--rounds N] [--gigabytes N] [--seconds N] [--no-mesh]
        rows: B1 bulk, B3 round trip, B4 connections, B6 idle memory, B11 waypoint,
              B12 slow neighbour, B16 start (all when none is named)
      """;

  /** An argument that is not understood. */
  static final class Misuse extends RuntimeException {
    private static final long serialVersionUID = 1;

    Misuse(String message) {
      super(message);
    }
  }

  static Options of(List<String> arguments) {
    List<String> rows = new ArrayList<>();
    List<String> transports = List.of("auto");
    int rounds = 5;
    int gigabytes = 3;
    int seconds = 8;
    boolean mesh = true;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      switch (argument) {
        case "--transport" -> transports = List.of(value(arguments, ++i).split(","));
        case "--rounds" -> rounds = number(argument, value(arguments, ++i));
        case "--gigabytes" -> gigabytes = number(argument, value(arguments, ++i));
        case "--seconds" -> seconds = number(argument, value(arguments, ++i));
        case "--no-mesh" -> mesh = false;
        default -> rows.add(row(argument));
      }
    }
    return new Options(
        rows.isEmpty() ? ROWS : List.copyOf(rows), transports, rounds, gigabytes, seconds, mesh);
  }

  /** The rows of one table. */
  List<String> rows(Board.Kind kind) {
    return rows.stream()
        .filter(row -> WAYPOINT_ROWS.contains(row) == (kind == Board.Kind.WAYPOINT))
        .toList();
  }

  private static String row(String argument) {
    if (!ROWS.contains(argument)) {
      throw new Misuse("argument: got " + argument + ", expected an option or one of " + ROWS);
    }
    return argument;
  }

  private static String value(List<String> arguments, int index) {
    if (index == arguments.size()) {
      throw new Misuse(arguments.getLast() + ": got nothing, expected a value");
    }
    return arguments.get(index);
  }

  private static int number(String option, String value) {
    if (!value.matches("[1-9][0-9]{0,2}")) {
      throw new Misuse(option + ": got " + value + ", expected a number from 1 to 999");
    }
    return Integer.parseInt(value);
  }
}
