package dev.ambit.daemon.generated;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.generated.PodFacts.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestFoldersTest {
  private static final String ACCOUNT =
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, labels: {by: %s}}\n";

  @TempDir Path parent;

  private static <T> T next(BlockingQueue<T> seen) throws InterruptedException {
    T next = seen.poll(10, TimeUnit.SECONDS);
    assertThat(next).as("nothing seen within 10 s").isNotNull();
    return next;
  }

  private static List<String> who(ManifestFolders.Both both) {
    return both.joined().objects().stream()
        .map(each -> each.metadata().name() + " by " + each.metadata().labels().get("by"))
        .toList();
  }

  @Test
  void both_folders_are_one_and_the_user_wins() throws Exception {
    Path written = Files.createDirectory(parent.resolve("written"));
    Path generated = parent.resolve("generated");
    Files.writeString(written.resolve("a.yaml"), ACCOUNT.formatted("a", "user"));
    BlockingQueue<ManifestFolders.Both> seen = new LinkedBlockingQueue<>();
    try (ManifestFolders both = ManifestFolders.open(written, generated, seen::add)) {
      assertThat(who(next(seen))).containsExactly("a by user");
      Files.writeString(generated.resolve("b.yaml"), ACCOUNT.formatted("b", "us"));
      assertThat(who(next(seen))).containsExactly("a by user", "b by us");
      Files.writeString(written.resolve("b.yaml"), ACCOUNT.formatted("b", "user"));
      assertThat(who(next(seen))).containsExactly("a by user", "b by user");
      assertThat(both).isNotNull();
    }
  }

  @Test
  void what_a_runtime_says_of_its_pods_is_followed() throws Exception {
    BlockingQueue<Map<String, State>> seen = new LinkedBlockingQueue<>();
    try (PodFacts facts = PodFacts.open(parent, seen::add)) {
      assertThat(next(seen)).isEmpty();
      PodFacts.write(parent, "up", Map.of("demo/wp-1", State.RUNNING));
      assertThat(next(seen)).isEqualTo(Map.of("demo/wp-1", State.RUNNING));
      Files.writeString(parent.resolve("pods/up.json"), "{\"demo/wp-1\": \"no\"}");
      assertThat(next(seen)).isEqualTo(Map.of("demo/wp-1", State.RUNNING));
      PodFacts.write(parent, "up", Map.of("demo/wp-1", State.READY));
      assertThat(next(seen)).isEqualTo(Map.of("demo/wp-1", State.READY));
      assertThat(facts).isNotNull();
    }
  }
}
