package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.Telemetry.CustomTag;
import dev.ambit.model.object.Telemetry.MetricOverride;
import dev.ambit.model.object.Telemetry.Mode;
import dev.ambit.model.telemetry.Expression;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a Telemetry (spec: l7-telemetry §2); an unknown field refuses it. */
final class TelemetryReader {
  private static final int MOST_ENTRIES = 64;
  private static final Map<String, Mode> MODES =
      Map.of(
          "CLIENT_AND_SERVER",
          Mode.CLIENT_AND_SERVER,
          "CLIENT",
          Mode.CLIENT,
          "SERVER",
          Mode.SERVER);
  private static final Set<String> METRICS =
      Set.of(
          "ALL_METRICS",
          "REQUEST_COUNT",
          "REQUEST_DURATION",
          "REQUEST_SIZE",
          "RESPONSE_SIZE",
          "TCP_OPENED_CONNECTIONS",
          "TCP_CLOSED_CONNECTIONS",
          "TCP_SENT_BYTES",
          "TCP_RECEIVED_BYTES",
          "GRPC_REQUEST_MESSAGES",
          "GRPC_RESPONSE_MESSAGES");
  private static final Map<String, Boolean> OPERATIONS = Map.of("UPSERT", true, "REMOVE", false);
  private static final Pattern TAG = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

  private TelemetryReader() {}

  static Telemetry read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(
            fields,
            Set.of("selector", "targetRef", "targetRefs", "metrics", "accessLogging", "tracing"));
    List<TargetReference> targets = PolicyReader.targets(spec);
    Map<String, String> selector = PolicyReader.selector(spec);
    if (!targets.isEmpty() && !selector.isEmpty()) {
      spec.problem("selector", "one beside targetRefs", "only one of them");
    }
    return new Telemetry(
        metadata,
        selector,
        targets,
        spec.mappings("metrics", MOST_ENTRIES).stream().map(TelemetryReader::metrics).toList(),
        spec.mappings("accessLogging", MOST_ENTRIES).stream().map(TelemetryReader::log).toList(),
        spec.mappings("tracing", MOST_ENTRIES).stream().map(TelemetryReader::tracing).toList());
  }

  private static List<String> providers(FieldReader entry) {
    List<String> names = new ArrayList<>();
    for (FieldReader provider : entry.mappings("providers", MOST_ENTRIES)) {
      provider.strictly(Set.of("name"));
      names.add(provider.required("name", "the name of a provider", text -> !text.isEmpty()));
    }
    return names;
  }

  private static Mode mode(FieldReader match) {
    return match.choice("mode", MODES, Mode.CLIENT_AND_SERVER);
  }

  private static @Nullable Boolean flag(FieldReader entry, String name) {
    return entry.has(name) ? entry.flag(name, false) : null;
  }

  private static Telemetry.Metrics metrics(FieldReader entry) {
    entry.strictly(Set.of("providers", "overrides", "reportingInterval"));
    entry.duration("reportingInterval");
    List<MetricOverride> overrides = new ArrayList<>();
    for (FieldReader override : entry.mappings("overrides", MOST_ENTRIES)) {
      override.strictly(Set.of("match", "disabled", "tagOverrides"));
      FieldReader match = override.mappingOrEmpty("match");
      match.strictly(Set.of("metric", "customMetric", "mode"));
      String metric =
          match.formed(
              "metric",
              "one of " + String.join(", ", METRICS.stream().sorted().toList()),
              METRICS::contains);
      String custom = match.text("customMetric", "");
      if (!metric.isEmpty() && !custom.isEmpty()) {
        match.problem("customMetric", "one beside metric", "only one of them");
      }
      Map<String, String> tags = new LinkedHashMap<>();
      Set<String> removed = new HashSet<>();
      tags(override.mappingOrEmpty("tagOverrides"), tags, removed);
      overrides.add(
          new MetricOverride(
              !metric.isEmpty() ? metric : custom.isEmpty() ? "ALL_METRICS" : custom,
              mode(match),
              flag(override, "disabled"),
              tags,
              removed));
    }
    return new Telemetry.Metrics(providers(entry), overrides);
  }

  private static void tags(FieldReader overrides, Map<String, String> tags, Set<String> removed) {
    for (String tag : overrides.names()) {
      if (!TAG.matcher(tag).matches()) {
        overrides.problem(tag, "the tag \"" + tag + '"', "letters, digits and '_'");
      }
      FieldReader override = overrides.mappingOrEmpty(tag);
      override.strictly(Set.of("operation", "value"));
      if (override.choice("operation", OPERATIONS, true)) {
        if (!override.has("value")) {
          override.problem("value", "nothing", "an expression, or the operation REMOVE");
        }
        tags.put(tag, expression(override, "value", Expression::tag));
      } else {
        if (override.has("value")) {
          override.problem("value", "one beside REMOVE", "none");
        }
        removed.add(tag);
      }
    }
  }

  /** An expression as it stands, which was understood; "" without one. */
  private static String expression(FieldReader entry, String name, Consumer<String> reading) {
    String text = entry.text(name, "");
    if (!text.isEmpty()) {
      try {
        reading.accept(text);
      } catch (IllegalArgumentException e) {
        entry.problem(name, '"' + text + '"', "an expression that is supported: " + e.getMessage());
      }
    }
    return text;
  }

  private static Telemetry.AccessLogging log(FieldReader entry) {
    entry.strictly(Set.of("match", "providers", "disabled", "filter"));
    FieldReader match = entry.mappingOrEmpty("match");
    match.strictly(Set.of("mode"));
    FieldReader filter = entry.mappingOrEmpty("filter");
    filter.strictly(Set.of("expression"));
    return new Telemetry.AccessLogging(
        mode(match),
        providers(entry),
        flag(entry, "disabled"),
        expression(filter, "expression", Expression::filter));
  }

  private static Telemetry.Tracing tracing(FieldReader entry) {
    entry.strictly(
        Set.of(
            "match",
            "providers",
            "randomSamplingPercentage",
            "disableSpanReporting",
            "customTags",
            "enableIstioTags",
            "useRequestIdForTraceSampling"));
    FieldReader match = entry.mappingOrEmpty("match");
    match.strictly(Set.of("mode"));
    Map<String, CustomTag> tags = new LinkedHashMap<>();
    FieldReader custom = entry.mappingOrEmpty("customTags");
    for (String name : custom.names()) {
      tags.put(name, tag(custom.mappingOrEmpty(name)));
    }
    return new Telemetry.Tracing(
        mode(match),
        providers(entry),
        entry.has("randomSamplingPercentage")
            ? (Double) entry.number("randomSamplingPercentage", 0, 100, 0)
            : null,
        flag(entry, "disableSpanReporting"),
        flag(entry, "useRequestIdForTraceSampling"),
        flag(entry, "enableIstioTags"),
        tags);
  }

  private static CustomTag tag(FieldReader tag) {
    tag.strictly(Set.of("literal", "environment", "header", "formatter"));
    if (tag.names().size() != 1) {
      tag.problem("literal", tag.names().size() + " sources", "exactly one source of the value");
    }
    FieldReader literal = tag.mappingOrEmpty("literal");
    FieldReader environment = tag.mappingOrEmpty("environment");
    FieldReader header = tag.mappingOrEmpty("header");
    FieldReader formatter = tag.mappingOrEmpty("formatter");
    literal.strictly(Set.of("value"));
    environment.strictly(Set.of("name", "defaultValue"));
    header.strictly(Set.of("name", "defaultValue"));
    formatter.strictly(Set.of("value"));
    if (tag.has("environment")) {
      return new Telemetry.Environment(
          environment.required("name", "the name of a variable", text -> !text.isEmpty()),
          environment.text("defaultValue", ""));
    } else if (tag.has("header")) {
      String name = header.required("name", "the name of a header", RouteFields::headerName);
      return new Telemetry.RequestHeader(
          name.toLowerCase(Locale.ROOT), header.text("defaultValue", ""));
    } else if (tag.has("formatter")) {
      return new Telemetry.Formatted(
          formatter.required("value", "text with commands", text -> !text.isEmpty()));
    }
    return new Telemetry.Literal(
        literal.required("value", "the value of the tag", text -> !text.isEmpty()));
  }
}
