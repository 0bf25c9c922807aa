package dev.ambit.daemon.manifest;

import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.object.ExtensionProvider.CheckedBody;
import dev.ambit.model.object.ExtensionProvider.Checking;
import dev.ambit.model.object.ExtensionProvider.LogFormat;
import dev.ambit.model.object.ExtensionProvider.Passing;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads one of the mesh's {@code extensionProviders}; strict about those that decide. */
final class ProviderReader {
  private static final int MOST_BODY = 1024 * 1024;
  private static final int USUAL_BODY = 8 * 1024;
  private static final Duration OTLP_TIMEOUT = Duration.ofSeconds(10);

  private ProviderReader() {}

  static ExtensionProvider.Kind kind(FieldReader provider) {
    List<String> kinds =
        provider.names().stream()
            .filter(each -> !each.equals("name") && provider.has(each))
            .toList();
    if (kinds.size() != 1) {
      provider.problem("name", "kinds " + kinds, "one kind of provider");
      return new ExtensionProvider.Other("");
    }
    FieldReader fields = provider.mappingOrEmpty(kinds.getFirst());
    return switch (kinds.getFirst()) {
      case "envoyExtAuthzGrpc" -> grpc(fields);
      case "envoyExtAuthzHttp" -> http(fields);
      case "zipkin" -> new ExtensionProvider.Zipkin(backend(fields), fields.text("path", ""));
      case "opentelemetry" -> openTelemetry(fields);
      case "envoyOtelAls" ->
          new ExtensionProvider.OtelAccessLog(
              backend(fields), fields.text("logName", "otel_envoy_accesslog"), format(fields));
      case "envoyFileAccessLog" ->
          new ExtensionProvider.FileAccessLog(fields.text("path", "/dev/stdout"), format(fields));
      case "prometheus" -> new ExtensionProvider.Prometheus();
      default -> new ExtensionProvider.Other(kinds.getFirst());
    };
  }

  private static Backend backend(FieldReader fields) {
    return new Backend(
        fields.required("service", "a host name, or NAMESPACE/HOST", ProviderReader::service),
        fields.requiredPort("port"));
  }

  private static boolean service(String text) {
    int slash = text.indexOf('/');
    String host = text.substring(slash + 1);
    return (slash < 0 || Forms.label(text.substring(0, slash)))
        && (Forms.name(host) || Forms.ip(host) != null);
  }

  private static ExtensionProvider.GrpcAuthorization grpc(FieldReader fields) {
    fields.strictly(
        Set.of(
            "service",
            "port",
            "timeout",
            "failOpen",
            "statusOnError",
            "includeRequestBodyInCheck",
            "clearRouteCache"));
    return new ExtensionProvider.GrpcAuthorization(backend(fields), checking(fields));
  }

  private static ExtensionProvider.HttpAuthorization http(FieldReader fields) {
    fields.strictly(
        Set.of(
            "service",
            "port",
            "timeout",
            "pathPrefix",
            "failOpen",
            "statusOnError",
            "includeHeadersInCheck",
            "includeRequestHeadersInCheck",
            "includeAdditionalHeadersInCheck",
            "includeRequestBodyInCheck",
            "headersToUpstreamOnAllow",
            "headersToDownstreamOnAllow",
            "headersToDownstreamOnDeny",
            "clearRouteCache"));
    Map<String, String> added = new LinkedHashMap<>();
    fields
        .textMap("includeAdditionalHeadersInCheck")
        .forEach((name, value) -> {
          if (!RouteFields.headerName(name) || !plain(value)) {
            fields.problem(
                "includeAdditionalHeadersInCheck", '"' + name + '"', "names and values of headers");
          }
          added.put(name.toLowerCase(Locale.ROOT), value);
        });
    String oldName = "includeHeadersInCheck";
    return new ExtensionProvider.HttpAuthorization(
        backend(fields),
        checking(fields),
        fields.formed(
            "pathPrefix", "a path that begins with /", text -> text.matches("/[!-~&&[^?#]]*")),
        names(fields, fields.has(oldName) ? oldName : "includeRequestHeadersInCheck"),
        added,
        new Passing(
            names(fields, "headersToUpstreamOnAllow"),
            names(fields, "headersToDownstreamOnAllow"),
            names(fields, "headersToDownstreamOnDeny")));
  }

  private static boolean plain(String value) {
    return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 127));
  }

  private static List<String> names(FieldReader fields, String list) {
    return fields
        .texts(list, "the name of a header, * before or after part of one", ProviderReader::pattern)
        .stream()
        .map(each -> each.toLowerCase(Locale.ROOT))
        .toList();
  }

  private static boolean pattern(String text) {
    if (text.equals("*")) {
      return true;
    }
    String name =
        text.startsWith("*")
            ? text.substring(1)
            : text.endsWith("*") ? text.substring(0, text.length() - 1) : text;
    return RouteFields.headerName(name);
  }

  private static Checking checking(FieldReader fields) {
    Duration timeout = fields.duration("timeout");
    if (timeout != null && timeout.isZero()) {
      fields.problem("timeout", "no time at all", "more than none");
    }
    String status =
        fields.formed(
            "statusOnError", "a status such as \"403\"", text -> text.matches("[2-5][0-9][0-9]"));
    FieldReader body = fields.mappingOrEmpty("includeRequestBodyInCheck");
    body.strictly(Set.of("maxRequestBytes", "allowPartialMessage", "packAsBytes"));
    return new Checking(
        timeout == null ? Checking.USUAL.timeout() : timeout,
        fields.flag("failOpen", false),
        status.matches("[2-5][0-9][0-9]") ? Integer.parseInt(status) : 403,
        fields.has("includeRequestBodyInCheck")
            ? new CheckedBody(
                (int) body.whole("maxRequestBytes", 1, MOST_BODY, USUAL_BODY),
                body.flag("allowPartialMessage", false),
                body.flag("packAsBytes", false))
            : null);
  }

  private static ExtensionProvider.OpenTelemetry openTelemetry(FieldReader fields) {
    FieldReader http = fields.mappingOrEmpty("http");
    FieldReader how = fields.has("http") ? http : fields.mappingOrEmpty("grpc");
    Duration timeout = how.duration("timeout");
    Map<String, String> headers = new LinkedHashMap<>();
    for (FieldReader header : how.mappings(fields.has("http") ? "headers" : "initialMetadata")) {
      headers.put(
          header.required("name", "the name of a header", RouteFields::headerName),
          header.text("value", ""));
    }
    return new ExtensionProvider.OpenTelemetry(
        backend(fields),
        fields.has("http") ? http.text("path", "/v1/traces") : "",
        timeout == null ? OTLP_TIMEOUT : timeout,
        headers);
  }

  private static LogFormat format(FieldReader fields) {
    FieldReader format = fields.mappingOrEmpty("logFormat");
    return new LogFormat(format.text("text", ""), format.textMap("labels"));
  }
}
