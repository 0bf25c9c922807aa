package dev.ambit.daemon.manifest;

import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.RouteFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** What the routes of the Gateway API have in common, with the API server's defaults and limits. */
final class RouteFields {
  static final String GATEWAY_API = "gateway.networking.k8s.io";
  static final int MOST_RULES = 16;
  private static final int MOST_PARENTS = 32;
  private static final int MOST_BACKENDS = 16;
  private static final int MOST_VALUES = 16;
  private static final int MOST_WEIGHT = 1_000_000;

  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+\\-.^_`|~]{1,256}");
  private static final Pattern WILDCARD_NAME = Pattern.compile("(\\*\\.)?[^*]+");
  static final Map<String, Boolean> VALUE_TYPES = Map.of("Exact", false, "RegularExpression", true);

  private RouteFields() {}

  /** The spec of a route, of which every field is known. */
  static FieldReader spec(FieldReader fields, Set<String> known) {
    fields.only(PolicyReader.OBJECT);
    FieldReader spec = fields.mappingOrEmpty("spec");
    spec.strictly(known);
    return spec;
  }

  static List<ParentReference> parents(Metadata metadata, FieldReader spec) {
    List<ParentReference> parents = new ArrayList<>();
    for (FieldReader parent : spec.mappings("parentRefs", MOST_PARENTS)) {
      parent.strictly(Set.of("group", "kind", "namespace", "name", "sectionName", "port"));
      String namespace = parent.formed("namespace", Forms.LABEL, Forms::label);
      parents.add(
          new ParentReference(
              group(parent, GATEWAY_API),
              parent.text("kind", "Gateway"),
              namespace.isEmpty() ? metadata.namespace() : namespace,
              parent.required("name", "the name of an object", text -> !text.isEmpty()),
              parent.text("sectionName", ""),
              parent.port("port", 0)));
    }
    return parents;
  }

  private static String group(FieldReader reference, String otherwise) {
    String group = reference.text("group", otherwise);
    return group.equals("core") ? "" : group;
  }

  static List<String> hostnames(FieldReader spec) {
    return spec.texts(
        "hostnames",
        Forms.NAME + ", perhaps after *.",
        text ->
            WILDCARD_NAME.matcher(text).matches()
                && Forms.name(text.startsWith("*.") ? text.substring(2) : text));
  }

  /** Backends of a rule; {@code filters} reads those of one backend. */
  static List<BackendReference> backends(
      FieldReader rule, Function<FieldReader, List<RouteFilter>> filters) {
    List<BackendReference> backends = new ArrayList<>();
    for (FieldReader backend : rule.mappings("backendRefs", MOST_BACKENDS)) {
      backend.strictly(Set.of("group", "kind", "namespace", "name", "port", "weight", "filters"));
      backends.add(backend(backend, filters.apply(backend)));
    }
    return backends;
  }

  /** A backend that carries no filters. */
  static BackendReference plainBackend(FieldReader backend) {
    backend.strictly(Set.of("group", "kind", "namespace", "name", "port"));
    return backend(backend, List.of());
  }

  private static BackendReference backend(FieldReader backend, List<RouteFilter> filters) {
    String kind = backend.text("kind", "Service");
    String group = group(backend, "");
    if (group.isEmpty() && kind.equals("Service") && !backend.has("port")) {
      backend.problem("port", "nothing", Forms.PORT + ", which a Service needs");
    }
    return new BackendReference(
        group,
        kind,
        backend.formed("namespace", Forms.LABEL, Forms::label),
        backend.required("name", "the name of an object", text -> !text.isEmpty()),
        backend.port("port", 0),
        (int) backend.whole("weight", 0, MOST_WEIGHT, 1),
        filters);
  }

  /** Headers or query parameters that must match; the first of a name counts. */
  static List<HttpRoute.Value> values(FieldReader match, String field) {
    boolean headers = field.equals("headers");
    List<HttpRoute.Value> values = new ArrayList<>();
    for (FieldReader item : match.mappings(field, MOST_VALUES)) {
      item.strictly(Set.of("type", "name", "value"));
      String name = item.required("name", "the name of a header", RouteFields::headerName);
      String key = headers ? name.toLowerCase(Locale.ROOT) : name;
      if (values.stream().anyMatch(each -> each.name().equals(key))) {
        continue;
      }
      values.add(
          new HttpRoute.Value(
              key,
              item.required("value", "text", text -> !text.isEmpty()),
              item.choice("type", VALUE_TYPES, false)));
    }
    return values;
  }

  static boolean headerName(String text) {
    return HEADER_NAME.matcher(text).matches();
  }
}
