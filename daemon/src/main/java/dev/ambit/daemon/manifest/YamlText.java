package dev.ambit.daemon.manifest;

/** YAML as text in one form, whatever its layout, to see whether two values are the same. */
final class YamlText {
  private static final int MOST_CANONICAL = 256 * 1024;

  private YamlText() {}

  /** Cut when it is huge. */
  static String of(Yaml value) {
    StringBuilder text = new StringBuilder();
    append(text, value);
    return text.toString();
  }

  private static void append(StringBuilder text, Yaml value) {
    if (text.length() > MOST_CANONICAL) {
      return;
    }
    switch (value) {
      case Yaml.Scalar scalar -> text.append(scalar.plain() ? "" : "'").append(scalar.text());
      case Yaml.Items items -> {
        text.append('[');
        for (Yaml item : items.items()) {
          append(text, item);
          text.append('\n');
        }
        text.append(']');
      }
      case Yaml.Fields fields -> {
        text.append('{');
        fields
            .fields()
            .forEach((key, each) -> {
              text.append(key).append('=');
              append(text, each);
              text.append('\n');
            });
        text.append('}');
      }
    }
  }
}
