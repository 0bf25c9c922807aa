package dev.ambit.waypoint.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Log;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a thousand services with a thousand routes and policies cost. */
final class FootprintTest {
  private static final Log LOG = Log.scope("measured");
  private static final int SERVICES = 1000;

  private static String route(int i, String backend) {
    return """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
     "metadata":{"name":"r%d","namespace":"demo"},
     "spec":{"parentRefs":[{"group":"","kind":"Service","name":"s%d"}],
             "rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/api/v%d"}}],
                       "backendRefs":[{"name":"%s","port":80,"weight":90},
                                      {"name":"s0","port":80,"weight":10}]},
                      {"matches":[{"headers":[{"name":"x-canary","value":"yes"}]}],
                       "timeouts":{"request":"10s"},
                       "backendRefs":[{"name":"s0","port":80}]},
                      {"backendRefs":[{"name":"%s","port":80}]}]}}
    """
        .formatted(i, i, i, backend, backend);
  }

  private static String policy(int i) {
    return """
    {"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
     "metadata":{"name":"p%d","namespace":"demo"},
     "spec":{"targetRefs":[{"group":"","kind":"Service","name":"s%d"}],"action":"ALLOW",
             "rules":[{"from":[{"source":{"principals":["cluster.local/ns/demo/sa/*"]}}],
                       "to":[{"operation":{"methods":["GET"],"paths":["/api/*"]}}]}]}}
    """
        .formatted(i, i);
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static Destination at(Snapshots snapshots, int i) {
    return snapshots
        .current()
        .destination(Town.authority("10.%d.%d.1:80".formatted(100 + i / 250, i % 250)))
        .orElseThrow();
  }

  @Test
  @DisplayName("a thousand services and routes: memory, and the time of a change")
  void thousand_by_thousand() {
    Town town = new Town();
    for (int i = 0; i < SERVICES; i++) {
      town.at("s" + i, "10.%d.%d.1".formatted(100 + i / 250, i % 250)).pod("p" + i, "s" + i);
    }
    long before = used();
    Snapshots snapshots = new Snapshots(Town.PLACE, ObjectFollowerTest.NO_TOKENS);
    ObjectFollower follower = new ObjectFollower(snapshots);
    follower.applied(town.mesh(), List.of(), town.mesh());
    long begin = System.nanoTime();
    for (int i = 0; i < SERVICES; i++) {
      assertThat(
              follower.put("HTTPRoute/demo/r" + i, ObjectFollowerTest.message(route(i, "s" + i))))
          .isEmpty();
      assertThat(
              follower.put("AuthorizationPolicy/demo/p" + i, ObjectFollowerTest.message(policy(i))))
          .isEmpty();
    }
    follower.put("~", ObjectFollowerTest.message("{}"));
    follower.applied();
    Duration read = Duration.ofNanos(System.nanoTime() - begin);
    begin = System.nanoTime();
    for (int i = 0; i < SERVICES; i++) {
      assertThat(at(snapshots, i).routes().entries()).hasSize(3);
    }
    Duration compiled = Duration.ofNanos(System.nanoTime() - begin);
    long after = used();
    List<Duration> changes = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      begin = System.nanoTime();
      follower.put(
          "HTTPRoute/demo/r7", ObjectFollowerTest.message(route(7, i % 2 == 0 ? "s1" : "s2")));
      follower.applied();
      assertThat(Town.chosen(at(snapshots, 7), "/")).isEqualTo(i % 2 == 0 ? "s1" : "s2");
      changes.add(Duration.ofNanos(System.nanoTime() - begin));
    }
    changes.sort(null);
    long bytes = after - before;
    LOG.info(
        "1000 services, routes and policies",
        "kib",
        bytes / 1024,
        "readMillis",
        read.toMillis(),
        "compileMillis",
        compiled.toMillis(),
        "changeMicros",
        changes.get(25).toNanos() / 1000);
    assertThat(bytes).as("bytes of 1000 services, routes and policies").isLessThan(40L << 20);
    assertThat(changes.get(25)).as("median of a change").isLessThan(Duration.ofMillis(50));
    assertThat(snapshots.current()).isNotNull();
  }
}
