package dev.ambit.controller.source;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.peers;
import static dev.ambit.controller.translate.Objects.pod;
import static dev.ambit.controller.translate.Objects.policy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.PeerAuthentication.Mode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SecurityMemoryTest {
  private static final ManifestProblem BROKEN =
      new ManifestProblem("test.yaml", 3, "spec", "a list", "a map");
  private static final ClusterObject POLICY =
      policy(
          "a",
          "p",
          AuthorizationPolicy.Action.DENY,
          labels("app=x"),
          new AuthorizationPolicy.Rule(
              List.of(new AuthorizationPolicy.Source(Map.of("principals", List.of("x", "y")))),
              List.of(new AuthorizationPolicy.Operation(Map.of("ports", List.of("80")))),
              List.of(
                  new AuthorizationPolicy.Condition(
                      "source.ip", List.of("10.0.0.0/8"), List.of("10.1.0.0/16")))));
  private static final ClusterObject PEERS =
      peers("a", "q", labels("app=x"), Mode.STRICT, Map.of(8080, Mode.PERMISSIVE));
  private static final ClusterObject POD = pod("a", "p", "10.0.0.1");

  @TempDir private Path folder;

  private SecurityMemory restarted() {
    return new SecurityMemory(folder.resolve("policies.json"));
  }

  @Test
  void remembers_policies_whose_file_is_broken_at_the_next_start() {
    restarted().keep(List.of(POLICY, PEERS, POD));
    assertThat(restarted().complete(new Snapshot(List.of(POD), List.of(BROKEN))))
        .containsExactly(POD, POLICY, PEERS);
  }

  @Test
  void forgets_what_was_deleted_from_a_whole_file() {
    restarted().keep(List.of(POLICY));
    SecurityMemory memory = restarted();
    assertThat(memory.complete(new Snapshot(List.of(), List.of()))).isEmpty();
    assertThat(memory.complete(new Snapshot(List.of(), List.of(BROKEN)))).isEmpty();
  }

  @Test
  void the_file_counts_as_soon_as_it_can_be_read() {
    restarted().keep(List.of(POLICY));
    SecurityMemory memory = restarted();
    ClusterObject changed = policy("a", "p", AuthorizationPolicy.Action.ALLOW, Map.of());
    assertThat(memory.complete(new Snapshot(List.of(changed), List.of(BROKEN))))
        .containsExactly(changed);
    assertThat(memory.complete(new Snapshot(List.of(), List.of(BROKEN)))).isEmpty();
  }

  @Test
  void a_damaged_memory_is_no_memory() throws Exception {
    Files.writeString(folder.resolve("policies.json"), "[{\"kind\":\"Pod\"}]");
    assertThat(restarted().complete(new Snapshot(List.of(), List.of(BROKEN)))).isEmpty();
    Files.writeString(folder.resolve("policies.json"), "[{");
    assertThat(restarted().complete(new Snapshot(List.of(), List.of(BROKEN)))).isEmpty();
  }
}
