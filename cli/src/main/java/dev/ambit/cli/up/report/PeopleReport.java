package dev.ambit.cli.up.report;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Lines for people; on a terminal the step that runs is shown and replaced by its result. */
final class PeopleReport implements Report {
  private static final int STEP_WIDTH = 40;

  private final PrintStream out;
  private final boolean terminal;
  private final boolean colour;
  private String running = "";

  PeopleReport(PrintStream out, boolean terminal, boolean colour) {
    this.out = out;
    this.terminal = terminal;
    this.colour = colour;
  }

  @Override
  public synchronized void begin(String step, String claim) {
    running = "  … " + step;
    draw();
  }

  @Override
  public synchronized void step(StepResult result) {
    erase();
    running = "";
    String mark = result.ok() ? paint("32", "ok  ") : paint("31", "FAIL");
    out.println(mark + " " + pad(result.step()) + " " + seconds(result.took()));
    out.println("     " + result.claim());
    if (!result.figures().isEmpty()) {
      out.println(paint("2", "     " + figures(result.figures())));
    }
    if (!result.ok()) {
      out.println(paint("31", "     " + result.trouble().replace("\n", "\n     ")));
    }
    out.flush();
  }

  @Override
  public synchronized void note(String sentence) {
    erase();
    out.println(paint("2", "     " + sentence));
    draw();
  }

  @Override
  public synchronized void text(String lines) {
    erase();
    out.println(lines);
    out.flush();
  }

  static String figures(Map<String, Object> figures) {
    return figures.entrySet().stream()
        .map(figure -> figure.getKey() + "=" + figure.getValue())
        .collect(Collectors.joining("  "));
  }

  static String seconds(Duration time) {
    return time.toMillis() / 1000 + "." + time.toMillis() % 1000 / 100 + " s";
  }

  private static String pad(String step) {
    return step + " ".repeat(Math.max(0, STEP_WIDTH - step.length()));
  }

  private String paint(String code, String text) {
    return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  private void draw() {
    if (terminal && !running.isEmpty()) {
      out.print(running);
      out.flush();
    }
  }

  private void erase() {
    if (terminal && !running.isEmpty()) {
      out.print("\r\u001b[K");
    }
  }
}
