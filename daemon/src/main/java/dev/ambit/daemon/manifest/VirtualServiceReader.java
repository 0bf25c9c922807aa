package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.RouteFilter.HeaderChange;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.VirtualService.Action;
import dev.ambit.model.object.VirtualService.Destination;
import dev.ambit.model.object.VirtualService.Extras;
import dev.ambit.model.object.VirtualService.Mirror;
import dev.ambit.model.object.VirtualService.Retries;
import dev.ambit.model.object.VirtualService.Rewrite;
import dev.ambit.model.object.VirtualService.Rule;
import dev.ambit.model.object.VirtualService.StreamRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a VirtualService, as far as waypoints obey it (spec: http-routing §9). */
final class VirtualServiceReader {
  private static final Set<String> RULE =
      Set.of(
          "name",
          "match",
          "route",
          "redirect",
          "directResponse",
          "delegate",
          "rewrite",
          "timeout",
          "retries",
          "fault",
          "mirror",
          "mirrorPercentage",
          "mirrors",
          "corsPolicy",
          "headers");
  private static final String NO_UNSUPPORTED = "none: Ambit does not support it";

  private VirtualServiceReader() {}

  static VirtualService read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("hosts", "gateways", "http", "tls", "tcp", "exportTo"));
    if (!spec.has("hosts")) {
      spec.problem("hosts", "nothing", "at least one host");
    }
    List<Rule> http = new ArrayList<>();
    for (FieldReader rule : spec.mappings("http")) {
      http.add(rule(rule));
    }
    return new VirtualService(
        metadata,
        spec.texts("hosts", "the name of a host", DestinationRuleReader::host),
        spec.texts("gateways"),
        spec.texts("exportTo"),
        http,
        streams(spec, "tls"),
        streams(spec, "tcp"));
  }

  private static Rule rule(FieldReader rule) {
    rule.strictly(RULE);
    if (rule.has("delegate")) {
      rule.problem("delegate", "a delegate", NO_UNSUPPORTED);
    }
    List<VirtualService.Match> matches = new ArrayList<>();
    for (FieldReader match : rule.mappings("match")) {
      matches.add(VirtualMatchReader.match(match));
    }
    FieldReader headers = rule.mappingOrEmpty("headers");
    headers.strictly(Set.of("request", "response"));
    return new Rule(
        rule.text("name", ""),
        matches,
        action(rule),
        new Extras(
            VirtualMatchReader.fault(rule),
            VirtualMatchReader.cors(rule),
            change(headers, "request"),
            change(headers, "response")));
  }

  private static Action action(FieldReader rule) {
    int said = 0;
    for (String each : List.of("route", "redirect", "directResponse")) {
      said += rule.has(each) ? 1 : 0;
    }
    if (said != 1 && !rule.has("delegate")) {
      rule.problem("route", said + " actions", "exactly one of route, redirect, directResponse");
    }
    if (rule.has("redirect")) {
      return redirect(rule.mappingOrEmpty("redirect"));
    }
    if (rule.has("directResponse")) {
      FieldReader response = rule.mappingOrEmpty("directResponse");
      response.strictly(Set.of("status", "body"));
      FieldReader body = response.mappingOrEmpty("body");
      body.strictly(Set.of("string"));
      return new VirtualService.Respond(
          (int) response.whole("status", 100, 599, 200), body.text("string", ""));
    }
    return new VirtualService.Forward(
        destinations(rule),
        rewrite(rule),
        mirrors(rule),
        rule.duration("timeout"),
        retries(rule, "retries"));
  }

  private static Action redirect(FieldReader redirect) {
    redirect.strictly(Set.of("uri", "authority", "port", "derivePort", "scheme", "redirectCode"));
    String scheme = redirect.text("scheme", "");
    int port =
        switch (redirect.text("derivePort", "")) {
          case "FROM_REQUEST_PORT" -> 0;
          case "FROM_PROTOCOL_DEFAULT" -> scheme.equals("https") ? 443 : 80;
          default -> redirect.port("port", -1);
        };
    return new VirtualService.Redirect(
        scheme,
        redirect.text("authority", ""),
        redirect.text("uri", ""),
        port,
        (int) redirect.whole("redirectCode", 300, 399, 301));
  }

  private static List<Destination> destinations(FieldReader parent) {
    List<FieldReader> routes = parent.mappings("route");
    List<Destination> destinations = new ArrayList<>();
    for (FieldReader route : routes) {
      route.strictly(Set.of("destination", "weight", "headers"));
      FieldReader headers = route.mappingOrEmpty("headers");
      headers.strictly(Set.of("request", "response"));
      int alone = routes.size() == 1 ? 100 : 0;
      int weight = (int) route.whole("weight", 0, Integer.MAX_VALUE, alone);
      destinations.add(
          destination(
              route,
              weight == 0 ? alone : weight,
              change(headers, "request"),
              change(headers, "response")));
    }
    return destinations;
  }

  private static Destination destination(
      FieldReader parent, int weight, HeaderChange request, HeaderChange response) {
    FieldReader to = parent.mappingOrEmpty("destination");
    to.strictly(Set.of("host", "subset", "port"));
    FieldReader port = to.mappingOrEmpty("port");
    port.strictly(Set.of("number"));
    return new Destination(
        to.required("host", "the name of a host", DestinationRuleReader::host),
        to.text("subset", ""),
        port.port("number", 0),
        weight,
        request,
        response);
  }

  private static HeaderChange change(FieldReader headers, String which) {
    FieldReader change = headers.mappingOrEmpty(which);
    change.strictly(Set.of("set", "add", "remove"));
    return new HeaderChange(
        lowered(change, "set"),
        lowered(change, "add"),
        change.texts("remove", "the name of a header", RouteFields::headerName).stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .toList());
  }

  private static Map<String, String> lowered(FieldReader change, String list) {
    Map<String, String> values = new LinkedHashMap<>();
    change
        .textMap(list)
        .forEach((name, value) -> values.putIfAbsent(name.toLowerCase(Locale.ROOT), value));
    return values;
  }

  private static @Nullable Rewrite rewrite(FieldReader rule) {
    FieldReader rewrite = rule.mapping("rewrite").orElse(null);
    if (rewrite == null) {
      return null;
    }
    rewrite.strictly(Set.of("uri", "authority", "uriRegexRewrite"));
    if (rewrite.has("uriRegexRewrite")) {
      rewrite.problem("uriRegexRewrite", "a regular expression", NO_UNSUPPORTED);
    }
    return new Rewrite(rewrite.text("uri", ""), rewrite.text("authority", ""));
  }

  private static List<Mirror> mirrors(FieldReader rule) {
    List<Mirror> mirrors = new ArrayList<>();
    HeaderChange none = new HeaderChange(Map.of(), Map.of(), List.of());
    if (rule.has("mirror")) {
      double percent = VirtualMatchReader.percent(rule, "mirrorPercentage");
      FieldReader mirror = rule.mappingOrEmpty("mirror");
      mirror.strictly(Set.of("host", "subset", "port"));
      FieldReader port = mirror.mappingOrEmpty("port");
      mirrors.add(
          new Mirror(
              new Destination(
                  mirror.required("host", "the name of a host", DestinationRuleReader::host),
                  mirror.text("subset", ""),
                  port.port("number", 0),
                  1,
                  none,
                  none),
              percent));
    }
    for (FieldReader each : rule.mappings("mirrors")) {
      each.strictly(Set.of("destination", "percentage"));
      mirrors.add(
          new Mirror(
              destination(each, 1, none, none), VirtualMatchReader.percent(each, "percentage")));
    }
    return mirrors;
  }

  static @Nullable Retries retries(FieldReader rule, String name) {
    FieldReader retries = rule.mapping(name).orElse(null);
    if (retries == null) {
      return null;
    }
    retries.strictly(
        Set.of(
            "attempts",
            "perTryTimeout",
            "retryOn",
            "backoff",
            "retryIgnorePreviousHosts",
            "retryRemoteLocalities"));
    return new Retries(
        (int) retries.whole("attempts", 0, Integer.MAX_VALUE, 0),
        retries.duration("perTryTimeout"),
        retries.text("retryOn", ""),
        retries.duration("backoff"),
        retries.flag("retryIgnorePreviousHosts", true),
        retries.flag("retryRemoteLocalities", false));
  }

  private static List<StreamRule> streams(FieldReader spec, String list) {
    List<StreamRule> rules = new ArrayList<>();
    for (FieldReader rule : spec.mappings(list)) {
      rule.strictly(Set.of("match", "route"));
      List<Integer> ports = new ArrayList<>();
      for (FieldReader match : rule.mappings("match")) {
        ports.add(match.port("port", 0));
      }
      rules.add(new StreamRule(ports.contains(0) ? List.of() : ports, destinations(rule)));
    }
    return rules;
  }
}
