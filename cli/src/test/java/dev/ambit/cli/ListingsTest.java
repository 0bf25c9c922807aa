package dev.ambit.cli;

import static dev.ambit.cli.Terminal.golden;
import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ListingsTest {
  private static final String DUMP = golden("config_dump-node-a.json").toString();

  /** Cells of a table; columns are apart by two blanks or more. */
  private static List<String> rows(String table) {
    return table.lines().map(line -> String.join("|", line.strip().split("  +"))).toList();
  }

  @ParameterizedTest(name = "{0} shows what istioctl shows of {1}")
  @CsvSource({
    "workloads, workload",
    "services, service",
    "certs, certificate",
    "policies, policy",
    "connections, connections"
  })
  void shows_at_least_what_istioctl_shows(String command, String recorded) throws Exception {
    List<String> ours =
        run(command, "--dump", DUMP).out().lines().map(line -> " " + squeezed(line) + " ").toList();
    List<String> theirs =
        Files.readAllLines(golden("istioctl-ztunnel-config-" + recorded + ".txt"));
    assertThat(theirs).isNotEmpty();
    for (String line : theirs) {
      assertThat(ours).anyMatch(own -> own.startsWith(" " + squeezed(line) + " "));
    }
  }

  /** One blank between cells; a cell without a value is left out by istioctl, "-" for us. */
  private static String squeezed(String line) {
    return line.replaceAll(" - ", " ").replaceAll(" +", " ").strip();
  }

  @Test
  void keeps_columns_aligned() {
    List<String> lines = run("workloads", "-n", "demo", "--dump", DUMP).out().lines().toList();
    assertThat(lines).hasSize(7);
    int protocol = lines.getFirst().indexOf("PROTOCOL");
    assertThat(lines.subList(1, 7))
        .allSatisfy(line -> assertThat(line.substring(protocol)).startsWith("HBONE"));
  }

  @Test
  void filters_by_namespace_and_node() {
    assertThat(
            rows(run("w", "-n", "demo", "--node", "node-b", "--no-headers", "--dump", DUMP).out()))
        .hasSize(3)
        .allMatch(row -> row.startsWith("demo|") && row.contains("|node-b|"));
    assertThat(rows(run("svc", "--node", "node-b", "--no-headers", "--dump", DUMP).out()))
        .anyMatch(row -> row.startsWith("demo|solo-b|"))
        .noneMatch(row -> row.startsWith("demo|solo-a|"));
  }

  @Test
  void merges_the_dumps_of_all_nodes() {
    String other = golden("config_dump-node-b.json").toString();
    assertThat(run("workloads", "-n", "demo", "--dump", DUMP, "--dump", other).out())
        .isEqualTo(run("workloads", "-n", "demo", "--dump", DUMP).out());
    assertThat(rows(run("certs", "--dump", DUMP, "--dump", other).out()))
        .anyMatch(row -> row.endsWith("|node-a"))
        .anyMatch(row -> row.endsWith("|node-b"));
    assertThat(rows(run("certs", "--node", "node-b", "--dump", DUMP, "--dump", other).out()))
        .noneMatch(row -> row.endsWith("|node-a"));
  }

  @Test
  void prints_what_ztunnel_dumped_as_json_and_yaml() throws Exception {
    var json = run("workload", "-n", "other", "-o", "json", "--dump", DUMP).json();
    assertThat(json).hasSize(1);
    for (var workload : Terminal.dump("node-a").path("workloads")) {
      if (workload.path("namespace").asString("").equals("other")) {
        assertThat(json.path(0)).isEqualTo(workload);
      }
    }
    assertThat(run("workload", "-n", "other", "-o", "yaml", "--dump", DUMP).out())
        .startsWith("- canonicalName: other\n")
        .contains("  locality:\n    region: r1\n", "  workloadIps:\n  - \"10.244.1.13\"\n");
  }

  @Test
  void shows_more_when_wide() {
    assertThat(run("workloads", "-o", "wide", "--dump", DUMP).out())
        .contains("SERVICE ACCOUNT", "UID", "Kubernetes//Pod/demo/echo-a");
    assertThat(run("services", "-o", "wide", "--dump", DUMP).out())
        .contains("echo.demo.svc.cluster.local");
  }

  @Test
  void says_what_is_missing() {
    Map<String, String> elsewhere = Map.of();
    assertThat(run(elsewhere, "workloads", "--state", "/nowhere"))
        .satisfies(said -> {
          assertThat(said.exit()).isEqualTo(1);
          assertThat(said.err())
              .contains("no mesh is running", "/nowhere/mesh.json", "ambit up -f DIR");
        });
    assertThat(run("workloads", "--dump", "/nowhere").err()).contains("--dump", "/nowhere");
    assertThat(run("workloads", "--admin", "/nowhere").err()).contains("--admin", "/nowhere");
    assertThat(run("certs", "--node", "node-x", "--dump", DUMP).err())
        .contains("got node-x", "[node-a]");
    assertThat(run("tunnels", "--dump", DUMP).err()).contains("not part of a dump");
    assertThat(run("pods", "--dump", DUMP).err()).contains("node agents only");
    assertThat(run("workloads", "-o", "xml").exit()).isEqualTo(2);
  }
}
