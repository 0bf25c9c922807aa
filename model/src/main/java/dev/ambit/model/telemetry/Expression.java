package dev.ambit.model.telemetry;

import dev.ambit.model.telemetry.Attribute.Type;
import org.jspecify.annotations.Nullable;

/**
 * The part of CEL that tags and log filters may use (spec: l7-telemetry §2): literals, attributes,
 * headers, comparisons, tests of text, {@code in}, {@code has}, {@code string}, boolean operators
 * and {@code ? :}. Values are text, whole numbers and truths; what has no value makes what is built
 * on it have none.
 */
public sealed interface Expression {
  /** What is asked of one request. Values are null when there is none. */
  interface Facts {
    /** A String, Long or Boolean, as the attribute's type is. */
    @Nullable Object of(Attribute attribute);

    /** By name in lower case. */
    @Nullable String requestHeader(String name);

    /** By name in lower case. */
    @Nullable String responseHeader(String name);
  }

  /** Null when it has none. */
  @Nullable Object value(Facts facts);

  Type type();

  /** Whether it has so few values that it may be a tag. */
  boolean fewValues();

  /** Reads a filter; throws IllegalArgumentException that says what is wrong. */
  static Expression filter(String text) {
    Expression filter = new ExpressionParser(text).read();
    if (filter.type() != Type.TRUTH) {
      throw new IllegalArgumentException(
          "got a value of type " + filter.type() + ", expected true or false");
    }
    return filter;
  }

  /** Reads the value of a tag; throws IllegalArgumentException that says what is wrong. */
  static Expression tag(String text) {
    Expression value = new ExpressionParser(text).read();
    if (!value.fewValues()) {
      throw new IllegalArgumentException(
          "got something that differs from request to request, expected a value of few kinds");
    }
    return value;
  }

  /** Whether a filter holds; it does not when it has no value. */
  default boolean holds(Facts facts) {
    return Boolean.TRUE.equals(value(facts));
  }

  /** The value as text; null when it has none. */
  default @Nullable String text(Facts facts) {
    Object value = value(facts);
    return value == null ? null : value.toString();
  }

  /** A literal. */
  record Fixed(Object value, Type type) implements Expression {
    @Override
    public Object value(Facts facts) {
      return value;
    }

    @Override
    public boolean fewValues() {
      return true;
    }
  }

  /** An attribute of the request. */
  record Of(Attribute attribute) implements Expression {
    @Override
    public @Nullable Object value(Facts facts) {
      return facts.of(attribute);
    }

    @Override
    public Type type() {
      return attribute.type();
    }

    @Override
    public boolean fewValues() {
      return attribute.fewValues();
    }
  }

  /** A header, by its name in lower case. */
  record Header(boolean ofRequest, String name) implements Expression {
    @Override
    public @Nullable Object value(Facts facts) {
      return ofRequest ? facts.requestHeader(name) : facts.responseHeader(name);
    }

    @Override
    public Type type() {
      return Type.TEXT;
    }

    @Override
    public boolean fewValues() {
      return true;
    }
  }

  /** Another value as text. */
  record AsText(Expression of) implements Expression {
    @Override
    public @Nullable Object value(Facts facts) {
      return of.text(facts);
    }

    @Override
    public Type type() {
      return Type.TEXT;
    }

    @Override
    public boolean fewValues() {
      return of.fewValues();
    }
  }

  /** Whether there is a value. */
  record Has(Expression what) implements Truth {
    @Override
    public Boolean value(Facts facts) {
      return what.value(facts) != null;
    }
  }

  /** The opposite. */
  record Not(Expression of) implements Truth {
    @Override
    public @Nullable Boolean value(Facts facts) {
      return of.value(facts) instanceof Boolean truth ? !truth : null;
    }
  }

  /** Whether both or any of two hold; one of them may decide without the other. */
  record Joined(boolean both, Expression left, Expression right) implements Truth {
    @Override
    public @Nullable Boolean value(Facts facts) {
      Object first = left.value(facts);
      if (first instanceof Boolean truth && truth != both) {
        return truth;
      }
      Object second = right.value(facts);
      if (second instanceof Boolean truth && (truth != both || first != null)) {
        return truth;
      }
      return null;
    }
  }

  /** A comparison of two numbers or two texts. */
  record Compared(Expression left, Operator operator, Expression right) implements Truth {
    /** How. */
    public enum Operator {
      EQUAL,
      UNEQUAL,
      LESS,
      AT_MOST,
      MORE,
      AT_LEAST
    }

    @Override
    public @Nullable Boolean value(Facts facts) {
      Object first = left.value(facts);
      Object second = right.value(facts);
      if (first == null || second == null) {
        return null;
      }
      int order = order(first, second);
      return switch (operator) {
        case EQUAL -> order == 0;
        case UNEQUAL -> order != 0;
        case LESS -> order < 0;
        case AT_MOST -> order <= 0;
        case MORE -> order > 0;
        case AT_LEAST -> order >= 0;
      };
    }

    private static int order(Object first, Object second) {
      if (first instanceof Long one && second instanceof Long other) {
        return one.compareTo(other);
      } else if (first instanceof Boolean one && second instanceof Boolean other) {
        return one.compareTo(other);
      }
      return first.toString().compareTo(second.toString());
    }
  }

  /** A test of text against other text. */
  record TextTest(Expression text, Kind kind, Expression other) implements Truth {
    /** Which. */
    public enum Kind {
      STARTS_WITH,
      ENDS_WITH,
      CONTAINS
    }

    @Override
    public @Nullable Boolean value(Facts facts) {
      String whole = text.text(facts);
      String part = other.text(facts);
      if (whole == null || part == null) {
        return null;
      }
      return switch (kind) {
        case STARTS_WITH -> whole.startsWith(part);
        case ENDS_WITH -> whole.endsWith(part);
        case CONTAINS -> whole.contains(part);
      };
    }
  }

  /** One of two. */
  record Choice(Expression condition, Expression then, Expression otherwise) implements Expression {
    @Override
    public @Nullable Object value(Facts facts) {
      return condition.value(facts) instanceof Boolean truth
          ? (truth ? then : otherwise).value(facts)
          : null;
    }

    @Override
    public Type type() {
      return then.type();
    }

    @Override
    public boolean fewValues() {
      return then.fewValues() && otherwise.fewValues();
    }
  }

  /** What is true or false. */
  sealed interface Truth extends Expression {
    @Override
    default Type type() {
      return Type.TRUTH;
    }

    @Override
    default boolean fewValues() {
      return true;
    }
  }
}
