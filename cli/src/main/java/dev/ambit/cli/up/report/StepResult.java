package dev.ambit.cli.up.report;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How one step ended.
 *
 * @param claim the sentence the step proves
 * @param figures what was measured, in the order it was; numbers, booleans and strings
 * @param trouble what was got and what was expected; "" when all is well
 */
public record StepResult(
    String step, String claim, Map<String, Object> figures, String trouble, Duration took) {
  public StepResult {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  public boolean ok() {
    return trouble.isEmpty();
  }
}
