package dev.ambit.daemon.manifest;

import dev.ambit.model.object.VirtualService.Cors;
import dev.ambit.model.object.VirtualService.Fault;
import dev.ambit.model.object.VirtualService.Match;
import dev.ambit.model.object.VirtualService.Text;
import dev.ambit.model.object.VirtualService.TextKind;
import dev.ambit.model.object.VirtualService.Where;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads matches, faults and CORS of a VirtualService (spec: http-routing §9). */
final class VirtualMatchReader {
  private static final Set<String> MATCH =
      Set.of(
          "name",
          "uri",
          "scheme",
          "method",
          "authority",
          "headers",
          "withoutHeaders",
          "queryParams",
          "ignoreUriCase",
          "port",
          "sourceLabels",
          "sourceNamespace",
          "gateways",
          "statPrefix");
  private static final Map<String, Boolean> UNMATCHED =
      Map.of("UNSPECIFIED", true, "FORWARD", true, "IGNORE", false);

  private VirtualMatchReader() {}

  static Match match(FieldReader match) {
    match.strictly(MATCH);
    Map<String, Text> headers = texts(match, "headers");
    for (String pseudo : new String[] {"scheme", "method", "authority"}) {
      Text text = text(match, pseudo);
      if (text != null) {
        headers.put(":" + pseudo, text);
      }
    }
    return new Match(
        text(match, "uri"),
        match.flag("ignoreUriCase", false),
        headers,
        texts(match, "withoutHeaders"),
        texts(match, "queryParams"),
        new Where(
            match.port("port", 0),
            match.text("sourceNamespace", ""),
            match.has("sourceLabels"),
            match.texts("gateways")));
  }

  private static Map<String, Text> texts(FieldReader match, String field) {
    FieldReader all = match.mappingOrEmpty(field);
    Map<String, Text> texts = new LinkedHashMap<>();
    for (String name : all.names()) {
      Text text = text(all, name);
      boolean asWritten = field.equals("queryParams") || name.startsWith("@");
      texts.put(
          asWritten ? name : name.toLowerCase(Locale.ROOT),
          text == null ? new Text(TextKind.PRESENT, "") : text);
    }
    return texts;
  }

  /** Null when absent; one without a kind only asks that there is something. */
  private static @Nullable Text text(FieldReader parent, String name) {
    FieldReader text = parent.mapping(name).orElse(null);
    if (text == null) {
      return null;
    }
    text.strictly(Set.of("exact", "prefix", "regex"));
    if (text.names().size() > 1) {
      parent.problem(name, "several kinds", "one of exact, prefix, regex");
    }
    if (text.has("exact")) {
      return new Text(TextKind.EXACT, text.text("exact", ""));
    }
    if (text.has("prefix")) {
      return new Text(TextKind.PREFIX, text.text("prefix", ""));
    }
    return text.has("regex")
        ? new Text(TextKind.REGEX, text.text("regex", ""))
        : new Text(TextKind.PRESENT, "");
  }

  /** A percentage; absent is all. */
  static double percent(FieldReader parent, String name) {
    FieldReader percent = parent.mappingOrEmpty(name);
    percent.strictly(Set.of("value"));
    return percent.number("value", 0, 100, parent.has(name) ? 0 : 100);
  }

  static @Nullable Fault fault(FieldReader rule) {
    FieldReader fault = rule.mapping("fault").orElse(null);
    if (fault == null) {
      return null;
    }
    fault.strictly(Set.of("delay", "abort"));
    FieldReader delay = fault.mappingOrEmpty("delay");
    delay.strictly(Set.of("fixedDelay", "percentage"));
    FieldReader abort = fault.mappingOrEmpty("abort");
    abort.strictly(Set.of("httpStatus", "grpcStatus", "percentage"));
    String grpc = abort.text("grpcStatus", "");
    int grpcStatus = grpc.isEmpty() ? -1 : GRPC.indexOf(grpc);
    if (!grpc.isEmpty() && grpcStatus < 0) {
      abort.problem("grpcStatus", '"' + grpc + '"', "one of " + String.join(", ", GRPC));
    }
    return new Fault(
        delay.duration("fixedDelay"),
        percent(delay, "percentage"),
        (int) abort.whole("httpStatus", 200, 599, 0),
        grpcStatus,
        percent(abort, "percentage"));
  }

  /** Names of gRPC status codes, each in the place of its number. */
  private static final List<String> GRPC =
      List.of(
          "OK",
          "CANCELLED",
          "UNKNOWN",
          "INVALID_ARGUMENT",
          "DEADLINE_EXCEEDED",
          "NOT_FOUND",
          "ALREADY_EXISTS",
          "PERMISSION_DENIED",
          "RESOURCE_EXHAUSTED",
          "FAILED_PRECONDITION",
          "ABORTED",
          "OUT_OF_RANGE",
          "UNIMPLEMENTED",
          "INTERNAL",
          "UNAVAILABLE",
          "DATA_LOSS",
          "UNAUTHENTICATED");

  static @Nullable Cors cors(FieldReader rule) {
    FieldReader cors = rule.mapping("corsPolicy").orElse(null);
    if (cors == null) {
      return null;
    }
    cors.strictly(
        Set.of(
            "allowOrigin",
            "allowOrigins",
            "allowMethods",
            "allowHeaders",
            "exposeHeaders",
            "maxAge",
            "allowCredentials",
            "unmatchedPreflights"));
    List<Text> origins = new ArrayList<>();
    cors.texts("allowOrigin").forEach(each -> origins.add(new Text(TextKind.EXACT, each)));
    for (FieldReader each : cors.mappings("allowOrigins")) {
      each.strictly(Set.of("exact", "prefix", "regex"));
      TextKind kind =
          each.has("exact")
              ? TextKind.EXACT
              : each.has("prefix") ? TextKind.PREFIX : TextKind.REGEX;
      origins.add(new Text(kind, each.text(kind.name().toLowerCase(Locale.ROOT), "")));
    }
    Duration maxAge = cors.duration("maxAge");
    return new Cors(
        origins,
        cors.texts("allowMethods"),
        cors.texts("allowHeaders"),
        cors.texts("exposeHeaders"),
        maxAge,
        cors.flag("allowCredentials", false),
        cors.choice("unmatchedPreflights", UNMATCHED, true));
  }
}
