package dev.ambit.cli.waypoint;

import dev.ambit.cli.print.Ink;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Whether and how long a command waits for a waypoint. */
final class Waiting {
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final int NOT_DONE = 1;

  @Option(
      names = {"-w", "--wait"},
      description = "Waits until the waypoint is programmed and its pods are ready.")
  private boolean wait;

  @Option(
      names = "--waypoint-timeout",
      paramLabel = "TIME",
      description = "How long --wait waits, such as 90s or 2m. Default: ${DEFAULT-VALUE}.")
  private String timeout = "90s";

  /** 0 when it need not wait or the waypoint came up. */
  int await(Supplier<Optional<Listing.Row>> look, Ink ink, PrintWriter out)
      throws InterruptedException {
    if (!wait) {
      return 0;
    }
    Duration limit = limit();
    long start = System.nanoTime();
    while (true) {
      Optional<Listing.Row> row = look.get();
      Duration passed = Duration.ofNanos(System.nanoTime() - start);
      if (row.filter(Listing.Row::isUp).isPresent()) {
        out.println(ink.good("up") + " after " + passed.toMillis() + " ms");
        out.flush();
        return 0;
      }
      if (passed.compareTo(limit) > 0) {
        out.println(ink.bad("not up after " + timeout) + row.map(Waiting::why).orElse(""));
        out.flush();
        return NOT_DONE;
      }
      Thread.sleep(PAUSE);
    }
  }

  private static String why(Listing.Row row) {
    String reasons = row.reasons();
    return ": "
        + (reasons.isEmpty() ? "programmed: " + row.programmed() : reasons)
        + ", "
        + row.ready()
        + " of "
        + row.pods()
        + " pods ready; 'ambit check' may say more";
  }

  private Duration limit() {
    String text = timeout.toUpperCase(java.util.Locale.ROOT);
    return Duration.parse("PT" + (text.matches("[0-9]+") ? text + "S" : text));
  }
}
