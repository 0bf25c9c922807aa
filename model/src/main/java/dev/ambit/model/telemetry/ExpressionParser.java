package dev.ambit.model.telemetry;

import dev.ambit.model.telemetry.Attribute.Type;
import dev.ambit.model.telemetry.Expression.Compared.Operator;
import dev.ambit.model.telemetry.Expression.TextTest.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@link Expression}s; throws IllegalArgumentException that says what is wrong. */
final class ExpressionParser {
  private static final int MOST_CHARS = 4096;
  private static final int MOST_DEPTH = 32;
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(?<text>'(?:[^'\\\\\\n]|\\\\.)*'|\"(?:[^\"\\\\\\n]|\\\\.)*\")"
              + "|(?<number>-?\\d{1,18}(?![\\w.]))|(?<name>[A-Za-z_]\\w*)"
              + "|(?<sign>==|!=|<=|>=|&&|\\|\\||[<>!?:.()\\[\\]]))");
  private static final String END = "the end";

  private final List<String> tokens = new ArrayList<>();
  private int next;
  private int depth;

  ExpressionParser(String text) {
    if (text.length() > MOST_CHARS) {
      throw new IllegalArgumentException(
          "got " + text.length() + " characters, expected at most " + MOST_CHARS);
    }
    String rest = text.strip();
    Matcher matcher = TOKEN.matcher(rest);
    int at = 0;
    while (at < rest.length()) {
      if (!matcher.region(at, rest.length()).lookingAt()) {
        throw new IllegalArgumentException(
            "got \"" + rest.substring(at) + "\", which is not understood");
      }
      tokens.add(matcher.group().strip());
      at = matcher.end();
    }
    tokens.add(END);
  }

  Expression read() {
    Expression all = choice();
    expect(END);
    return all;
  }

  private String peek() {
    return tokens.get(next);
  }

  private boolean accept(String token) {
    if (peek().equals(token)) {
      next++;
      return true;
    }
    return false;
  }

  private void expect(String token) {
    if (!accept(token)) {
      throw wrong(token);
    }
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException("got " + peek() + ", expected " + expected);
  }

  private Expression choice() {
    if (++depth > MOST_DEPTH) {
      throw new IllegalArgumentException("expected at most " + MOST_DEPTH + " levels");
    }
    Expression condition = joined(false);
    if (accept("?")) {
      truth(condition);
      Expression then = choice();
      expect(":");
      Expression otherwise = choice();
      if (then.type() != otherwise.type()) {
        throw new IllegalArgumentException(
            "got " + then.type() + " and " + otherwise.type() + " in ? :, expected two of a type");
      }
      condition = new Expression.Choice(condition, then, otherwise);
    }
    depth--;
    return condition;
  }

  private Expression joined(boolean both) {
    Expression left = both ? relation() : joined(true);
    while (accept(both ? "&&" : "||")) {
      Expression right = both ? relation() : joined(true);
      left = new Expression.Joined(both, truth(left), truth(right));
    }
    return left;
  }

  private static Expression truth(Expression expression) {
    if (expression.type() != Type.TRUTH) {
      throw new IllegalArgumentException(
          "got a value of type " + expression.type() + ", expected true or false");
    }
    return expression;
  }

  private Expression relation() {
    if (tokens.get(next + (next + 1 < tokens.size() ? 1 : 0)).equals("in") && isText(peek())) {
      return headerIn();
    }
    Expression left = unary();
    Operator operator =
        switch (peek()) {
          case "==" -> Operator.EQUAL;
          case "!=" -> Operator.UNEQUAL;
          case "<" -> Operator.LESS;
          case "<=" -> Operator.AT_MOST;
          case ">" -> Operator.MORE;
          case ">=" -> Operator.AT_LEAST;
          default -> null;
        };
    if (operator == null) {
      return left;
    }
    next++;
    Expression right = unary();
    if (left.type() != right.type()) {
      throw new IllegalArgumentException(
          "got " + left.type() + " compared with " + right.type() + ", expected two of a type");
    }
    return new Expression.Compared(left, operator, right);
  }

  private Expression headerIn() {
    String name = unquoted(tokens.get(next++)).toLowerCase(Locale.ROOT);
    expect("in");
    String side = tokens.get(next++);
    boolean ofRequest = side.equals("request");
    if (!ofRequest && !side.equals("response")) {
      next--;
      throw wrong("request.headers or response.headers");
    }
    expect(".");
    expect("headers");
    return new Expression.Has(new Expression.Header(ofRequest, name));
  }

  private Expression unary() {
    if (accept("!")) {
      if (++depth > MOST_DEPTH) {
        throw new IllegalArgumentException("expected at most " + MOST_DEPTH + " levels");
      }
      Expression of = truth(unary());
      depth--;
      return new Expression.Not(of);
    }
    Expression value = primary();
    while (peek().equals(".")) {
      next++;
      value = test(value);
    }
    return value;
  }

  private Expression test(Expression text) {
    Kind kind =
        switch (peek()) {
          case "startsWith" -> Kind.STARTS_WITH;
          case "endsWith" -> Kind.ENDS_WITH;
          case "contains" -> Kind.CONTAINS;
          default -> throw wrong("startsWith, endsWith or contains");
        };
    next++;
    expect("(");
    Expression other = choice();
    expect(")");
    if (text.type() != Type.TEXT || other.type() != Type.TEXT) {
      throw new IllegalArgumentException("got a test of what is no text, expected text");
    }
    return new Expression.TextTest(text, kind, other);
  }

  private Expression primary() {
    String token = tokens.get(next);
    if (accept("(")) {
      Expression inner = choice();
      expect(")");
      return inner;
    } else if (isText(token)) {
      next++;
      return new Expression.Fixed(unquoted(token), Type.TEXT);
    } else if (token.matches("-?\\d+")) {
      next++;
      return new Expression.Fixed(Long.valueOf(token), Type.NUMBER);
    } else if (token.equals("true") || token.equals("false")) {
      next++;
      return new Expression.Fixed(Boolean.valueOf(token), Type.TRUTH);
    } else if (token.equals("has") || token.equals("string")) {
      next++;
      expect("(");
      Expression inner = choice();
      expect(")");
      return token.equals("has") ? new Expression.Has(inner) : new Expression.AsText(inner);
    } else if (!token.matches("[A-Za-z_]\\w*")) {
      throw wrong("a value");
    }
    return path();
  }

  private Expression path() {
    StringBuilder name = new StringBuilder(tokens.get(next++));
    while (true) {
      Attribute attribute = Attribute.named(name.toString());
      // request.url_path is no attribute request.url followed by something.
      if (attribute != null) {
        return new Expression.Of(attribute);
      }
      String soFar = name.toString();
      if (soFar.equals("request.headers") || soFar.equals("response.headers")) {
        return header(soFar.equals("request.headers"));
      }
      if (!accept(".") || !peek().matches("[A-Za-z_]\\w*")) {
        throw new IllegalArgumentException("got the attribute " + name + ", expected a known one");
      }
      name.append('.').append(tokens.get(next++));
    }
  }

  private Expression header(boolean ofRequest) {
    if (accept("[")) {
      if (!isText(peek())) {
        throw wrong("the name of a header in quotes");
      }
      String name = unquoted(tokens.get(next++)).toLowerCase(Locale.ROOT);
      expect("]");
      return new Expression.Header(ofRequest, name);
    }
    expect(".");
    if (!peek().matches("[A-Za-z_]\\w*")) {
      throw wrong("the name of a header");
    }
    return new Expression.Header(ofRequest, tokens.get(next++).toLowerCase(Locale.ROOT));
  }

  private static boolean isText(String token) {
    return token.startsWith("'") || token.startsWith("\"");
  }

  private static String unquoted(String token) {
    return token.substring(1, token.length() - 1).replaceAll("\\\\(.)", "$1");
  }
}
