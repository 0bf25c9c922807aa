package dev.ambit.model.policy;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.ip;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.policy.Rules.allow;
import static dev.ambit.model.policy.Rules.clause;
import static dev.ambit.model.policy.Rules.deny;
import static dev.ambit.model.policy.Rules.match;
import static dev.ambit.model.policy.Rules.named;
import static dev.ambit.model.policy.Rules.rule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Authorizer.Considered;
import dev.ambit.model.policy.Authorizer.Explanation;
import dev.ambit.model.policy.Policy.Action;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.Policy.Scope;
import dev.ambit.model.policy.Rules.Matching;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExplanationTest {
  private static final Workload SERVER = pod("server", "127.0.0.2").build();
  private static final Peer PEER =
      new Peer(ip("10.0.0.1"), new SpiffeId("td", "n", "s"), at("127.0.0.2", 8080));
  private static final Peer PLAIN = new Peer(ip("10.0.0.1"), null, at("127.0.0.2", 8080));

  private static String nearestMiss(Peer peer, Policy policy) {
    return Authorizer.explain(view(policy), SERVER, peer).considered().getFirst().nearestMiss();
  }

  private static String nearestMiss(Peer peer, Matching matching) {
    return nearestMiss(peer, allow(rule(clause(matching))));
  }

  @Test
  void names_field_got_and_expected() {
    assertThat(nearestMiss(PEER, match().principals("td/ns/n/sa/t")))
        .isEqualTo("principals: got \"td/ns/n/sa/s\", expected \"td/ns/n/sa/t\"");
    assertThat(nearestMiss(PLAIN, match().principals("*")))
        .isEqualTo("principals: got none (plaintext), expected \"*\"");
    assertThat(nearestMiss(PEER, match().notPrincipals("td/*")))
        .isEqualTo("notPrincipals: got \"td/ns/n/sa/s\", expected not \"td/*\"");
    assertThat(nearestMiss(PEER, match().namespaces("a", "*b")))
        .isEqualTo("namespaces: got \"n\", expected one of \"a\", \"*b\"");
    assertThat(nearestMiss(PEER, match().ports(1, 2, 3, 4, 5, 6)))
        .isEqualTo("destinationPorts: got 8080, expected one of 1, 2, 3, 4 and 2 more");
    assertThat(nearestMiss(PEER, match().notPorts(1, 8080)))
        .isEqualTo("notDestinationPorts: got 8080, expected none of 1, 8080");
    assertThat(nearestMiss(PEER, match().sourceIps("10.0.1.0/24")))
        .isEqualTo("sourceIps: got 10.0.0.1, expected 10.0.1.0/24");
    assertThat(nearestMiss(PEER, match().accounts("n/t")))
        .isEqualTo("serviceAccounts: got \"n/s\", expected \"n/t\"");
    assertThat(nearestMiss(PEER, match().ports(1).sourceIps("10.0.1.0/24")))
        .isEqualTo(
            "sourceIps: got 10.0.0.1, expected 10.0.1.0/24; "
                + "destinationPorts: got 8080, expected 1");
    assertThat(nearestMiss(PEER, allow())).isEqualTo("rules: got none, expected one that matches");
    assertThat(nearestMiss(PEER, match())).contains("empty");
  }

  @Test
  void shows_the_rule_that_came_closest() {
    Policy policy =
        allow(
            rule(clause(match().ports(1)), clause(match().namespaces("x"))),
            rule(clause(match().ports(8080)), clause(match().namespaces("x"), match().ports(2))),
            rule(clause(match().ports(3)), clause(match().namespaces("y"))));
    assertThat(nearestMiss(PEER, policy)).isEqualTo("namespaces: got \"n\", expected \"x\"");
  }

  @Test
  void puts_the_deciding_policy_first() {
    Policy far = named("a", "far", deny(rule(clause(match().ports(1)))));
    Policy hit = named("z", "hit", deny(rule(clause(match().ports(1))), rule()));
    Explanation explanation = Authorizer.explain(view(far, allow(rule()), hit), SERVER, PEER);
    assertThat(explanation.verdict()).isInstanceOf(Verdict.Denied.class);
    assertThat(explanation.considered())
        .extracting(considered -> considered.policy().key().name())
        .containsExactly("hit", "far", "allow");
    assertThat(explanation.considered().getFirst()).isEqualTo(new Considered(hit, 1, ""));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void says_the_same_of_the_written_and_the_compiled_policy(long seed) {
    Generator generator = new Generator(new Random(seed));
    for (int round = 0; round < 2_000; round++) {
      Policy policy = generator.policy();
      Peer peer = generator.peer();
      MeshView view = view(policy);
      boolean matched =
          Authorizer.explain(view, SERVER, peer).considered().getFirst().matchedRule() >= 0;
      boolean allowed = Authorizer.decide(view, SERVER, peer) instanceof Verdict.Allowed;
      assertThat(allowed)
          .as("%s for %s", policy, peer)
          .isEqualTo((policy.action() == Action.ALLOW) == matched);
    }
  }

  /** Random policies over few values, so that matches are common. */
  private record Generator(Random random) {
    Policy policy() {
      Action action = random.nextBoolean() ? Action.ALLOW : Action.DENY;
      return new Policy(new PolicyKey("ns", "p"), Scope.GLOBAL, action, some(2, this::rule), false);
    }

    Peer peer() {
      SpiffeId identity =
          random.nextInt(3) == 0
              ? null
              : new SpiffeId("td", pick("a", "ab", "b"), pick("a", "ab", "b"));
      return new Peer(address(), identity, new java.net.InetSocketAddress(address(), port()));
    }

    private Rule rule() {
      return new Rule(some(3, () -> new Clause(some(3, this::match))));
    }

    private Match match() {
      return new Match(
          rare(this::string),
          rare(this::string),
          rare(this::principal),
          rare(this::principal),
          rare(this::block),
          rare(this::block),
          rare(this::block),
          rare(this::block),
          rare(this::port),
          rare(this::port),
          rare(this::account),
          rare(this::account));
    }

    private StringMatch string() {
      return Rules.string(pick("a", "ab", "", "a*", "*b", "*"));
    }

    private StringMatch principal() {
      return Rules.string(pick("td/ns/a/sa/b", "td/ns/a*", "*/sa/ab", "*", "x"));
    }

    private dev.ambit.model.workload.Cidr block() {
      byte[] bytes = address().getAddress();
      int bits = bytes.length * 8;
      return dev.ambit.model.workload.Cidr.of(
          bytes, bits - random.nextInt(random.nextInt(4) == 0 ? bits : 4));
    }

    private InetAddress address() {
      return ip(pick("10.0.0.", "10.0.1.", "fd00::", "fd00:1::") + random.nextInt(6));
    }

    private int port() {
      return 1 + random.nextInt(3);
    }

    private Policy.ServiceAccount account() {
      return new Policy.ServiceAccount(pick("a", "ab"), pick("a", "b"));
    }

    private String pick(String... values) {
      return values[random.nextInt(values.length)];
    }

    private <T> List<T> rare(Supplier<T> element) {
      return random.nextInt(4) == 0 ? some(5, element) : List.of();
    }

    private <T> List<T> some(int most, Supplier<T> element) {
      List<T> list = new ArrayList<>();
      for (int i = random.nextInt(most + 1); i > 0; i--) {
        list.add(element.get());
      }
      return list;
    }
  }
}
