package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import dev.ambit.waypoint.exchange.ScriptedUpstreams.Picked;
import dev.ambit.waypoint.http.HttpStream.Reason;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Copies never slow or fail what they are copies of (spec: http-routing §4). */
final class MirrorTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private void mirrored(String more) {
    stage.program(
        Stage.route(
            """
            - filters: [{type: RequestMirror, requestMirror: \
            {backendRef: {name: echo-v2, port: 80}%s}}]
              backendRefs: [{name: echo-v1, port: 80}]
            """
                .formatted(more)));
  }

  private Picked copy() {
    return stage.upstreams.tries.get(0);
  }

  private Picked original() {
    return stage.upstreams.tries.get(1);
  }

  @Test
  void a_copy_has_everything_and_its_answer_is_thrown_away() {
    mirrored("");
    ScriptedStream client = stage.post("/m", "x-own", "1");
    client.sends("body");
    client.ends("x-sum", "1");
    assertThat(stage.upstreams.clusters.get(0)).startsWith("echo-v2");
    assertThat(copy().stream.told)
        .containsExactly("request POST /m", "write body", "finish [x-sum=1]");
    assertThat(copy().header("x-own")).isEqualTo("1");
    assertThat(copy().head().authority()).isEqualTo("echo");
    assertThat(copy().header("traceparent")).endsWith("-00");
    assertThat(original().header("traceparent")).endsWith("-01");
    copy().stream.answers(500);
    copy().stream.sends("thrown away");
    copy().stream.ends();
    assertThat(client.told).isEmpty();
    original().stream.answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(stage.book.last().cluster.service().hostname()).startsWith("echo-v1");
    assertThat(stage.book.ended).hasSize(1);
  }

  @Test
  void a_copy_goes_on_after_the_original_is_done() {
    mirrored("");
    ScriptedStream client = stage.get("/");
    original().stream.answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
    copy().stream.answersAll(200);
    assertThat(copy().told).containsExactly("answered 200");
  }

  @Test
  void a_copy_that_fails_is_forgotten() {
    mirrored("");
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    ScriptedStream client = stage.get("/");
    original().stream.answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(stage.book.outcome()).isEqualTo("200 - via_upstream");
    assertThat(stage.upstreams.tries).as("not tried again").hasSize(2);
  }

  @Test
  void nobody_for_the_copy() {
    mirrored("");
    stage.upstreams.script.add(Next.IS_MISSING);
    stage.get("/");
    copy().stream.answersAll(200);
    assertThat(stage.upstreams.clusters.get(1)).startsWith("echo-v1");
  }

  @Test
  void a_copy_that_breaks_is_forgotten() {
    mirrored("");
    ScriptedStream client = stage.post("/");
    copy().stream.breaks(Reason.CONNECTION_LOST);
    client.sends("body");
    client.ends();
    original().stream.answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
  }

  @Test
  void a_copy_that_does_not_keep_up_is_given_up() {
    mirrored("");
    ScriptedStream client = stage.post("/");
    copy().stream.stalls();
    client.sends("x".repeat(1_000_000));
    assertThat(copy().stream.reset).isNull();
    client.sends("x".repeat(100_000));
    assertThat(copy().stream.reset).isEqualTo(Reason.CANCELLED);
    client.ends();
    assertThat(original().stream.body).hasSize(1_100_000);
    original().stream.answersAll(200);
  }

  @Test
  void a_copy_that_is_slow_catches_up() {
    mirrored("");
    ScriptedStream client = stage.post("/");
    copy().stream.stalls();
    client.sends("one");
    client.ends();
    original().stream.answersAll(200);
    assertThat(copy().stream.told).containsExactly("request POST /");
    copy().stream.drains();
    assertThat(copy().stream.told).endsWith("write one", "finish");
    copy().stream.answersAll(200);
  }

  @Test
  void a_copy_that_is_never_answered_ends() {
    mirrored("");
    stage.get("/");
    original().stream.answersAll(200);
    stage.pass(Duration.ofMinutes(1));
    assertThat(copy().stream.reset).isEqualTo(Reason.CANCELLED);
  }

  @Test
  void a_client_that_goes_away_ends_an_unfinished_copy() {
    mirrored("");
    ScriptedStream client = stage.post("/");
    client.breaks(Reason.CONNECTION_LOST);
    assertThat(copy().stream.reset).isEqualTo(Reason.CANCELLED);
  }

  @Test
  void a_retry_is_no_new_copy() {
    mirrored("");
    stage.upstreams.script.add(Next.TAKES);
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    stage.get("/");
    stage.pass(Duration.ofSeconds(1));
    assertThat(stage.upstreams.tries).hasSize(3);
    stage.upstreams.last().stream.answersAll(200);
    copy().stream.answersAll(200);
  }

  @Test
  @DisplayName("http-routing 21: percent 0 is no copy, 1/2 over 1000 is 500±60")
  void shares() {
    mirrored(", percent: 0");
    assertThat(copies()).isZero();
    mirrored(", fraction: {numerator: 1, denominator: 2}");
    assertThat(copies()).isCloseTo(500, within(60));
  }

  private int copies() {
    int before = stage.upstreams.tries.size();
    for (int i = 0; i < 1000; i++) {
      int from = stage.upstreams.tries.size();
      stage.get("/");
      for (int j = from; j < stage.upstreams.tries.size(); j++) {
        stage.upstreams.tries.get(j).stream.answersAll(200);
      }
    }
    return stage.upstreams.tries.size() - before - 1000;
  }
}
