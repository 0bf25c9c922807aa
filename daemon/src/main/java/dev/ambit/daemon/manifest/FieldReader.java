package dev.ambit.daemon.manifest;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to one mapping of an object. Every mistake becomes a problem with its line and full
 * path; the answer is then a stand-in, so that reading goes on and finds the next one. A field that
 * is {@code null} counts as absent, as the API server has it.
 */
final class FieldReader {
  private final ObjectProblems problems;
  private final Yaml.Fields mapping;
  private final String path;

  FieldReader(ObjectProblems problems, Yaml.Fields mapping, String path) {
    this.problems = problems;
    this.mapping = mapping;
    this.path = path;
  }

  int line() {
    return mapping.line();
  }

  boolean has(String name) {
    return field(name) != null;
  }

  Set<String> names() {
    return mapping.fields().keySet();
  }

  private @Nullable Yaml field(String name) {
    Yaml value = mapping.fields().get(name);
    return value instanceof Yaml.Scalar scalar && scalar.nothing() ? null : value;
  }

  String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  void problem(String name, String got, String expected) {
    Yaml value = mapping.fields().get(name);
    problems.add(value == null ? line() : value.line(), path(name), got, expected);
  }

  private void wrong(String name, Yaml value, String expected) {
    problems.add(value.line(), path(name), value.described(), expected);
  }

  /** Refuses every field but these: where a typing error must not be overlooked. */
  void only(Set<String> known) {
    for (Map.Entry<String, Yaml> field : mapping.fields().entrySet()) {
      if (!known.contains(field.getKey())) {
        problems.add(
            field.getValue().line(),
            path(field.getKey()),
            "an unknown field",
            "one of " + String.join(", ", known.stream().sorted().toList()));
      }
    }
  }

  /** As {@link #only}, and refuses fields without a value, which the API server would drop. */
  void strictly(Set<String> known) {
    only(known);
    for (String name : mapping.fields().keySet()) {
      if (known.contains(name) && !has(name)) {
        problem(name, "nothing", "a value, or no such field");
      }
    }
  }

  String text(String name, String otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    }
    return text(value, path(name), otherwise);
  }

  private String text(Yaml value, String where, String otherwise) {
    if (value instanceof Yaml.Scalar scalar && scalar.isText()) {
      return scalar.text();
    }
    String hint = value instanceof Yaml.Scalar scalar ? ", such as \"" + scalar.text() + '"' : "";
    problems.add(value.line(), where, value.described(), "text" + hint);
    return otherwise;
  }

  /** Text that must be there and of a form. */
  String required(String name, String expected, Function<String, Boolean> form) {
    Yaml value = field(name);
    if (value == null) {
      problems.add(line(), path(name), "nothing", expected);
      return "";
    }
    return formed(name, expected, form);
  }

  /** Text that must be of a form when it is there; "" when it is not. */
  String formed(String name, String expected, Function<String, Boolean> form) {
    int before = problems.count();
    String text = text(name, "");
    if (has(name) && problems.count() == before && !form.apply(text)) {
      problem(name, '"' + text + '"', expected);
    }
    return text;
  }

  boolean flag(String name, boolean otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    } else if (value instanceof Yaml.Scalar scalar && scalar.truth()) {
      return scalar.text().equalsIgnoreCase("true");
    }
    wrong(name, value, "true or false");
    return otherwise;
  }

  /** Whether the field is a whole number, as opposed to text. */
  boolean isNumber(String name) {
    return field(name) instanceof Yaml.Scalar scalar && scalar.whole();
  }

  /** A port from 1 to 65535; {@code otherwise} when absent or wrong. */
  int port(String name, int otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    } else if (value instanceof Yaml.Scalar scalar && scalar.whole()) {
      int port = Forms.port(scalar.text());
      if (port > 0) {
        return port;
      }
    }
    wrong(name, value, Forms.PORT);
    return otherwise;
  }

  int requiredPort(String name) {
    if (!has(name)) {
      problems.add(line(), path(name), "nothing", Forms.PORT);
    }
    return port(name, 1);
  }

  /** A whole number within bounds; {@code otherwise} when absent or wrong. */
  long whole(String name, long least, long most, long otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    } else if (value instanceof Yaml.Scalar scalar
        && scalar.whole()
        && scalar.text().matches("-?\\d{1,18}")) {
      long number = Long.parseLong(scalar.text());
      if (number >= least && number <= most) {
        return number;
      }
    }
    wrong(name, value, "a whole number from " + least + " to " + most);
    return otherwise;
  }

  /** A number within bounds; {@code otherwise} when absent or wrong. */
  double number(String name, double least, double most, double otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    } else if (value instanceof Yaml.Scalar scalar
        && scalar.plain()
        && scalar.text().matches("-?\\d{1,15}(\\.\\d{1,15})?")) {
      double number = Double.parseDouble(scalar.text());
      if (number >= least && number <= most) {
        return number;
      }
    }
    wrong(name, value, "a number from " + least + " to " + most);
    return otherwise;
  }

  /** Null when absent or wrong. */
  @Nullable Duration duration(String name) {
    return Forms.duration(formed(name, Forms.DURATION_FORM, text -> Forms.duration(text) != null));
  }

  <E> E choice(String name, Map<String, E> choices, E otherwise) {
    Yaml value = field(name);
    if (value == null) {
      return otherwise;
    } else if (value instanceof Yaml.Scalar scalar && choices.containsKey(scalar.text())) {
      return choices.getOrDefault(scalar.text(), otherwise);
    }
    wrong(name, value, "one of " + String.join(", ", choices.keySet().stream().sorted().toList()));
    return otherwise;
  }

  Optional<Instant> time(String name) {
    Yaml value = field(name);
    if (value == null) {
      return Optional.empty();
    } else if (value instanceof Yaml.Scalar scalar) {
      try {
        return Optional.of(Instant.parse(scalar.text()));
      } catch (DateTimeParseException e) {
        // Said below, with the place.
      }
    }
    wrong(name, value, "a time such as 2026-01-31T12:00:00Z");
    return Optional.empty();
  }

  Optional<FieldReader> mapping(String name) {
    Yaml value = field(name);
    if (value == null) {
      return Optional.empty();
    } else if (value instanceof Yaml.Fields fields) {
      return Optional.of(new FieldReader(problems, fields, path(name)));
    }
    wrong(name, value, "a mapping");
    return Optional.empty();
  }

  /** Reads {@code fields}, which were text in the field {@code name}; lines count from there. */
  FieldReader inside(String name, Yaml.Fields fields) {
    Yaml value = mapping.fields().get(name);
    int before = value == null ? 0 : value.line();
    return new FieldReader(problems.shifted(before), fields, path(name));
  }

  /** The mapping, or an empty one in its place. */
  FieldReader mappingOrEmpty(String name) {
    return mapping(name)
        .orElseGet(() -> new FieldReader(problems, new Yaml.Fields(Map.of(), line()), path(name)));
  }

  /** A list of mappings; empty when absent. */
  List<FieldReader> mappings(String name) {
    List<FieldReader> all = new ArrayList<>();
    List<Yaml> items = items(name);
    for (int i = 0; i < items.size(); i++) {
      String where = path(name) + "[" + i + "]";
      if (items.get(i) instanceof Yaml.Fields fields) {
        all.add(new FieldReader(problems, fields, where));
      } else {
        problems.add(items.get(i).line(), where, items.get(i).described(), "a mapping");
      }
    }
    return all;
  }

  /** A list of at most {@code most} mappings; empty when absent. */
  List<FieldReader> mappings(String name, int most) {
    List<FieldReader> all = mappings(name);
    if (all.size() > most) {
      problem(name, all.size() + " entries", "at most " + most);
    }
    return all;
  }

  /** A list of text; empty when absent. */
  List<String> texts(String name) {
    return texts(name, "text", text -> true);
  }

  /** A list of text, each of a form. */
  List<String> texts(String name, String expected, Function<String, Boolean> form) {
    List<String> all = new ArrayList<>();
    List<Yaml> items = items(name);
    for (int i = 0; i < items.size(); i++) {
      String where = path(name) + "[" + i + "]";
      int before = problems.count();
      String text = text(items.get(i), where, "");
      if (problems.count() == before && !form.apply(text)) {
        problems.add(items.get(i).line(), where, '"' + text + '"', expected);
      }
      all.add(text);
    }
    return all;
  }

  /** A list of whole numbers within bounds; empty when absent. */
  List<Integer> wholes(String name, int least, int most) {
    List<Integer> all = new ArrayList<>();
    List<Yaml> items = items(name);
    for (int i = 0; i < items.size(); i++) {
      Yaml item = items.get(i);
      if (item instanceof Yaml.Scalar scalar
          && scalar.whole()
          && scalar.text().matches("\\d{1,9}")
          && Integer.parseInt(scalar.text()) >= least
          && Integer.parseInt(scalar.text()) <= most) {
        all.add(Integer.parseInt(scalar.text()));
      } else {
        problems.add(
            item.line(),
            path(name) + "[" + i + "]",
            item.described(),
            "a whole number from " + least + " to " + most);
      }
    }
    return all;
  }

  private List<Yaml> items(String name) {
    Yaml value = field(name);
    if (value == null) {
      return List.of();
    } else if (value instanceof Yaml.Items items) {
      return items.items();
    }
    wrong(name, value, "a list");
    return List.of();
  }

  /** A mapping of text to text; empty when absent. */
  Map<String, String> textMap(String name) {
    Map<String, String> all = new LinkedHashMap<>();
    mapping(name)
        .ifPresent(fields -> fields.names().forEach(key -> all.put(key, fields.text(key, ""))));
    return all;
  }

  /** A list of mappings that each hold one address in {@code field}. */
  List<InetAddress> addresses(String name, String field) {
    List<InetAddress> all = new ArrayList<>();
    for (FieldReader item : mappings(name)) {
      String text = item.required(field, Forms.IP, each -> Forms.ip(each) != null);
      InetAddress address = Forms.ip(text);
      if (address != null) {
        all.add(address);
      }
    }
    return all;
  }

  /** A field as JSON; "" when absent. */
  String json(String name) {
    Yaml value = field(name);
    Optional<String> json = value == null ? Optional.of("") : YamlJson.of(value);
    if (json.isEmpty()) {
      problem(name, "more than 1 MiB as JSON", "less");
    }
    return json.orElse("");
  }

  /** A field as text in one form, whatever its layout; "" when absent; cut when it is huge. */
  String canonical(String name) {
    Yaml value = field(name);
    return value == null ? "" : YamlText.of(value);
  }
}
