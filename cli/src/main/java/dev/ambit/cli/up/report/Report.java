package dev.ambit.cli.up.report;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Who is told what happens. Lines of different callers never mix; calls may come from any thread.
 */
public interface Report {
  /** A step begins; only a terminal shows it. */
  void begin(String step, String claim);

  /** A step has ended. */
  void step(StepResult result);

  /** A sentence beside the steps. */
  void note(String sentence);

  /** Text for a person who now has the mesh. */
  void text(String lines);

  /** The forms a report can have. */
  enum Form {
    PEOPLE,
    JSON
  }

  /** The report for {@code out}; people get colour only on a terminal without NO_COLOR. */
  static Report of(Form form, PrintStream out, PrintStream err) {
    return switch (form) {
      case JSON -> new JsonReport(out, err);
      case PEOPLE -> new PeopleReport(out, terminal(), colour());
    };
  }

  private static boolean terminal() {
    // Set by the launcher, which can ask the kernel about standard output.
    return System.getenv("AMBIT_TERMINAL") != null;
  }

  private static boolean colour() {
    String never = System.getenv("NO_COLOR");
    String term = System.getenv("TERM");
    return terminal()
        && (never == null || never.isEmpty())
        && (term == null || !term.toLowerCase(Locale.ROOT).equals("dumb"));
  }
}
