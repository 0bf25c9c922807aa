package dev.ambit.controller.ca.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JoinTokensTest {
  @TempDir private Path folder;
  private Instant now = Instant.parse("2026-11-24T12:00:00Z");

  private JoinTokens open(Path where) {
    return JoinTokens.open(where, () -> now);
  }

  @Test
  void a_token_proves_its_node_until_it_expires() {
    String token = open(folder).issue("node-a", Duration.ofHours(1));
    // Another process with the same state reads it.
    JoinTokens tokens = open(folder);
    assertThat(tokens.verify(token))
        .contains(new JoinTokens.Joined("node-a", now.plus(Duration.ofHours(1))));
    now = now.plus(Duration.ofHours(1));
    assertThat(tokens.verify(token)).isEmpty();
  }

  @Test
  void any_other_token_proves_nothing() {
    JoinTokens tokens = open(folder);
    String token = tokens.issue("node-a", Duration.ofHours(1));
    String other = Base64.getUrlEncoder().withoutPadding().encodeToString("node-b".getBytes());
    String mine = Base64.getUrlEncoder().withoutPadding().encodeToString("node-a".getBytes());
    List<String> forged =
        List.of(
            "",
            "x",
            token.replace(mine, other),
            token.replace(
                "." + now.plus(Duration.ofHours(1)).getEpochSecond() + ".", ".9999999999."),
            token.substring(0, token.length() - 1),
            token + "a",
            token.replace("ambit-join", "ambit-node"),
            open(folder.resolve("other")).issue("node-a", Duration.ofHours(1)));
    for (String each : forged) {
      assertThat(tokens.verify(each)).as(each).isEmpty();
    }
    // Flipping the last character may only touch bits that base64 does not use; flip an inner one.
    char[] flipped = token.toCharArray();
    int at = token.length() - 5;
    flipped[at] = flipped[at] == 'A' ? 'B' : 'A';
    assertThat(tokens.verify(new String(flipped))).isEmpty();
  }

  @Test
  void a_node_name_is_also_a_safe_file_name() {
    for (String name : List.of("", "..", "a/b", "A", ".a", "a.", "-a", "a b", "x".repeat(254))) {
      assertThat(JoinTokens.validNode(name)).as(name).isFalse();
      assertThatThrownBy(() -> open(folder).issue(name, Duration.ofHours(1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String name : List.of("a", "node-a", "ip-10-0-0-1.eu-west-1.compute.internal")) {
      assertThat(JoinTokens.validNode(name)).as(name).isTrue();
    }
  }

  @Test
  void writes_a_private_file_a_node_and_renews_it_at_half_its_life() throws Exception {
    JoinTokens tokens = open(folder);
    Path files = folder.resolve("join-tokens");
    JoinTokenFiles written = new JoinTokenFiles(files, tokens, Duration.ofHours(24), () -> now);
    written.update(Set.of("node-a", "node-b", "../evil"));
    try (var all = Files.list(files)) {
      assertThat(all.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("node-a", "node-b");
    }
    Path file = files.resolve("node-a");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    String first = Files.readString(file);
    assertThat(tokens.verify(first.strip()).orElseThrow().node()).isEqualTo("node-a");
    now = now.plus(Duration.ofHours(11));
    written.renew();
    assertThat(Files.readString(file)).isEqualTo(first);
    now = now.plus(Duration.ofHours(2));
    written.renew();
    assertThat(Files.readString(file)).isNotEqualTo(first);
    // A restart finds a fresh token and leaves it.
    String second = Files.readString(file);
    new JoinTokenFiles(files, tokens, Duration.ofHours(24), () -> now).update(Set.of("node-a"));
    assertThat(Files.readString(file)).isEqualTo(second);
  }
}
