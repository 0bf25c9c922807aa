package dev.ambit.model.policy;

/** How a policy compares a string; case matters (spec: l4-authorization §3.3). */
public sealed interface StringMatch {
  boolean matches(String value);

  /** Equal. */
  record Exact(String value) implements StringMatch {
    @Override
    public boolean matches(String other) {
      return value.equals(other);
    }
  }

  /** Starts with. */
  record Prefix(String value) implements StringMatch {
    @Override
    public boolean matches(String other) {
      return other.startsWith(value);
    }
  }

  /** Ends with. */
  record Suffix(String value) implements StringMatch {
    @Override
    public boolean matches(String other) {
      return other.endsWith(value);
    }
  }

  /** Not empty. */
  record Presence() implements StringMatch {
    @Override
    public boolean matches(String other) {
      return !other.isEmpty();
    }
  }
}
