package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import dev.ambit.waypoint.exchange.ScriptedUpstreams.Picked;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever clients and endpoints do in whatever order, nobody is told twice, nothing leaks and no
 * stream is used against its contract: the scripted ones refuse that.
 */
final class ChaosTest {
  private static final int RUNS = 4_000;
  private static final int STEPS = 30;
  private static final String ROUTE =
      Stage.route(
          """
          - matches: [{path: {value: /mirrored}}]
            filters: [{type: RequestMirror, requestMirror: \
          {backendRef: {name: echo-v2, port: 80}}}]
            timeouts: {request: 3s, backendRequest: 1s}
            retry: {codes: [503], attempts: 2}
            backendRefs: [{name: echo-v1, port: 80}]
          - sessionPersistence: {sessionName: s}
            backendRefs: [{name: echo, port: 80}]
          """);

  @Test
  void nothing_is_left_behind_whatever_happens() {
    int answered = 0;
    for (int seed = 0; seed < RUNS; seed++) {
      try (Stage stage = new Stage(ROUTE)) {
        answered += run(stage, new Random(seed));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertThat(answered).as("runs in which a client was answered").isGreaterThan(RUNS / 4);
  }

  private static int run(Stage stage, Random random) {
    ExchangeSettings plain = stage.settings;
    stage.settings =
        new ExchangeSettings(plain.normalization(), "", 0, 4_000, 6_000, plain.limits());
    for (int i = random.nextInt(3); i > 0; i--) {
      stage.upstreams.script.add(Next.values()[random.nextInt(Next.values().length)]);
    }
    ScriptedStream client = stage.sends(head(random), random.nextInt(3) == 0);
    for (int i = 0; i < STEPS; i++) {
      step(stage, client, random);
    }
    if (client.isAlive() && client.response == null) {
      client.breaks(Reason.CONNECTION_LOST);
    }
    // What still goes on is ended by its limits or from the far end.
    stage.pass(Duration.ofMinutes(2));
    for (Picked each : stage.upstreams.tries) {
      if (each.stream.isAlive() && !each.over) {
        each.stream.breaks(Reason.CONNECTION_LOST);
      }
    }
    if (client.isAlive() && !client.isDone()) {
      client.breaks(Reason.CONNECTION_LOST);
    }
    return client.response == null ? 0 : 1;
  }

  private static RequestHead head(Random random) {
    String path = random.nextBoolean() ? "/mirrored" : "/";
    String upgrade = random.nextInt(4) == 0 ? "websocket" : "";
    String type = random.nextInt(3) == 0 ? "application/grpc" : "text/plain";
    String expect = random.nextInt(5) == 0 ? "100-continue" : "nothing";
    return new RequestHead(
        "POST",
        "http",
        "echo",
        path,
        ScriptedStream.headers("content-type", type, "expect", expect),
        upgrade,
        random.nextBoolean() ? RequestHead.Version.HTTP_1_1 : RequestHead.Version.HTTP_2);
  }

  private static void step(Stage stage, ScriptedStream client, Random random) {
    int what = random.nextInt(10);
    if (what < 4) {
      ofClient(client, random);
    } else if (what < 9 && !stage.upstreams.tries.isEmpty()) {
      int which = random.nextInt(stage.upstreams.tries.size());
      ofBackend(stage, stage.upstreams.tries.get(which), random);
    } else {
      stage.pass(Duration.ofMillis(random.nextInt(400)));
    }
  }

  private static void ofClient(ScriptedStream client, Random random) {
    if (!client.isAlive()) {
      return;
    }
    switch (random.nextInt(8)) {
      case 0, 1, 2, 3 -> {
        if (client.reads > 0 && !client.isDone()) {
          client.sends("x".repeat(1 + random.nextInt(2_000)));
        }
      }
      case 4 -> {
        if (!client.isDone()) {
          client.ends();
        }
      }
      case 5 -> client.stalls();
      case 6 -> client.drains();
      default -> {
        if (random.nextInt(5) == 0) {
          client.breaks(random.nextBoolean() ? Reason.RESET : Reason.PROTOCOL_ERROR);
        }
      }
    }
  }

  private static void ofBackend(Stage stage, Picked picked, Random random) {
    ScriptedStream stream = picked.stream;
    if (!picked.opening.isDone()) {
      picked.opening.setSuccess(stream);
      stage.run();
      return;
    }
    if (!stream.isAlive()) {
      return;
    }
    boolean asked = stream.reads > 0 && !stream.isDone();
    switch (random.nextInt(9)) {
      case 0, 1 -> {
        if (asked && !stream.answered) {
          stream.answers(new int[] {103, 200, 503, 101, 404}[random.nextInt(5)]);
        }
      }
      case 2 -> {
        if (asked && !stream.answered) {
          stream.answersAll(random.nextBoolean() ? 200 : 503);
        }
      }
      case 3, 4 -> {
        if (asked && stream.answered) {
          stream.sends("y".repeat(1 + random.nextInt(500)));
        }
      }
      case 5 -> {
        if (stream.answered && !stream.isDone()) {
          stream.ends("grpc-status", "0");
        }
      }
      case 6 -> stream.stalls();
      case 7 -> stream.drains();
      default -> {
        if (random.nextInt(3) == 0) {
          stream.breaks(Reason.values()[random.nextInt(4)]);
        }
      }
    }
  }
}
