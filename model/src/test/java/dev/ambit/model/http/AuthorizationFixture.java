package dev.ambit.model.http;

import dev.ambit.model.http.HttpAuthorizer.Chain;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.AuthorizationPolicy.Condition;
import dev.ambit.model.object.AuthorizationPolicy.Operation;
import dev.ambit.model.object.AuthorizationPolicy.Rule;
import dev.ambit.model.object.AuthorizationPolicy.Source;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.policy.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Words for policies of namespace n and for those that ask, in tests. */
final class AuthorizationFixture {
  static final HttpAuthorizer.Mesh MESH =
      new HttpAuthorizer.Mesh(Set.of("cluster.local", "old.local"), Set.of("opa"), false);
  static final Rule ALL = new Rule(List.of(), List.of(), List.of());

  static AuthorizationPolicy policy(String name, Action action, Rule... rules) {
    return dryRun("", name, action, rules);
  }

  static AuthorizationPolicy dryRun(String dryRun, String name, Action action, Rule... rules) {
    Metadata metadata =
        new Metadata(
            "n", name, "", Map.of(), Map.of("istio.io/dry-run", dryRun), Instant.EPOCH, "");
    String provider = action == Action.CUSTOM ? name : "";
    return new AuthorizationPolicy(
        metadata, Map.of(), List.of(), action, provider, Arrays.asList(rules));
  }

  static Rule to(String field, String... values) {
    return new Rule(List.of(), List.of(new Operation(Map.of(field, List.of(values)))), List.of());
  }

  static Rule from(String field, String... values) {
    return new Rule(List.of(new Source(Map.of(field, List.of(values)))), List.of(), List.of());
  }

  static Rule when(String key, List<String> values, List<String> notValues) {
    return new Rule(List.of(), List.of(), List.of(new Condition(key, values, notValues)));
  }

  static HttpSubject subject(@Nullable HttpAttributes request) {
    return subject(request, "cluster.local/ns/a/sa/b", null);
  }

  static HttpSubject subject(
      @Nullable HttpAttributes request, String principal, @Nullable JwtClaims claims) {
    return new HttpSubject(
        request,
        SpiffeId.parse("spiffe://" + principal).orElse(null),
        InetAddress.ofLiteral("10.0.0.1"),
        InetAddress.ofLiteral("192.0.2.1"),
        new InetSocketAddress(InetAddress.ofLiteral("10.1.0.1"), 80),
        "",
        claims);
  }

  static HttpAttributes path(String path) {
    return RouteFixture.get(path);
  }

  static boolean allowed(HttpSubject subject, AuthorizationPolicy... policies) {
    return verdict(Chain.HTTP, subject, policies) instanceof Verdict.Allowed;
  }

  static Verdict verdict(Chain chain, HttpSubject subject, AuthorizationPolicy... policies) {
    return HttpAuthorizer.of(Arrays.asList(policies), MESH, chain).decide(subject).verdict();
  }

  static boolean matches(Rule rule, HttpSubject subject) {
    return allowed(subject, policy("p", Action.ALLOW, rule));
  }

  static JwtClaims token(String subject) {
    return new JwtClaims(
        Map.of(
            "iss", new JwtClaims.Text("https://i.example/x"),
            "sub", new JwtClaims.Text(subject),
            "aud", new JwtClaims.Texts(List.of("one", "two")),
            "azp", new JwtClaims.Text("app"),
            "realm",
                new JwtClaims.Nested(Map.of("roles", new JwtClaims.Texts(List.of("r1", "r2"))))));
  }

  private AuthorizationFixture() {}
}
