package dev.ambit.daemon.manifest;

import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads TCPRoute and TLSRoute (spec: http-routing §7). */
final class StreamRouteReader {
  private StreamRouteReader() {}

  static TcpRoute tcp(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("parentRefs", "rules", "useDefaultGateways"));
    List<TcpRoute.Rule> rules = new ArrayList<>();
    for (FieldReader rule : rules(spec)) {
      rules.add(new TcpRoute.Rule(name(rule), backends(rule)));
    }
    return new TcpRoute(metadata, RouteFields.parents(metadata, spec), rules);
  }

  static TlsRoute tls(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("parentRefs", "hostnames", "rules", "useDefaultGateways"));
    List<TlsRoute.Rule> rules = new ArrayList<>();
    for (FieldReader rule : rules(spec)) {
      rules.add(new TlsRoute.Rule(name(rule), backends(rule)));
    }
    return new TlsRoute(
        metadata, RouteFields.parents(metadata, spec), RouteFields.hostnames(spec), rules);
  }

  private static List<FieldReader> rules(FieldReader spec) {
    List<FieldReader> rules = spec.mappings("rules", RouteFields.MOST_RULES);
    if (rules.isEmpty()) {
      spec.problem("rules", "nothing", "at least one rule");
    }
    return rules;
  }

  private static String name(FieldReader rule) {
    rule.strictly(Set.of("name", "backendRefs"));
    return rule.formed("name", Forms.NAME, Forms::name);
  }

  private static List<BackendReference> backends(FieldReader rule) {
    return RouteFields.backends(
        rule,
        backend -> {
          if (backend.has("filters")) {
            backend.problem("filters", "filters", "none: the connection is not looked into");
          }
          return List.of();
        });
  }
}
