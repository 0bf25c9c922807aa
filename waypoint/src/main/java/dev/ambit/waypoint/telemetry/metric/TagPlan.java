package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.model.telemetry.EffectiveTelemetry.Metric;
import dev.ambit.model.telemetry.EffectiveTelemetry.MetricRule;
import dev.ambit.model.telemetry.Expression;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What Telemetry objects change about labels. Equal only to itself: two requests are of one series
 * when they have one plan.
 */
final class TagPlan {
  /** Nothing is changed. */
  static final TagPlan USUAL = new TagPlan(EffectiveTelemetry.DEFAULT);

  private final EffectiveTelemetry rules;
  private final List<Expression> expressions;

  TagPlan(EffectiveTelemetry rules) {
    this.rules = rules;
    Set<Expression> all = new LinkedHashSet<>();
    rules.metrics().values().forEach(rule -> all.addAll(rule.tags().values()));
    this.expressions = List.copyOf(all);
  }

  boolean counts(Metric metric) {
    return !rules.rule(metric).disabled();
  }

  /** The values of its tags for one request. */
  List<String> values(Expression.Facts facts) {
    if (expressions.isEmpty()) {
      return List.of();
    }
    List<String> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      String value = expression.text(facts);
      values.add(value == null || value.isEmpty() ? Side.UNKNOWN : cut(value));
    }
    return List.copyOf(values);
  }

  private static String cut(String value) {
    return value.length() <= 256 ? value : value.substring(0, 256);
  }

  /** The labels of {@code metric} for a series with {@code usual} labels. */
  Map<String, String> labels(Metric metric, Map<String, String> usual, List<String> values) {
    MetricRule rule = rules.rule(metric);
    if (rule.tags().isEmpty() && rule.removed().isEmpty()) {
      return usual;
    }
    Map<String, String> labels = new LinkedHashMap<>(usual);
    rule.removed().forEach(labels::remove);
    rule.tags()
        .forEach((tag, expression) -> labels.put(tag, values.get(expressions.indexOf(expression))));
    return labels;
  }
}
