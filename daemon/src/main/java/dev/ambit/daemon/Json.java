package dev.ambit.daemon;

import tools.jackson.databind.JsonNode;

/** JSON in and out: Jackson trees only, no binding of classes. Keys keep their order. */
public final class Json {
  private Json() {}

  public static JsonNode read(byte[] json) {
    throw new UnsupportedOperationException("read");
  }

  /** Compact. */
  public static byte[] write(JsonNode node) {
    throw new UnsupportedOperationException("write");
  }

  /** Indented, for people. */
  public static String pretty(JsonNode node) {
    throw new UnsupportedOperationException("pretty");
  }
}
