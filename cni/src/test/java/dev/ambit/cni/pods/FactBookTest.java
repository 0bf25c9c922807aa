package dev.ambit.cni.pods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.manifest.EnrolmentFacts.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FactBookTest {
  private final List<Map<String, State>> written = new ArrayList<>();
  private final FactBook book = new FactBook(written::add);
  private final WantedPod pod = Surroundings.pod(true);

  @Test
  void each_change_is_written_once() {
    book.put(pod, State.PENDING);
    book.put(pod, State.PENDING);
    book.put(pod, State.ENABLED);

    assertThat(book.remove(pod.uid())).isEqualTo(State.ENABLED);
    assertThat(book.remove(pod.uid())).isNull();
    assertThat(written)
        .containsExactly(
            Map.of("shop/web", State.PENDING), Map.of("shop/web", State.ENABLED), Map.of());
  }

  @Test
  void facts_of_an_earlier_run_stand_for_pods_that_are_still_wanted() {
    book.adopt(Map.of("shop/web", State.ENABLED, "shop/gone", State.ENABLED), List.of(pod));

    assertThat(book.get(pod)).isEqualTo(State.ENABLED);
    assertThat(written).containsExactly(Map.of("shop/web", State.ENABLED));
  }

  @Test
  void a_fact_that_could_not_be_written_does_not_stand() {
    FactBook full =
        new FactBook(_ -> {
          throw new UncheckedIOException(new IOException("no space left"));
        });

    assertThatThrownBy(() -> full.put(pod, State.ENABLED)).hasMessageContaining("no space left");

    assertThat(full.get(pod)).isNull();
  }
}
