package dev.ambit.daemon;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.function.Predicate;

/** Regular expressions in time linear to the text, whatever their author had in mind. */
public final class Re2 {
  private static final int LONGEST = 16 * 1024;

  private Re2() {}

  /**
   * A test whether all of a text matches. Throws {@link IllegalArgumentException} saying what is
   * wrong with {@code pattern}.
   */
  public static Predicate<String> whole(String pattern) {
    if (pattern.length() > LONGEST) {
      throw new IllegalArgumentException(
          "length: got " + pattern.length() + ", expected at most " + LONGEST);
    }
    try {
      return Pattern.compile(pattern, Pattern.DOTALL)::matches;
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
