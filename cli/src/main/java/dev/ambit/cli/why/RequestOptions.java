package dev.ambit.cli.why;

import dev.ambit.cli.why.Question.NotUnderstood;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.PathNormalization;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The HTTP request somebody asks about; none without any of these options. */
final class RequestOptions {
  @Option(
      names = {"-X", "--method"},
      paramLabel = "METHOD",
      description = "Asks about an HTTP request, too: its method.")
  private String method = "";

  @Option(names = "--path", paramLabel = "PATH", description = "Its path, with any query.")
  private String path = "";

  @Option(
      names = {"-H", "--header"},
      paramLabel = "NAME:VALUE",
      description = "A header of it; may be repeated.")
  private List<String> headers = List.of();

  boolean given() {
    return !method.isEmpty() || !path.isEmpty() || !headers.isEmpty();
  }

  /**
   * @param attributes empty when a waypoint answers it with 400
   */
  record Request(String method, String target, Optional<HttpAttributes> attributes) {}

  /**
   * @param authority whom it is for unless a header says otherwise
   */
  Request request(String authority) {
    Map<String, String> fields = new HashMap<>();
    for (String header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new NotUnderstood("--header: got \"" + header + "\", expected NAME:VALUE");
      }
      fields.merge(
          header.substring(0, colon).strip().toLowerCase(Locale.ROOT),
          header.substring(colon + 1).strip(),
          (one, other) -> one + "," + other);
    }
    String called = method.isEmpty() ? "GET" : method.toUpperCase(Locale.ROOT);
    String target = path.isEmpty() ? "/" : path;
    String host = fields.remove("host");
    return new Request(
        called,
        target,
        HttpAttributes.of(
            called,
            "http",
            host == null ? authority : host,
            target,
            fields::get,
            PathNormalization.BASE));
  }
}
