package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.object.RequestAuthentication.Output;
import dev.ambit.model.object.RequestAuthentication.TokenPlace;
import dev.ambit.model.object.TargetReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads a RequestAuthentication (spec: l7-authorization §6); an unknown field refuses it. */
final class JwtReader {
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(5);
  private static final List<String> USUAL_SPACE_DELIMITED = List.of("scope", "permission");

  private JwtReader() {}

  static RequestAuthentication read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("selector", "targetRef", "targetRefs", "jwtRules"));
    List<TargetReference> targets = PolicyReader.targets(spec);
    Map<String, String> selector = PolicyReader.selector(spec);
    if (!targets.isEmpty() && !selector.isEmpty()) {
      spec.problem("selector", "one beside targetRefs", "only one of them");
    }
    List<JwtRule> rules = new ArrayList<>();
    for (FieldReader rule : spec.mappings("jwtRules")) {
      rules.add(rule(rule));
    }
    return new RequestAuthentication(metadata, selector, targets, rules);
  }

  private static JwtRule rule(FieldReader rule) {
    rule.strictly(
        Set.of(
            "issuer",
            "audiences",
            "jwks",
            "jwksUri",
            "jwks_uri",
            "fromHeaders",
            "fromParams",
            "fromCookies",
            "forwardOriginalToken",
            "outputPayloadToHeader",
            "outputClaimToHeaders",
            "timeout",
            "spaceDelimitedClaims"));
    if (rule.has("jwks") && rule.has("jwksUri")) {
      rule.problem("jwks", "one beside jwksUri", "only one of them");
    }
    Duration timeout = rule.duration("timeout");
    return new JwtRule(
        rule.required("issuer", "the issuer of tokens", text -> !text.isEmpty()),
        rule.texts("audiences"),
        rule.text("jwks", ""),
        rule.formed(
            rule.has("jwks_uri") ? "jwks_uri" : "jwksUri",
            "an http or https address",
            text -> text.matches("https?://[^\\s]+")),
        places(rule),
        output(rule),
        timeout == null ? USUAL_TIMEOUT : timeout);
  }

  private static List<TokenPlace> places(FieldReader rule) {
    List<TokenPlace> places = new ArrayList<>();
    for (FieldReader header : rule.mappings("fromHeaders")) {
      header.strictly(Set.of("name", "prefix"));
      places.add(
          new RequestAuthentication.InHeader(
              header
                  .required("name", "the name of a header", RouteFields::headerName)
                  .toLowerCase(Locale.ROOT),
              header.text("prefix", "")));
    }
    for (String name : rule.texts("fromParams", "text", text -> !text.isEmpty())) {
      places.add(new RequestAuthentication.InQuery(name));
    }
    for (String name : rule.texts("fromCookies", "text", text -> !text.isEmpty())) {
      places.add(new RequestAuthentication.InCookie(name));
    }
    return places;
  }

  private static Output output(FieldReader rule) {
    Map<String, String> claims = new LinkedHashMap<>();
    for (FieldReader each : rule.mappings("outputClaimToHeaders")) {
      each.strictly(Set.of("header", "claim"));
      String header = each.required("header", "the name of a header", RouteFields::headerName);
      claims.put(
          header.toLowerCase(Locale.ROOT),
          each.required("claim", "the name of a claim", text -> !text.isEmpty()));
    }
    return new Output(
        rule.flag("forwardOriginalToken", false),
        rule.formed("outputPayloadToHeader", "the name of a header", RouteFields::headerName)
            .toLowerCase(Locale.ROOT),
        claims,
        rule.has("spaceDelimitedClaims")
            ? rule.texts("spaceDelimitedClaims")
            : USUAL_SPACE_DELIMITED);
  }
}
