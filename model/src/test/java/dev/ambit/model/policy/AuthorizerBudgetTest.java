package dev.ambit.model.policy;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.ip;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.policy.Rules.allow;
import static dev.ambit.model.policy.Rules.clause;
import static dev.ambit.model.policy.Rules.match;
import static dev.ambit.model.policy.Rules.named;
import static dev.ambit.model.policy.Rules.rule;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Budget: at 100 policies a decision takes at most 10 µs and allocates a few hundred bytes. */
final class AuthorizerBudgetTest {
  private static final int BATCH = 1_000;
  private static final long NANOS = 10_000;
  private static final long BYTES = 500;

  @Test
  void decides_among_100_policies_in_its_budget() {
    List<Object> policies = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      policies.add(
          named(
              "ns",
              "p" + i,
              allow(
                  rule(
                      clause(
                          match().principals("td/ns/n" + i + "/sa/s", "td/ns/x" + i + "/*"),
                          match().sourceIps("10." + i + ".0.0/16", "10.200." + i + ".0/24")),
                      clause(match().ports(80, 443, 8_000 + i))))));
    }
    MeshView view = view(policies.toArray());
    Workload server = pod("server", "127.0.0.2").build();
    Peer peer = new Peer(ip("192.168.0.1"), new SpiffeId("td", "n", "s"), at("127.0.0.2", 443));
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    long bytes = Long.MAX_VALUE;
    for (int batch = 0; batch < 100; batch++) {
      long allocated = thread.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      for (int i = 0; i < BATCH; i++) {
        assertDenied(Authorizer.decide(view, server, peer));
      }
      best = Math.min(best, (System.nanoTime() - start) / BATCH);
      bytes = Math.min(bytes, (thread.getCurrentThreadAllocatedBytes() - allocated) / BATCH);
    }
    assertThat(best).as("nanoseconds a decision").isLessThan(NANOS);
    assertThat(bytes).as("bytes a decision").isLessThan(BYTES);
  }

  private static void assertDenied(Verdict verdict) {
    if (!(verdict instanceof Verdict.Denied)) {
      throw new AssertionError(verdict);
    }
  }
}
