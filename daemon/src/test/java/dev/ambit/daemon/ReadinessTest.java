package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  private final Readiness readiness = new Readiness();

  @Test
  @DisplayName("ztunnel-observability 17: what is pending is named, sorted; regression shows")
  void says_what_is_pending() {
    Readiness.Gate pods = readiness.gate("workload proxy manager");
    Readiness.Gate state = readiness.gate("state manager");
    assertThat(readiness.text())
        .isEqualTo("not ready, pending: state manager, workload proxy manager\n");

    state.open();
    assertThat(readiness.text()).isEqualTo("not ready, pending: workload proxy manager\n");
    assertThat(readiness.ready()).isFalse();

    pods.open();
    assertThat(readiness.text()).isEqualTo("ready\n");
    assertThat(readiness.ready()).isTrue();

    pods.shut();
    assertThat(readiness.ready()).isFalse();
  }

  @Test
  void a_name_is_used_once() {
    readiness.gate("a");
    assertThatThrownBy(() -> readiness.gate("a")).hasMessageContaining("gate a");
  }
}
