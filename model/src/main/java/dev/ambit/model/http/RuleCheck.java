package dev.ambit.model.http;

import dev.ambit.model.http.HttpAuthorizer.Chain;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One list of a rule: it holds when one of its tests is true of what the subject has there.
 *
 * @param name of the list in the policy
 * @param negated whether none may be true
 */
record RuleCheck(
    String name,
    List<String> values,
    boolean negated,
    Predicate<HttpSubject> anyMatches,
    Function<HttpSubject, String> got) {

  boolean holds(HttpSubject subject) {
    return anyMatches.test(subject) != negated;
  }

  String miss(HttpSubject subject) {
    String wanted = values.size() == 1 ? "" : negated ? "none of " : "one of ";
    String not = negated && values.size() == 1 ? "not " : "";
    return name
        + ": got "
        + got.apply(subject)
        + ", expected "
        + not
        + wanted
        + String.join(", ", values.stream().map(value -> '"' + value + '"').toList());
  }

  /**
   * Compiles lists of one policy.
   *
   * @param namespace of the policy, which a bare service account is of
   * @param trustDomains of the mesh and its aliases; a principal of one is one of all
   */
  record Compiler(String namespace, Set<String> trustDomains, Chain chain) {

    /** Null when the list cannot be built for this chain; {@code bad} collects its values. */
    @Nullable RuleCheck list(String name, List<String> values, List<String> bad) {
      boolean negated = name.startsWith("not");
      String plain =
          negated ? name.substring(3, 4).toLowerCase(Locale.ROOT) + name.substring(4) : name;
      return check(name, attribute(plain), values, negated, bad);
    }

    @Nullable RuleCheck condition(
        String key, List<String> values, boolean negated, List<String> bad) {
      return check(key, attribute(key), values, negated, bad);
    }

    private @Nullable RuleCheck check(
        String name,
        @Nullable Attribute attribute,
        List<String> values,
        boolean negated,
        List<String> bad) {
      if (attribute == null || (attribute.http() && chain == Chain.TCP)) {
        bad.addAll(values);
        return null;
      }
      List<Predicate<HttpSubject>> tests = new ArrayList<>();
      List<String> good = new ArrayList<>();
      for (String value : values) {
        Predicate<HttpSubject> test = attribute.test().apply(value);
        if (test == null) {
          bad.add(value);
        } else {
          good.add(value);
          tests.add(test);
        }
      }
      if (tests.isEmpty()) {
        return null;
      }
      Predicate<HttpSubject> any =
          subject -> {
            for (Predicate<HttpSubject> test : tests) {
              if (test.test(subject)) {
                return true;
              }
            }
            return false;
          };
      return new RuleCheck(name, good, negated, any, attribute.got());
    }

    /** What a list compares; {@code test} gives null for a value that cannot be. */
    private record Attribute(
        boolean http,
        Function<HttpSubject, String> got,
        Function<String, @Nullable Predicate<HttpSubject>> test) {}

    private @Nullable Attribute attribute(String name) {
      return switch (name) {
        case "principals", "source.principal" ->
            new Attribute(false, Compiler::principalOf, this::principal);
        case "namespaces", "source.namespace" ->
            ofIdentity(SpiffeId::namespace, TextMatch::wildcard);
        case "serviceAccounts", "source.serviceAccount" ->
            ofIdentity(
                id -> id.namespace() + "/" + id.serviceAccount(),
                value ->
                    new TextMatch.Exact(value.indexOf('/') < 0 ? namespace + "/" + value : value));
        case "trustDomains", "source.trustDomain" ->
            ofIdentity(SpiffeId::trustDomain, PolicyText::of);
        case "ipBlocks", "source.ip" -> addresses(false, HttpSubject::sourceIp);
        case "remoteIpBlocks", "remote.ip" -> addresses(true, HttpSubject::remoteIp);
        case "destination.ip" -> addresses(false, subject -> subject.destination().getAddress());
        case "ports", "destination.port" ->
            new Attribute(
                false, subject -> String.valueOf(subject.destination().getPort()), Compiler::port);
        case "connection.sni" -> texts(false, HttpSubject::serverName, PolicyText::of);
        case "hosts" -> texts(true, ofRequest(HttpAttributes::authority), PolicyText::ignoringCase);
        case "methods" -> texts(true, ofRequest(HttpAttributes::method), PolicyText::of);
        case "paths" -> texts(true, ofRequest(HttpAttributes::path), PolicyText::path);
        case "requestPrincipals", "request.auth.principal" ->
            texts(
                true,
                ofClaims(claims -> claims.principal().orElse(null)),
                PolicyText::requestPrincipal);
        case "request.auth.presenter" ->
            texts(true, ofClaims(claims -> claims.value("azp")), PolicyText::of);
        case "request.auth.audiences" -> claims(List.of("aud"));
        default -> keyed(name);
      };
    }

    private @Nullable Attribute keyed(String name) {
      if (name.startsWith("request.headers[") && name.endsWith("]")) {
        String header =
            name.substring("request.headers[".length(), name.length() - 1).toLowerCase(Locale.ROOT);
        return texts(true, ofRequest(request -> request.headers().joined(header)), PolicyText::of);
      }
      if (name.startsWith("request.auth.claims[") && name.endsWith("]")) {
        String path = name.substring("request.auth.claims[".length(), name.length() - 1);
        return claims(List.of(path.split("\\]\\[", -1)));
      }
      return null;
    }

    private static Attribute texts(
        boolean http,
        Function<HttpSubject, @Nullable String> of,
        Function<String, @Nullable TextMatch> match) {
      return new Attribute(
          http,
          subject -> shown(of.apply(subject)),
          value -> {
            TextMatch compiled = match.apply(value);
            if (compiled == null) {
              return null;
            }
            return subject -> {
              String got = of.apply(subject);
              return got != null && compiled.matches(got);
            };
          });
    }

    private static Attribute ofIdentity(
        Function<SpiffeId, String> part, Function<String, @Nullable TextMatch> match) {
      return texts(
          false,
          subject -> {
            SpiffeId identity = subject.identity();
            return identity == null ? null : part.apply(identity);
          },
          match);
    }

    private static Function<HttpSubject, @Nullable String> ofRequest(
        Function<HttpAttributes, @Nullable String> part) {
      return subject -> {
        HttpAttributes request = subject.request();
        return request == null ? null : part.apply(request);
      };
    }

    private static Function<HttpSubject, @Nullable String> ofClaims(
        Function<JwtClaims, @Nullable String> part) {
      return subject -> {
        JwtClaims claims = subject.claims();
        return claims == null ? null : part.apply(claims);
      };
    }

    private static Attribute claims(List<String> path) {
      Function<HttpSubject, List<String>> of =
          subject -> {
            JwtClaims claims = subject.claims();
            return claims == null ? List.of() : claims.values(path);
          };
      return new Attribute(
          true,
          subject -> of.apply(subject).isEmpty() ? "none" : of.apply(subject).toString(),
          value -> {
            TextMatch match = PolicyText.of(value);
            return subject -> of.apply(subject).stream().anyMatch(match::matches);
          });
    }

    private static Attribute addresses(boolean http, Function<HttpSubject, InetAddress> of) {
      return new Attribute(
          http,
          subject -> IpAddresses.print(of.apply(subject)),
          value -> {
            Cidr block = Cidr.parse(value).orElse(null);
            return block == null ? null : subject -> block.contains(of.apply(subject));
          });
    }

    private static @Nullable Predicate<HttpSubject> port(String value) {
      if (!value.matches("\\d{1,5}")) {
        return null;
      }
      int port = Integer.parseInt(value);
      return subject -> subject.destination().getPort() == port;
    }

    private static String principalOf(HttpSubject subject) {
      SpiffeId identity = subject.identity();
      return shown(identity == null ? null : identity.principal());
    }

    private Predicate<HttpSubject> principal(String value) {
      List<TextMatch> matches = new ArrayList<>();
      int slash = value.indexOf('/');
      String domain = slash < 0 ? "" : value.substring(0, slash);
      if (trustDomains.contains(domain)) {
        trustDomains.forEach(alias -> matches.add(PolicyText.of(alias + value.substring(slash))));
      } else {
        matches.add(PolicyText.of(value));
      }
      return subject -> {
        SpiffeId identity = subject.identity();
        return identity != null
            && matches.stream().anyMatch(match -> match.matches(identity.principal()));
      };
    }

    private static String shown(@Nullable String got) {
      return got == null || got.isEmpty() ? "none" : '"' + got + '"';
    }
  }
}
