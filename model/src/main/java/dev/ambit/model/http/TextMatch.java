package dev.ambit.model.http;

import java.util.Locale;
import java.util.function.Predicate;

/** How routes compare a text. */
sealed interface TextMatch
    permits PolicyText.Joined,
        PolicyText.Lowered,
        PolicyText.NotEmpty,
        PolicyText.Templated,
        TextMatch.Exact,
        TextMatch.ExactIgnoringCase,
        TextMatch.Prefix,
        TextMatch.PrefixIgnoringCase,
        TextMatch.Present,
        TextMatch.Regex,
        TextMatch.Wildcard {
  boolean matches(String text);

  /** Equal. */
  record Exact(String value) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return value.equals(text);
    }
  }

  /** Equal but for case; {@code value} is in lower case. */
  record ExactIgnoringCase(String value) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return value.equalsIgnoreCase(text);
    }
  }

  /** Starts with. */
  record Prefix(String value) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return text.startsWith(value);
    }
  }

  /** Starts with, but for case; {@code value} is in lower case. */
  record PrefixIgnoringCase(String value) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return text.toLowerCase(Locale.ROOT).startsWith(value);
    }
  }

  /** A regular expression matches all of it. */
  record Regex(String pattern, Predicate<String> compiled) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return compiled.test(text);
    }
  }

  /** Pieces in this order, the first at the start, the last at the end: a value with stars. */
  record Wildcard(String[] pieces) implements TextMatch {
    @Override
    public boolean matches(String text) {
      int last = pieces.length - 1;
      if (!text.startsWith(pieces[0])) {
        return false;
      }
      int from = pieces[0].length();
      for (int i = 1; i < last; i++) {
        int found = text.indexOf(pieces[i], from);
        if (found < 0) {
          return false;
        }
        from = found + pieces[i].length();
      }
      return text.length() - pieces[last].length() >= from && text.endsWith(pieces[last]);
    }
  }

  /** There at all. */
  record Present() implements TextMatch {
    @Override
    public boolean matches(String text) {
      return true;
    }
  }

  /** Value in which {@code *} stands for any characters. */
  static TextMatch wildcard(String value) {
    return value.indexOf('*') < 0 ? new Exact(value) : new Wildcard(value.split("\\*", -1));
  }
}
