package dev.ambit.cli.reach;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class StateFoldersTest {
  @Test
  void prefers_what_was_said() {
    Map<String, String> said = Map.of("AMBIT_MESH_STATE", "/x", "XDG_RUNTIME_DIR", "/run/user/7");
    assertThat(StateFolders.usual(said, "0")).isEqualTo(Path.of("/x"));
  }

  @Test
  void differs_by_user() {
    assertThat(StateFolders.usual(Map.of(), "0")).isEqualTo(Path.of("/run/ambit"));
    assertThat(StateFolders.usual(Map.of("XDG_RUNTIME_DIR", "/run/user/7"), "7"))
        .isEqualTo(Path.of("/run/user/7/ambit"));
    assertThat(StateFolders.usual(Map.of(), "7")).isEqualTo(Path.of("/tmp/ambit-7"));
  }
}
