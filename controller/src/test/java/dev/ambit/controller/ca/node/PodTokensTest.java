package dev.ambit.controller.ca.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PodTokensTest {
  private static final Duration LIFETIME = Duration.ofHours(24);
  private static final PodName WAYPOINT = new PodName("demo", "wp", "wp-1");

  @TempDir private Path folder;
  private Instant now = Instant.parse("2026-11-25T02:00:00Z");

  private JoinTokens keys() {
    return JoinTokens.open(folder, () -> now);
  }

  private static Pod pod(String name, String account, Pod.Phase phase) {
    return new Pod(
        new Metadata("demo", name, "", Map.of(), Map.of(), Instant.EPOCH, ""),
        "node-a",
        account,
        false,
        phase,
        true,
        false,
        List.of(InetAddress.getLoopbackAddress()),
        Map.of(),
        name,
        List.of());
  }

  private Optional<Caller> prove(String token, Pod... pods) {
    NodeAuthorizer authorizer = new NodeAuthorizer("cluster.local");
    authorizer.update(ClusterInput.of(List.of(pods), Map.of()));
    return new CallerProof("cluster.local", keys(), authorizer)
        .prove(List.of(), token, "127.0.0.1:1");
  }

  @Test
  void a_token_proves_its_pod_while_that_is_there() {
    String token = new PodTokens(keys()).issue(WAYPOINT, LIFETIME);
    assertThat(prove(token, pod("wp-1", "wp", Pod.Phase.RUNNING)))
        .contains(new Caller("node-a", Caller.Proof.POD_TOKEN, "127.0.0.1:1", WAYPOINT));
    assertThat(prove(token)).as("deleted").isEmpty();
    assertThat(prove(token, pod("wp-1", "wp", Pod.Phase.SUCCEEDED))).as("over").isEmpty();
    assertThat(prove(token, pod("wp-1", "other", Pod.Phase.RUNNING)))
        .as("another pod of that name")
        .isEmpty();
    now = now.plus(LIFETIME);
    assertThat(prove(token, pod("wp-1", "wp", Pod.Phase.RUNNING))).as("expired").isEmpty();
  }

  @Test
  void a_token_cannot_be_made_into_another() {
    String token = new PodTokens(keys()).issue(WAYPOINT, LIFETIME);
    String mine = encoded("demo/wp/wp-1");
    for (String forged :
        List.of(
            token.replace(mine, encoded("demo/admin/wp-1")),
            token.replace("ambit-pod", "ambit-join"),
            token.replace(mine, encoded("demo/wp/wp-1/x")),
            token.substring(1),
            token + "A")) {
      assertThat(prove(forged, pod("wp-1", "admin", Pod.Phase.RUNNING))).as(forged).isEmpty();
    }
    // The token of a node whose name looks like a pod is a node's, and the other way round.
    assertThat(keys().verify(token)).isEmpty();
    String node = keys().issue("demo.wp.wp-1", LIFETIME);
    assertThat(new PodTokens(keys()).verify(node)).isEmpty();
    assertThat(new PodTokens(keys()).verify(node.replace("ambit-join", "ambit-pod"))).isEmpty();
  }

  @Test
  void names_that_could_leave_their_folder_get_none() {
    for (String bad : List.of("../x", "A", "", "a/b", "a\n")) {
      assertThatThrownBy(
              () -> new PodTokens(keys()).issue(new PodName("demo", "wp", bad), LIFETIME))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new PodTokens(keys()).issue(new PodName("a.b", "wp", "c"), LIFETIME))
        .as("a.b and c would have the file of a and b.c")
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void files_come_are_renewed_and_go_with_their_pods() throws Exception {
    Path place = folder.resolve("join-tokens");
    JoinTokenFiles files = new JoinTokenFiles(place, keys(), LIFETIME, () -> now);
    files.updatePods(Set.of(WAYPOINT));
    Path file = place.resolve("pods/demo.wp-1");
    String first = Files.readString(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(new PodTokens(keys()).verify(first).map(PodTokens.Proven::pod)).contains(WAYPOINT);

    now = now.plus(Duration.ofHours(13));
    files.renew();
    assertThat(Files.readString(file)).isNotEqualTo(first);

    files.updatePods(Set.of(new PodName("demo", "other", "wp-1")));
    assertThat(new PodTokens(keys()).verify(Files.readString(file)).map(PodTokens.Proven::pod))
        .contains(new PodName("demo", "other", "wp-1"));

    Files.writeString(place.resolve("pods/demo.old"), "x");
    String kept = Files.readString(file);
    JoinTokenFiles after = new JoinTokenFiles(place, keys(), LIFETIME, () -> now);
    after.updatePods(Set.of(new PodName("demo", "other", "wp-1")));
    assertThat(place.resolve("pods/demo.old")).doesNotExist();
    assertThat(Files.readString(file)).isEqualTo(kept);
    after.updatePods(Set.of());
    assertThat(file).doesNotExist();
    after.update(Set.of("pods"));
    assertThat(place.resolve("pods")).isEmptyDirectory();
  }

  private static String encoded(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
