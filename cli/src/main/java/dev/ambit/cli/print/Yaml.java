package dev.ambit.cli.print;

import java.util.Iterator;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** JSON trees as YAML in block style; what could be mistaken for another type is quoted. */
final class Yaml {
  private Yaml() {}

  static String of(JsonNode node) {
    StringBuilder text = new StringBuilder();
    if (isBranch(node)) {
      branch(node, "", text);
    } else {
      text.append(scalar(node)).append('\n');
    }
    return text.toString();
  }

  private static boolean isBranch(JsonNode node) {
    return node.isContainer() && !node.isEmpty();
  }

  private static void branch(JsonNode node, String indent, StringBuilder text) {
    if (node.isArray()) {
      for (JsonNode element : node) {
        text.append(indent).append("-");
        element(element, indent, text);
      }
      return;
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      text.append(indent);
      field(field, indent, text);
    }
  }

  /** An object follows its dash on the same line, so its first field needs no indent. */
  private static void element(JsonNode element, String indent, StringBuilder text) {
    if (!isBranch(element)) {
      text.append(' ').append(scalar(element)).append('\n');
    } else if (element.isArray()) {
      text.append('\n');
      branch(element, indent + "  ", text);
    } else {
      Iterator<Map.Entry<String, JsonNode>> fields = element.properties().iterator();
      text.append(' ');
      field(fields.next(), indent + "  ", text);
      while (fields.hasNext()) {
        text.append(indent).append("  ");
        field(fields.next(), indent + "  ", text);
      }
    }
  }

  private static void field(Map.Entry<String, JsonNode> field, String indent, StringBuilder text) {
    text.append(plainOrQuoted(field.getKey())).append(':');
    JsonNode value = field.getValue();
    if (isBranch(value)) {
      text.append('\n');
      // Lists stand under their key, as kubectl prints them.
      branch(value, value.isArray() ? indent : indent + "  ", text);
    } else {
      text.append(' ').append(scalar(value)).append('\n');
    }
  }

  private static String scalar(JsonNode node) {
    return node.isString() ? plainOrQuoted(node.asString()) : node.toString();
  }

  private static String plainOrQuoted(String text) {
    boolean plain =
        text.matches("[A-Za-z/_][A-Za-z0-9_./@ -]*(:[A-Za-z0-9_./@-]+)*")
            && !text.endsWith(" ")
            && !text.matches("(?i)true|false|null|yes|no|on|off|y|n");
    return plain ? text : tools.jackson.databind.node.StringNode.valueOf(text).toString();
  }
}
