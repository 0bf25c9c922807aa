package dev.ambit.model.policy;

import dev.ambit.model.workload.Workload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides whether an inbound connection may be (spec: l4-authorization §3). */
public final class Authorizer {
  private Authorizer() {}

  /**
   * @param destination the workload of the local pod; null when it is not known, which denies
   */
  public static Verdict decide(Policies policies, @Nullable Workload destination, Peer peer) {
    throw new UnsupportedOperationException("decide");
  }

  /** {@link #decide} with every policy that was looked at and, for each, what spoke against it. */
  public static Explanation explain(Policies policies, Workload destination, Peer peer) {
    throw new UnsupportedOperationException("explain");
  }

  /** A verdict and how it came about, the deciding policy first. */
  public record Explanation(Verdict verdict, List<Considered> considered) {
    public Explanation {
      considered = List.copyOf(considered);
    }
  }

  /**
   * One policy that covers the destination.
   *
   * @param matchedRule index of the first rule that matched, -1 when none did
   * @param nearestMiss of the rule that came closest, e.g. {@code principals: got "a/ns/b/sa/c",
   *     expected "a/ns/b/sa/d"}; "" when a rule matched
   */
  public record Considered(Policy policy, int matchedRule, String nearestMiss) {}
}
