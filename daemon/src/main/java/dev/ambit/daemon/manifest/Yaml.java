package dev.ambit.daemon.manifest;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A YAML document as text with places: what a scalar is (number, truth, nothing) is decided only
 * when somebody asks, by the core schema of YAML 1.2. Aliases are shared references; there are no
 * cycles.
 */
sealed interface Yaml {
  /** Counts from 1. */
  int line();

  /** How a problem names it. */
  String described();

  /** Text; {@code plain} when it stood without quotes. */
  record Scalar(String text, boolean plain, int line) implements Yaml {
    private static final Pattern NOTHING = Pattern.compile("|~|null|Null|NULL");
    private static final Pattern TRUTH = Pattern.compile("true|True|TRUE|false|False|FALSE");
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+");
    private static final Pattern NUMBER =
        Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\\.inf|\\.nan");
    private static final int MOST_SHOWN = 80;

    boolean nothing() {
      return plain && NOTHING.matcher(text).matches();
    }

    boolean truth() {
      return plain && TRUTH.matcher(text).matches();
    }

    boolean whole() {
      return plain && WHOLE.matcher(text).matches();
    }

    /** Whether it is text and nothing else. */
    boolean isText() {
      return !plain || !(nothing() || truth() || whole() || NUMBER.matcher(text).matches());
    }

    @Override
    public String described() {
      String shown = text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
      if (nothing()) {
        return "nothing";
      } else if (truth()) {
        return "the truth value " + shown;
      }
      return isText() ? '"' + shown + '"' : "the number " + shown;
    }
  }

  /** A sequence. */
  record Items(List<Yaml> items, int line) implements Yaml {
    @Override
    public String described() {
      return "a list";
    }
  }

  /** A mapping, in order. */
  record Fields(Map<String, Yaml> fields, int line) implements Yaml {
    @Override
    public String described() {
      return "a mapping";
    }
  }

  /** Text that is not YAML, or not YAML we read. */
  final class Malformed extends Exception {
    final int line;
    final String got;
    final String expected;

    Malformed(int line, String got, String expected) {
      super(line + ": got " + got + ", expected " + expected);
      this.line = line;
      this.got = got;
      this.expected = expected;
    }
  }
}
