package dev.ambit.cli.why;

import dev.ambit.model.policy.Authorizer.Explanation;
import dev.ambit.model.route.Route;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happens to one connection.
 *
 * @param at whose ztunnel decides, null when none does
 * @param explanation how it decides, null when it does not come to policies
 * @param reason one sentence
 */
record Outcome(
    InetSocketAddress destination,
    Route route,
    Ruling ruling,
    @Nullable Workload at,
    @Nullable Explanation explanation,
    String reason,
    List<String> notes) {

  /** How it ends. */
  enum Ruling {
    ALLOWED,
    DENIED,
    /** It never comes to a verdict: no route, or the destination refuses the request. */
    REFUSED
  }
}
