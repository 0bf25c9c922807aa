package dev.ambit.waypoint.auth.token;

import dev.ambit.daemon.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON of strangers: one object, no key twice, not too deep (threat-model SEC-077). */
final class StrictJson {
  private static final int MOST_DEPTH = 64;

  private StrictJson() {}

  /** Null when it is not such an object. */
  static @Nullable ObjectNode object(byte[] json) {
    if (depth(json) > MOST_DEPTH) {
      return null;
    }
    try {
      return Json.read(json) instanceof ObjectNode object ? object : null;
    } catch (JacksonException malformed) {
      return null;
    }
  }

  private static int depth(byte[] json) {
    int depth = 0;
    int deepest = 0;
    boolean quoted = false;
    for (int i = 0; i < json.length; i++) {
      byte c = json[i];
      if (quoted) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{' || c == '[') {
        deepest = Math.max(deepest, ++depth);
      } else if (c == '}' || c == ']') {
        depth--;
      }
    }
    return deepest;
  }

  /**
   * The text of a field; null when it is absent; "" with {@link #isText} false when it is no text.
   */
  static @Nullable String text(ObjectNode object, String name) {
    JsonNode value = object.get(name);
    return value != null && value.isString() ? value.stringValue() : null;
  }

  /** Whether a field is absent or text. */
  static boolean isTextIfAny(ObjectNode object, String name) {
    JsonNode value = object.get(name);
    return value == null || value.isString();
  }
}
