package dev.ambit.model.http;

import dev.ambit.model.http.HttpMatch.AnyPath;
import dev.ambit.model.http.HttpMatch.ExactPath;
import dev.ambit.model.http.HttpMatch.Field;
import dev.ambit.model.http.HttpMatch.PathMatch;
import dev.ambit.model.http.HttpMatch.RegexPath;
import dev.ambit.model.http.HttpMatch.SegmentPrefix;
import dev.ambit.model.http.HttpMatch.TextPrefix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Matches of routes in words, for people. */
final class MatchText {
  private MatchText() {}

  /** Such as {@code GET, path under /api, header x-user is tester}. */
  static String of(HttpMatch match) {
    List<String> parts = new ArrayList<>();
    if (!match.method().isEmpty()) {
      parts.add(match.method());
    }
    if (!match.path().matchesEverything()) {
      parts.add("path " + of(match.path()));
    }
    match.headers().forEach(field -> parts.add("header " + of(field)));
    match.query().forEach(field -> parts.add("query " + of(field)));
    return parts.isEmpty() ? "everything" : String.join(", ", parts);
  }

  /** What of {@code request} is not as the match wants it. */
  static List<String> misses(HttpMatch match, HttpAttributes request) {
    List<String> misses = new ArrayList<>();
    if (!match.method().isEmpty() && !match.method().equals(request.method())) {
      misses.add(miss("method", request.method(), match.method()));
    }
    if (!match.path().matches(request.path())) {
      misses.add(miss("path", request.path(), of(match.path())));
    }
    for (Field field : match.headers()) {
      missed("header ", field, request.header(field.name()), misses);
    }
    for (Field field : match.query()) {
      missed("query ", field, request.queryValue(field.name()), misses);
    }
    return misses;
  }

  private static void missed(String where, Field field, @Nullable String got, List<String> misses) {
    if (!field.holds(got)) {
      misses.add(
          miss(where + field.name(), got == null ? "none" : "\"" + got + "\"", wanted(field)));
    }
  }

  private static String miss(String what, String got, String expected) {
    return what + ": got " + got + ", expected " + expected;
  }

  private static String of(Field field) {
    return field.name() + " " + wanted(field);
  }

  private static String wanted(Field field) {
    return (field.absent() ? "not " : "") + of(field.value());
  }

  private static String of(PathMatch path) {
    return switch (path) {
      case ExactPath(String value, boolean ignoreCase) -> value + inAnyCase(ignoreCase);
      case SegmentPrefix(String value) -> value.isEmpty() ? "any" : value + " or under it";
      case TextPrefix(String value, boolean ignoreCase) -> value + "*" + inAnyCase(ignoreCase);
      case RegexPath regex -> "~ " + regex.pattern();
      case AnyPath() -> "any";
    };
  }

  private static String inAnyCase(boolean ignoreCase) {
    return ignoreCase ? " in any case" : "";
  }

  private static String of(TextMatch text) {
    return switch (text) {
      case TextMatch.Exact(String value) -> "\"" + value + "\"";
      case TextMatch.ExactIgnoringCase(String value) -> "\"" + value + "\" in any case";
      case TextMatch.Prefix(String value) -> "\"" + value + "\"*";
      case TextMatch.PrefixIgnoringCase(String value) -> "\"" + value + "\"* in any case";
      case TextMatch.Regex regex -> "~ " + regex.pattern();
      case TextMatch.Wildcard wildcard -> "\"" + String.join("*", wildcard.pieces()) + "\"";
      case TextMatch.Present() -> "present";
      case PolicyText.Joined _,
          PolicyText.Lowered _,
          PolicyText.NotEmpty _,
          PolicyText.Templated _ ->
          "as its policy says";
    };
  }
}
