package dev.ambit.cni.pods;

import static dev.ambit.cni.pods.Surroundings.over;
import static dev.ambit.cni.pods.Surroundings.pod;
import static dev.ambit.cni.pods.Surroundings.socket;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cni.enrol.RedirectRules.Found;
import dev.ambit.cni.pods.PodStatus.State;
import dev.ambit.cni.zds.Answer;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PodLoopTest {
  private static final String ENABLED = "facts {shop/web=ENABLED}";
  private static final String PENDING = "facts {shop/web=PENDING}";
  private static final String GONE = "facts {}";

  @Test
  void enrolling_asks_ztunnel_first_then_captures_then_writes_the_fact() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));

      here.happens("ztunnel adds u1", "capture a", ENABLED);
      assertThat(here.awaits(State.ENABLED).reason()).isEqualTo("labelled");
    }
  }

  @Test
  @DisplayName("cni-socket 17: the label is removed: the fact goes first, the rules last")
  void releasing_goes_the_other_way_round() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.update(pod(false));

      here.happens(GONE, "drain a", "ztunnel removes u1 with drain", "remove a");
      assertThat(here.awaits(State.NONE).reason()).startsWith("not labelled");
    }
  }

  @Test
  void releasing_waits_for_the_sockets_of_ztunnel() throws Exception {
    try (Surroundings here = new Surroundings()) {
      Surroundings.Space space = (Surroundings.Space) here.network;
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);
      space.sockets = List.of(socket(0x539));

      here.update(pod(false));
      here.happens(GONE, "drain a", "ztunnel removes u1 with drain");
      assertThat(here.journal).isEmpty();
      space.sockets = List.of();

      here.happens("remove a");
    }
  }

  @Test
  void a_label_that_comes_back_during_the_drain_captures_again() throws Exception {
    try (Surroundings here = new Surroundings()) {
      Surroundings.Space space = (Surroundings.Space) here.network;
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);
      space.sockets = List.of(socket(0x539));
      here.update(pod(false));
      here.happens(GONE, "drain a", "ztunnel removes u1 with drain");

      here.update(pod(true));

      here.happens("ztunnel adds u1", "capture a", ENABLED);
      here.awaits(State.ENABLED);
    }
  }

  @Test
  @DisplayName("cni-socket 16: without a ztunnel a new pod is pending and closed, later enabled")
  void a_new_pod_waits_closed() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.answer = new Answer.Unreachable("no ztunnel is connected");
      here.start(pod(true));

      here.happens("capture a", PENDING);
      assertThat(here.awaits(State.PENDING).reason())
          .isEqualTo(
              "no ztunnel is connected; until it has the pod, the pod's connections are refused");

      here.answer = new Answer.Accepted();
      here.loops.wakeAll();
      here.happens("ztunnel adds u1", ENABLED);
      here.awaits(State.ENABLED);
    }
  }

  @Test
  @DisplayName("cni-socket 16: without a ztunnel a pod in which programs run is left as it is")
  void a_running_pod_waits_open() throws Exception {
    try (Surroundings here = new Surroundings()) {
      ((Surroundings.Space) here.network).sockets = List.of(socket(0));
      here.answer = new Answer.Unreachable("no ztunnel is connected");
      here.start(pod(true));

      here.happens(PENDING);
      assertThat(here.awaits(State.PENDING).reason()).contains("stays un-captured");

      here.answer = new Answer.Accepted();
      here.loops.wake("u1");
      here.happens("ztunnel adds u1", "capture a", ENABLED);
    }
  }

  @Test
  void a_refusal_of_ztunnel_is_shown_and_asked_again() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.answer = new Answer.Refused("failure to start proxy : port 15008 is taken");
      here.start(pod(true));
      here.happens("capture a", PENDING);
      assertThat(here.awaits(State.PENDING).reason()).contains("port 15008 is taken");

      here.answer = new Answer.Accepted();

      here.happens("ztunnel adds u1", ENABLED);
    }
  }

  @Test
  void a_captured_pod_stays_captured_when_ztunnel_goes() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.answer = new Answer.Unreachable("no ztunnel is connected");
      here.loops.wakeAll();

      here.awaits(status ->
          status.state() == State.ENABLED
              && status.reason().equals("captured; no ztunnel is connected"));
      assertThat(here.journal).isEmpty();
    }
  }

  @Test
  void rules_that_cannot_be_applied_leave_the_pod_pending_and_are_tried_again() throws Exception {
    try (Surroundings here = new Surroundings()) {
      Surroundings.Space space = (Surroundings.Space) here.network;
      space.failure = "nft: got exit 1: no";
      here.start(pod(true));
      here.happens("ztunnel adds u1");
      here.awaits(s -> s.state() == State.PENDING && s.reason().equals("nft: got exit 1: no"));

      space.failure = "";

      here.happens("capture a", ENABLED);
    }
  }

  @Test
  void rules_that_someone_changed_are_put_back() throws Exception {
    try (Surroundings here = new Surroundings()) {
      Surroundings.Space space = (Surroundings.Space) here.network;
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      space.found = Found.OTHER;

      here.happens("capture a");
    }
  }

  @Test
  void a_deleted_pod_is_released_at_once() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.update();

      here.happens(GONE, "ztunnel removes u1", "remove a");
    }
  }

  @Test
  void a_pod_that_comes_back_under_its_uid_starts_anew() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.update();
      here.update(pod(true));

      here.happens(GONE, "ztunnel removes u1", "remove a");
      here.happens("ztunnel adds u1", "capture a", ENABLED);
    }
  }

  @Test
  @DisplayName("cni-socket 18: a pod that is over is removed though its object still exists")
  void a_pod_that_is_over_is_released_at_once() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.update(over());

      here.happens(GONE, "ztunnel removes u1", "remove a");
      assertThat(here.awaits(State.NONE).reason()).isEqualTo("the pod is over");
    }
  }

  @Test
  void a_namespace_that_comes_late_is_captured_then() throws Exception {
    try (Surroundings here = new Surroundings()) {
      Object space = here.network;
      here.network = "its network namespace is not there";
      here.start(pod(true));
      assertThat(here.awaits(State.PENDING).reason())
          .isEqualTo("its network namespace is not there");

      here.network = space;
      here.loops.wakeAll();

      here.happens("ztunnel adds u1", "capture a", ENABLED);
    }
  }

  @Test
  void a_namespace_that_is_replaced_is_left_and_the_new_one_captured() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      here.network = here.new Space("b");
      here.loops.wakeAll();

      here.happens(GONE, "ztunnel removes u1", "remove a");
      here.happens("ztunnel adds u1", "capture b", ENABLED);
    }
  }

  @Test
  @DisplayName("cni-socket 20: after a restart, rules in place and facts stand, without a ztunnel")
  void a_restarted_agent_finds_its_pods_captured() throws Exception {
    try (Surroundings here = new Surroundings()) {
      ((Surroundings.Space) here.network).found = Found.CURRENT;
      ((Surroundings.Space) here.network).sockets = List.of(socket(0));
      here.answer = new Answer.Unreachable("no ztunnel is connected");
      here.loops.start(
          Surroundings.byUid(pod(true)),
          Map.of(
              "shop/web", EnrolmentFacts.State.ENABLED, "shop/old", EnrolmentFacts.State.ENABLED));

      here.happens(ENABLED, "expect u1");
      PodStatus status = here.awaits(State.ENABLED);
      assertThat(status.unproxied()).hasSize(1);
      assertThat(here.journal).isEmpty();

      here.answer = new Answer.Accepted();
      here.loops.wakeAll();
      here.happens("ztunnel adds u1", "capture a");
    }
  }

  @Test
  void a_restarted_agent_releases_what_is_no_longer_wanted() throws Exception {
    try (Surroundings here = new Surroundings()) {
      ((Surroundings.Space) here.network).found = Found.CURRENT;
      here.start(pod(false));

      here.happens("drain a", "remove a");
    }
  }

  @Test
  void connections_older_than_the_enrolment_are_listed_until_they_end() throws Exception {
    try (Surroundings here =
        new Surroundings(
            new Timing(
                Duration.ZERO,
                Duration.ofMillis(300),
                Duration.ofMillis(2),
                Duration.ofMillis(50),
                Duration.ofMillis(20),
                Duration.ofMillis(40)))) {
      Surroundings.Space space = (Surroundings.Space) here.network;
      space.sockets = List.of(socket(0));
      here.start(pod(true));
      PodStatus status = here.awaits(s -> s.state() == State.ENABLED && !s.unproxied().isEmpty());
      assertThat(status.unproxied().getFirst().socket()).isEqualTo(socket(0));

      space.sockets = List.of();

      here.awaits(s -> s.state() == State.ENABLED && s.unproxied().isEmpty());
    }
  }

  @Test
  void a_stopping_agent_releases_every_pod() throws Exception {
    try (Surroundings here = new Surroundings()) {
      here.start(pod(true));
      here.happens("ztunnel adds u1", "capture a", ENABLED);

      assertThat(here.loops.release(Duration.ofSeconds(10))).isTrue();

      here.happens(GONE, "drain a", "ztunnel removes u1 with drain", "remove a");
    }
  }

  @Test
  void a_stopped_agent_that_keeps_leaves_everything() throws Exception {
    Surroundings here = new Surroundings();
    here.start(pod(true));
    here.happens("ztunnel adds u1", "capture a", ENABLED);

    here.close();

    assertThat(here.journal).isEmpty();
  }
}
