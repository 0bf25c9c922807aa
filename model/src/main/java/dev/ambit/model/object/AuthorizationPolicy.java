package dev.ambit.model.object;

import java.util.List;
import java.util.Map;

/**
 * A {@code security.istio.io AuthorizationPolicy}.
 *
 * @param selector labels of the pods it covers; empty covers the namespace
 * @param targetRefs what it is attached to instead; such a policy is a waypoint's
 * @param provider who decides for CUSTOM, "" otherwise
 */
public record AuthorizationPolicy(
    Metadata metadata,
    Map<String, String> selector,
    List<TargetReference> targetRefs,
    Action action,
    String provider,
    List<Rule> rules)
    implements ClusterObject {
  public AuthorizationPolicy {
    selector = Map.copyOf(selector);
    targetRefs = List.copyOf(targetRefs);
    rules = List.copyOf(rules);
  }

  /** One that asks no provider. */
  public AuthorizationPolicy(
      Metadata metadata,
      Map<String, String> selector,
      List<TargetReference> targetRefs,
      Action action,
      List<Rule> rules) {
    this(metadata, selector, targetRefs, action, "", rules);
  }

  @Override
  public AuthorizationPolicy withMetadata(Metadata other) {
    return new AuthorizationPolicy(other, selector, targetRefs, action, provider, rules);
  }

  /** What a matching rule means. */
  public enum Action {
    ALLOW,
    DENY,
    AUDIT,
    CUSTOM
  }

  /** Sources are joined by OR, so are operations; the three parts by AND. */
  public record Rule(List<Source> from, List<Operation> to, List<Condition> when) {
    public Rule {
      from = List.copyOf(from);
      to = List.copyOf(to);
      when = List.copyOf(when);
    }
  }

  /** Who calls. {@code fields} maps each list of the YAML that is present to its values. */
  public record Source(Map<String, List<String>> fields) {
    public Source {
      fields = Map.copyOf(fields);
    }
  }

  /** What is called. {@code fields} maps each list of the YAML that is present to its values. */
  public record Operation(Map<String, List<String>> fields) {
    public Operation {
      fields = Map.copyOf(fields);
    }
  }

  /** One extra condition. */
  public record Condition(String key, List<String> values, List<String> notValues) {
    public Condition {
      values = List.copyOf(values);
      notValues = List.copyOf(notValues);
    }
  }
}
