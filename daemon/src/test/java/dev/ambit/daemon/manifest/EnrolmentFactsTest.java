package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.manifest.EnrolmentFacts.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentFactsTest {
  @TempDir Path parent;
  private final BlockingQueue<Map<String, State>> seen = new LinkedBlockingQueue<>();

  private Map<String, State> next() throws InterruptedException {
    Map<String, State> next = seen.poll(10, TimeUnit.SECONDS);
    assertThat(next).as("nothing seen within 10 s").isNotNull();
    return next;
  }

  @Test
  void what_agents_write_is_what_the_controller_sees() throws Exception {
    Path folder = parent.resolve("facts");
    EnrolmentFacts.write(folder, "a", Map.of("demo/x", State.ENABLED));
    try (EnrolmentFacts facts = EnrolmentFacts.open(folder, seen::add)) {
      assertThat(next()).isEqualTo(Map.of("demo/x", State.ENABLED));

      EnrolmentFacts.write(folder, "b", Map.of("demo/y", State.PENDING));
      assertThat(next()).isEqualTo(Map.of("demo/x", State.ENABLED, "demo/y", State.PENDING));
      EnrolmentFacts.write(folder, "a", Map.of());
      assertThat(next()).isEqualTo(Map.of("demo/y", State.PENDING));
      EnrolmentFacts.write(folder, "a", Map.of());
      EnrolmentFacts.write(folder, "b", Map.of("demo/y", State.ENABLED));
      assertThat(next()).isEqualTo(Map.of("demo/y", State.ENABLED));
      Files.delete(folder.resolve("b.json"));
      assertThat(next()).isEmpty();
      assertThat(facts).isNotNull();
    }
    assertThat(Files.readString(folder.resolve("a.json"))).isEqualTo("{ }\n");
  }

  @Test
  void a_broken_file_keeps_what_it_said() throws Exception {
    Path folder = parent.resolve("facts");
    try (EnrolmentFacts facts = EnrolmentFacts.open(folder, seen::add)) {
      assertThat(next()).isEmpty();
      EnrolmentFacts.write(folder, "a", Map.of("demo/x", State.ENABLED));
      assertThat(next()).hasSize(1);
      for (String broken : new String[] {"{", "[]", "{\"demo/x\":\"on\"}", ""}) {
        Files.writeString(folder.resolve("a.json"), broken);
      }
      EnrolmentFacts.write(folder, "b", Map.of("demo/y", State.PENDING));
      assertThat(next()).isEqualTo(Map.of("demo/x", State.ENABLED, "demo/y", State.PENDING));
      assertThat(facts).isNotNull();
    }
  }

  @Test
  void a_node_cannot_name_another_place() {
    assertThatThrownBy(() -> EnrolmentFacts.write(parent, "../a", Map.of()))
        .hasMessageContaining("node: got ../a");
  }
}
