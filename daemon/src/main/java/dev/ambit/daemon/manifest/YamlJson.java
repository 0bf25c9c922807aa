package dev.ambit.daemon.manifest;

import dev.ambit.daemon.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.node.StringNode;

/** YAML as JSON text that reads back as the same YAML. */
final class YamlJson {
  /** Aliases make a short text long. */
  private static final int LONGEST = 1024 * 1024;

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

  private YamlJson() {}

  /** Empty when it gets longer than 1 MiB. */
  static Optional<String> of(Yaml value) {
    StringBuilder text = new StringBuilder();
    write(value, text);
    return text.length() > LONGEST ? Optional.empty() : Optional.of(text.toString());
  }

  private static void write(Yaml value, StringBuilder text) {
    if (text.length() > LONGEST) {
      return;
    }
    switch (value) {
      case Yaml.Scalar scalar -> write(scalar, text);
      case Yaml.Items items -> {
        text.append('[');
        for (int i = 0; i < items.items().size(); i++) {
          text.append(i == 0 ? "" : ",");
          write(items.items().get(i), text);
        }
        text.append(']');
      }
      case Yaml.Fields fields -> {
        text.append('{');
        String comma = "";
        for (Map.Entry<String, Yaml> field : fields.fields().entrySet()) {
          text.append(comma);
          quote(field.getKey(), text);
          text.append(':');
          write(field.getValue(), text);
          comma = ",";
        }
        text.append('}');
      }
    }
  }

  private static void write(Yaml.Scalar scalar, StringBuilder text) {
    if (scalar.nothing()) {
      text.append("null");
    } else if (scalar.truth()) {
      text.append(scalar.text().equalsIgnoreCase("true"));
    } else if (scalar.isText() || !NUMBER.matcher(scalar.text()).matches()) {
      quote(scalar.text(), text);
    } else {
      text.append(scalar.text());
    }
  }

  private static void quote(String value, StringBuilder text) {
    text.append(new String(Json.write(StringNode.valueOf(value)), StandardCharsets.UTF_8));
  }
}
