package dev.ambit.cli.up.report;

import dev.ambit.daemon.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One JSON object a step on standard output, {@code {"step":…,"ok":…,"figures":{…}}}; sentences go
 * to standard error.
 */
final class JsonReport implements Report {
  private final PrintStream out;
  private final PrintStream err;

  JsonReport(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  static ObjectNode line(StepResult result) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("step", result.step());
    line.put("ok", result.ok());
    ObjectNode figures = line.putObject("figures");
    for (Map.Entry<String, Object> figure : result.figures().entrySet()) {
      switch (figure.getValue()) {
        case Long number -> figures.put(figure.getKey(), number);
        case Integer number -> figures.put(figure.getKey(), number);
        case Double number -> figures.put(figure.getKey(), number);
        case Boolean flag -> figures.put(figure.getKey(), flag);
        case Object other -> figures.put(figure.getKey(), other.toString());
      }
    }
    if (!result.ok()) {
      line.put("trouble", result.trouble());
    }
    line.put("millis", result.took().toMillis());
    return line;
  }

  @Override
  public synchronized void begin(String step, String claim) {}

  @Override
  public synchronized void step(StepResult result) {
    out.println(new String(Json.write(line(result)), StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public synchronized void note(String sentence) {
    err.println(sentence);
  }

  @Override
  public synchronized void text(String lines) {
    err.println(lines);
  }
}
