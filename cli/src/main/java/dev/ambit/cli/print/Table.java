package dev.ambit.cli.print;

import dev.ambit.daemon.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * Rows of one kind, with the columns that a table and a wide table show of them. Columns are
 * aligned and never empty, so that both people and {@code awk} can read them.
 */
public final class Table<T> {
  private static final String GAP = "   ";
  private static final String NOTHING = "-";

  private final List<Column<T>> columns = new ArrayList<>();
  private final Function<T, JsonNode> json;

  private record Column<T>(String title, boolean wideOnly, Function<T, String> value) {}

  /**
   * @param json what {@code -o json} and {@code -o yaml} show of a row
   */
  public Table(Function<T, JsonNode> json) {
    this.json = json;
  }

  /** Adds a column. */
  public Table<T> column(String title, Function<T, String> value) {
    columns.add(new Column<>(title, false, value));
    return this;
  }

  /** Adds a column that only {@code -o wide} shows. */
  public Table<T> wideColumn(String title, Function<T, String> value) {
    columns.add(new Column<>(title, true, value));
    return this;
  }

  public void print(List<T> rows, OutputOptions options, Ink ink, PrintWriter out) {
    switch (options.form()) {
      case TABLE -> table(rows, false, options.hasHeaders(), ink, out);
      case WIDE -> table(rows, true, options.hasHeaders(), ink, out);
      case JSON -> out.println(Json.pretty(array(rows)));
      case YAML -> out.print(Yaml.of(array(rows)));
    }
    out.flush();
  }

  private ArrayNode array(List<T> rows) {
    ArrayNode array = Json.array();
    rows.forEach(row -> array.add(json.apply(row)));
    return array;
  }

  private void table(List<T> rows, boolean wide, boolean headers, Ink ink, PrintWriter out) {
    List<Column<T>> shown = columns.stream().filter(column -> wide || !column.wideOnly()).toList();
    List<List<String>> lines = new ArrayList<>();
    if (headers) {
      lines.add(shown.stream().map(Column::title).toList());
    }
    for (T row : rows) {
      lines.add(shown.stream().map(column -> cell(column.value().apply(row))).toList());
    }
    int[] widths = new int[shown.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (int i = 0; i < lines.size(); i++) {
      String text = line(lines.get(i), widths);
      out.println(headers && i == 0 ? ink.bold(text) : text);
    }
  }

  private static String cell(String value) {
    return value.isEmpty() ? NOTHING : value;
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(cells.get(i));
      if (i < widths.length - 1) {
        line.append(" ".repeat(widths[i] - cells.get(i).length())).append(GAP);
      }
    }
    return line.toString();
  }
}
