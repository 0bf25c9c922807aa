package dev.ambit.daemon.manifest;

import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.RouteFilter.HeaderChange;
import dev.ambit.model.object.RouteFilter.PathChange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the filters of HTTPRoute and GRPCRoute (spec: http-routing §4). */
final class FilterReader {
  private static final int MOST_FILTERS = 16;
  private static final int MOST_HEADERS = 16;
  private static final Map<String, String> FIELDS =
      Map.of(
          "RequestHeaderModifier", "requestHeaderModifier",
          "ResponseHeaderModifier", "responseHeaderModifier",
          "RequestRedirect", "requestRedirect",
          "URLRewrite", "urlRewrite",
          "RequestMirror", "requestMirror",
          "CORS", "cors",
          "ExtensionRef", "extensionRef",
          "ExternalAuth", "externalAuth");
  private static final Map<String, String> SCHEMES = Map.of("http", "http", "https", "https");
  private static final Map<String, Integer> STATUSES =
      Map.of("301", 301, "302", 302, "303", 303, "307", 307, "308", 308);

  private FilterReader() {}

  static List<RouteFilter> read(FieldReader rule) {
    List<RouteFilter> filters = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (FieldReader filter : rule.mappings("filters", MOST_FILTERS)) {
      String type = filter.required("type", "the type of a filter", text -> !text.isEmpty());
      String field = FIELDS.getOrDefault(type, "");
      filter.strictly(field.isEmpty() ? filter.names() : Set.of("type", field));
      boolean repeats = type.equals("RequestMirror") || type.equals("ExtensionRef");
      if (!seen.add(type) && !repeats) {
        filter.problem("type", "a second " + type, "one of each type but RequestMirror");
      }
      if (!field.isEmpty() && !filter.has(field)) {
        filter.problem(field, "nothing", "the filter that type names");
      }
      filters.add(filter(type, filter.mappingOrEmpty(field)));
    }
    if (seen.contains("RequestRedirect") && seen.contains("URLRewrite")) {
      rule.problem("filters", "RequestRedirect beside URLRewrite", "only one of them");
    }
    return filters;
  }

  private static RouteFilter filter(String type, FieldReader fields) {
    return switch (type) {
      case "RequestHeaderModifier" -> new RouteFilter.RequestHeaders(headers(fields));
      case "ResponseHeaderModifier" -> new RouteFilter.ResponseHeaders(headers(fields));
      case "RequestRedirect" -> redirect(fields);
      case "URLRewrite" -> rewrite(fields);
      case "RequestMirror" -> mirror(fields);
      case "CORS" -> cors(fields);
      default -> new RouteFilter.Unsupported(type);
    };
  }

  private static HeaderChange headers(FieldReader fields) {
    fields.strictly(Set.of("set", "add", "remove"));
    List<String> remove =
        fields.texts("remove", "the name of a header", RouteFields::headerName).stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .toList();
    return new HeaderChange(values(fields, "set"), values(fields, "add"), remove);
  }

  private static Map<String, String> values(FieldReader fields, String list) {
    Map<String, String> values = new LinkedHashMap<>();
    for (FieldReader item : fields.mappings(list, MOST_HEADERS)) {
      item.strictly(Set.of("name", "value"));
      String name = item.required("name", "the name of a header", FilterReader::editable);
      String value = item.required("value", "text", text -> !text.isEmpty());
      values.putIfAbsent(name.toLowerCase(Locale.ROOT), value);
    }
    return values;
  }

  private static boolean editable(String name) {
    return RouteFields.headerName(name.startsWith(":") ? name.substring(1) : name);
  }

  private static RouteFilter redirect(FieldReader fields) {
    fields.strictly(Set.of("scheme", "hostname", "path", "port", "statusCode"));
    return new RouteFilter.Redirect(
        fields.choice("scheme", SCHEMES, ""),
        fields.formed("hostname", Forms.NAME, Forms::name),
        path(fields),
        fields.port("port", 0),
        fields.choice("statusCode", STATUSES, 302));
  }

  private static RouteFilter rewrite(FieldReader fields) {
    fields.strictly(Set.of("hostname", "path"));
    return new RouteFilter.Rewrite(
        fields.formed("hostname", Forms.NAME, Forms::name), path(fields));
  }

  private static @Nullable PathChange path(FieldReader fields) {
    FieldReader path = fields.mapping("path").orElse(null);
    if (path == null) {
      return null;
    }
    String type =
        path.choice(
            "type",
            Map.of(
                "ReplaceFullPath", "replaceFullPath", "ReplacePrefixMatch", "replacePrefixMatch"),
            "replaceFullPath");
    path.strictly(Set.of("type", type));
    if (!path.has("type")) {
      path.problem("type", "nothing", "ReplaceFullPath or ReplacePrefixMatch");
    }
    String value = path.text(type, "");
    return type.equals("replaceFullPath")
        ? new RouteFilter.FullPath(value)
        : new RouteFilter.PrefixMatch(value);
  }

  private static RouteFilter mirror(FieldReader fields) {
    fields.strictly(Set.of("backendRef", "percent", "fraction"));
    FieldReader fraction = fields.mappingOrEmpty("fraction");
    fraction.strictly(Set.of("numerator", "denominator"));
    if (fields.has("percent") && fields.has("fraction")) {
      fields.problem("fraction", "one beside percent", "only one of them");
    }
    int denominator = (int) fraction.whole("denominator", 1, Integer.MAX_VALUE, 100);
    int numerator =
        fields.has("fraction")
            ? (int) fraction.whole("numerator", 0, denominator, 0)
            : (int) fields.whole("percent", 0, 100, 100);
    if (!fields.has("backendRef")) {
      fields.problem("backendRef", "nothing", "where the copies go");
    }
    return new RouteFilter.Mirror(
        RouteFields.plainBackend(fields.mappingOrEmpty("backendRef")), numerator, denominator);
  }

  private static RouteFilter cors(FieldReader fields) {
    fields.strictly(
        Set.of(
            "allowOrigins",
            "allowMethods",
            "allowHeaders",
            "exposeHeaders",
            "maxAge",
            "allowCredentials"));
    return new RouteFilter.Cors(
        fields.texts("allowOrigins", "an origin such as https://example.org", FilterReader::origin),
        fields.texts("allowMethods"),
        fields.texts("allowHeaders"),
        fields.texts("exposeHeaders"),
        (int) fields.whole("maxAge", 1, Integer.MAX_VALUE, 5),
        fields.flag("allowCredentials", false));
  }

  private static boolean origin(String text) {
    return text.equals("*") || text.matches("[a-z][a-z0-9+.-]*://[^/\\s]+");
  }
}
