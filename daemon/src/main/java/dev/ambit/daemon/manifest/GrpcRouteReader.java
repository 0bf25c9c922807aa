package dev.ambit.daemon.manifest;

import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.GrpcRoute.Match;
import dev.ambit.model.object.GrpcRoute.Rule;
import dev.ambit.model.object.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads a GRPCRoute with the API server's defaults and limits (spec: http-routing §2). */
final class GrpcRouteReader {
  private static final int MOST_MATCHES = 64;
  private static final Pattern SERVICE =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*");
  private static final Pattern METHOD = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private GrpcRouteReader() {}

  static GrpcRoute read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("parentRefs", "hostnames", "rules", "useDefaultGateways"));
    List<Rule> rules = new ArrayList<>();
    for (FieldReader rule : spec.mappings("rules", RouteFields.MOST_RULES)) {
      rule.strictly(Set.of("name", "matches", "filters", "backendRefs", "sessionPersistence"));
      List<Match> matches = new ArrayList<>();
      for (FieldReader match : rule.mappings("matches", MOST_MATCHES)) {
        matches.add(match(match));
      }
      rules.add(
          new Rule(
              rule.formed("name", Forms.NAME, Forms::name),
              matches,
              FilterReader.read(rule),
              RouteFields.backends(rule, FilterReader::read),
              SessionReader.read(rule)));
    }
    return new GrpcRoute(
        metadata, RouteFields.parents(metadata, spec), RouteFields.hostnames(spec), rules);
  }

  private static Match match(FieldReader match) {
    match.strictly(Set.of("method", "headers"));
    FieldReader method = match.mappingOrEmpty("method");
    method.strictly(Set.of("type", "service", "method"));
    boolean expression = method.choice("type", RouteFields.VALUE_TYPES, false);
    if (match.has("method") && !method.has("service") && !method.has("method")) {
      match.problem("method", "neither service nor method", "at least one of them");
    }
    return new Match(
        method.formed(
            "service",
            "the name of a gRPC service such as a.B",
            text -> expression || SERVICE.matcher(text).matches()),
        method.formed(
            "method",
            "the name of a gRPC method",
            text -> expression || METHOD.matcher(text).matches()),
        expression,
        RouteFields.values(match, "headers"));
  }
}
