package dev.ambit.cli.print;

import picocli.CommandLine.Option;

/** The options that say how rows are shown. */
public final class OutputOptions {
  /** What a command prints. */
  public enum Form {
    TABLE,
    WIDE,
    JSON,
    YAML
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "One of table (default), wide, json, yaml.")
  private Form form = Form.TABLE;

  @Option(names = "--no-headers", description = "Leaves the line of column names out.")
  private boolean noHeaders;

  public Form form() {
    return form;
  }

  public boolean hasHeaders() {
    return !noHeaders;
  }
}
