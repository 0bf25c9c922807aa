package dev.ambit.cli.why;

import static dev.ambit.cli.Terminal.golden;
import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.Terminal;
import dev.ambit.cli.Terminal.Said;
import dev.ambit.daemon.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** On the dumps of Istio's ztunnel, as they are and with policies put into them. */
final class WhyCommandTest {
  @TempDir private Path folder;

  private static Said why(String... words) {
    List<String> all = new ArrayList<>(List.of("why"));
    all.addAll(List.of(words));
    for (String node : List.of("node-a", "node-b")) {
      all.addAll(List.of("--dump", golden("config_dump-" + node + ".json").toString()));
    }
    return run(all.toArray(String[]::new));
  }

  /** The same question of a mesh with {@code policies}, as ztunnel dumps them. */
  private Said whyWith(String policies, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("why"));
    all.addAll(List.of(words));
    for (String node : List.of("node-a", "node-b")) {
      ObjectNode dump = (ObjectNode) Terminal.dump(node);
      JsonNode list = Json.read(policies.getBytes(StandardCharsets.UTF_8));
      dump.set("policies", list);
      for (JsonNode workload : dump.path("workloads")) {
        ArrayNode names = ((ObjectNode) workload).putArray("authorizationPolicies");
        if (workload.path("namespace").asString("").equals("demo")) {
          list.forEach(policy -> names.add("demo/" + policy.path("name").asString("")));
        }
      }
      Path file = folder.resolve(node + ".json");
      Files.write(file, Json.write(dump));
      all.addAll(List.of("--dump", file.toString()));
    }
    return run(all.toArray(String[]::new));
  }

  @ParameterizedTest(name = "{0} to {1}: exit {2}, {3}")
  @CsvSource(
      delimiter = '|',
      value = {
        "demo/client-a | demo/solo-b:8080 | 0 | tunnel to 10.244.2.12:15008 (demo/solo-b on node-b)",
        "10.244.1.10 | 10.244.2.12:8080 | 0 | CONNECT 10.244.2.12:8080",
        "demo/client-a | [fd44:0:0:2::c]:8080 | 0 | CONNECT [fd44:0:0:2::c]:8080",
        "demo/client-a | echo.demo:80 | 0 | peer spiffe://cluster.local/ns/demo/sa/echo",
        "demo/client-a | echo:80 | 0 | CONNECT 10.244.2.11:8080",
        "demo/client-a | echo.demo.svc.cluster.local:80 | 0 | CONNECT 10.244.1.11:8080",
        "demo/client-a | headless.demo:80 | 0 | CONNECT 10.244.1.11:80",
        "demo/client-a | dual.demo:85 | 0 | CONNECT 10.244.2.12:8085",
        "demo/client-a | out.plain:80 | 0 | plain/out-b is not captured",
        "demo/client-a | 1.2.3.4:443 | 0 | outside the mesh",
        "plain/out-a | echo.demo:80 | 0 | plain TCP to 10.244.1.11:8080",
        "plain/out-a | echo.demo:80 | 0 | it speaks plaintext and shows no identity",
        "demo/client-a | empty.demo:80 | 1 | none of 0 endpoints",
        "demo/client-a | echo:99 | 1 | got 99, expected one of [80, 81, 82, 83, 85]",
        "demo/client-a | 127.0.0.1:15001 | 1 | OWN_PORT",
        "demo/client-a | demo/solo-b:15008 | 1 | is a port of the proxy itself"
      })
  void takes_the_route_of_ztunnel(String from, String to, int exit, String words) {
    Said said = why(from, to);
    assertThat(said.out()).contains(words);
    assertThat(said.exit()).isEqualTo(exit);
  }

  @ParameterizedTest(name = "{0} to {1} is not understood: {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "demo/nobody | echo:80 | known: demo/client-a",
        "nobody | echo:80 | expected NAMESPACE/POD or the IP",
        "9.9.9.9 | echo:80 | got \"9.9.9.9\"",
        "demo/client-a | echo | expected HOST:PORT",
        "demo/client-a | echo:0 | expected HOST:PORT",
        "demo/client-a | echo:70000 | expected HOST:PORT",
        "demo/client-a | nothing:80 | got \"nothing\""
      })
  void ends_with_2_when_it_does_not_understand(String from, String to, String words) {
    Said said = why(from, to);
    assertThat(said.err()).contains(words);
    assertThat(said.exit()).isEqualTo(2);
  }

  @Test
  void ends_with_2_without_a_mesh() {
    assertThat(run("why", "a/b", "c:1", "--state", "/nowhere").exit()).isEqualTo(2);
    assertThat(run("why", "a/b").exit()).isEqualTo(2);
  }

  private static final String ALLOW_SOLO =
      """
      [{"name": "only-solo", "namespace": "demo", "scope": "WorkloadSelector", "action": "Allow",
        "rules": [[[{"principals": [{"Exact": "cluster.local/ns/demo/sa/solo"}]}]]]}]
      """;

  @Test
  void shows_the_nearest_miss_with_both_values() throws Exception {
    Said said = whyWith(ALLOW_SOLO, "demo/client-a", "demo/echo-b:8080");
    assertThat(said.exit()).isEqualTo(1);
    assertThat(said.out())
        .contains(
            "denied at demo/echo-b: allow policies exist, but none allowed",
            "demo/only-solo (ALLOW, workload selector): no rule matches",
            "nearest miss: principals: got \"cluster.local/ns/demo/sa/client\", expected"
                + " \"cluster.local/ns/demo/sa/solo\"");
  }

  @Test
  void names_the_deciding_policy() throws Exception {
    Said said = whyWith(ALLOW_SOLO, "demo/solo-a", "demo/echo-b:8080");
    assertThat(said.exit()).isZero();
    assertThat(said.out()).contains("allowed at demo/echo-b: by demo/only-solo", "rule 1 matches");
    JsonNode json = whyWith(ALLOW_SOLO, "demo/client-a", "echo.demo:80", "-o", "json").json();
    assertThat(json.path("allowed").asBoolean()).isFalse();
    assertThat(json.path("outcomes")).hasSize(2);
    JsonNode outcome = json.path("outcomes").path(0);
    assertThat(outcome.path("verdict").asString()).isEqualTo("denied");
    assertThat(outcome.path("route").path("kind").asString()).isEqualTo("tunnel");
    assertThat(outcome.path("considered").path(0).path("policy").asString())
        .isEqualTo("demo/only-solo");
    assertThat(outcome.path("considered").path(0).path("nearestMiss").asString())
        .startsWith("principals: got ");
  }

  @Test
  void knows_strict() throws Exception {
    String strict =
        """
        [{"name": "strict", "namespace": "demo", "scope": "WorkloadSelector", "action": "Deny",
          "rules": [[[{"notPrincipals": [{"Presence": []}]}]]]}]
        """;
    Said plain = whyWith(strict, "plain/out-a", "demo/echo-b:8080");
    assertThat(plain.exit()).isEqualTo(1);
    assertThat(plain.out()).contains("explicitly denied by: demo/strict", "rule 1 matches");
    Said mutual = whyWith(strict, "demo/client-a", "demo/echo-b:8080");
    assertThat(mutual.exit()).isZero();
    assertThat(mutual.out())
        .contains("notPrincipals: got \"cluster.local/ns/demo/sa/client\", expected not \"*\"");
  }

  @Test
  void notes_dry_runs_and_policies_that_are_missing() throws Exception {
    String dryRun =
        """
        [{"name": "trial", "namespace": "demo", "scope": "WorkloadSelector", "action": "Deny",
          "dryRun": true, "rules": [[]]}]
        """;
    assertThat(whyWith(dryRun, "demo/client-a", "demo/echo-b:8080").out())
        .contains("dry run: demo/trial would match", "DENY, workload selector, dry run");
  }

  @Test
  void goes_through_a_waypoint() throws Exception {
    List<String> words = new ArrayList<>(List.of("why", "demo/client-a", "echo.demo:80"));
    for (String node : List.of("node-a", "node-b")) {
      ObjectNode dump = (ObjectNode) Terminal.dump(node);
      for (JsonNode service : dump.path("services")) {
        if (service.path("name").asString("").equals("echo")) {
          ((ObjectNode) service)
              .putObject("waypoint")
              .put("destination", "/10.244.2.12")
              .put("hboneMtlsPort", 15008);
        }
      }
      Path file = folder.resolve(node + ".json");
      Files.write(file, Json.write(dump));
      words.addAll(List.of("--dump", file.toString()));
    }
    Said said = run(words.toArray(String[]::new));
    assertThat(said.out())
        .contains(
            "tunnel to 10.244.2.12:15008 (waypoint demo/solo-b on node-b), CONNECT 10.96.1.1:80",
            "behind the waypoint its own rules decide");
    assertThat(said.exit()).isZero();
    words.set(1, "plain/out-a");
    assertThat(run(words.toArray(String[]::new)).out()).contains("plain TCP to 10.244.1.11:8080");
  }
}
