package dev.ambit.cli.why;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Authorizer.Considered;
import dev.ambit.model.policy.Authorizer.Explanation;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.route.Route;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** An answer for people. */
record Sentences(Ink ink, PrintWriter out) {
  private static final int SHOWN_OUTCOMES = 8;
  private static final int SHOWN_POLICIES = 6;

  void print(Question question, List<Outcome> outcomes) {
    Workload source = question.source();
    out.println(
        Inquiry.name(source)
            + " ("
            + source.addresses().stream().map(IpAddresses::print).collect(Collectors.joining(", "))
            + (source.node().isEmpty() ? "" : " on " + source.node())
            + ", "
            + (source.tunnel() == Workload.Tunnel.HBONE ? source.identity() : "not captured")
            + ") -> "
            + question.asked());
    outcomes.stream().limit(SHOWN_OUTCOMES).forEach(this::print);
    int more = outcomes.size() - SHOWN_OUTCOMES;
    if (more > 0) {
      out.println("… and " + more + " more endpoints; -o json shows all");
    }
    out.flush();
  }

  private void print(Outcome outcome) {
    out.println();
    line("route", route(outcome));
    line("verdict", verdict(outcome));
    outcome.notes().forEach(note -> line("note", ink.warning(note)));
    Explanation explanation = outcome.explanation();
    if (explanation == null) {
      return;
    }
    List<Considered> shown = mostRelevant(outcome, explanation.considered());
    shown.stream().limit(SHOWN_POLICIES).forEach(this::print);
    if (shown.size() > SHOWN_POLICIES) {
      line("policy", "… and " + (shown.size() - SHOWN_POLICIES) + " more; -o json shows all");
    }
  }

  /** Without a match the near misses among ALLOW policies explain a denial: they come first. */
  private static List<Considered> mostRelevant(Outcome outcome, List<Considered> all) {
    return outcome.ruling() == Ruling.DENIED
        ? all.stream()
            .sorted(
                Comparator.comparing((Considered each) ->
                    each.matchedRule() < 0 && each.policy().action() == Policy.Action.DENY))
            .toList()
        : all;
  }

  private void print(Considered considered) {
    Policy policy = considered.policy();
    line(
        "policy",
        policy.key()
            + " ("
            + policy.action()
            + ", "
            + policy.scope().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
            + (policy.dryRun() ? ", dry run" : "")
            + "): "
            + (considered.matchedRule() < 0
                ? "no rule matches"
                : "rule " + (considered.matchedRule() + 1) + " matches"));
    if (!considered.nearestMiss().isEmpty()) {
      line("", "nearest miss: " + considered.nearestMiss());
    }
  }

  private void line(String title, String text) {
    out.println("  " + ink.bold(title) + " ".repeat(Math.max(1, 9 - title.length())) + text);
  }

  private static String route(Outcome outcome) {
    return switch (outcome.route()) {
      case Route.Direct direct ->
          "plain TCP to " + Inquiry.print(direct.nextHop()) + whom(direct.to());
      case Route.Tunnel tunnel ->
          "tunnel to "
              + Inquiry.print(tunnel.nextHop())
              + whom(tunnel.to())
              + ", CONNECT "
              + tunnel.authority()
              + ", peer "
              + peers(tunnel.peers());
      case Route.DoubleTunnel tunnel ->
          "tunnel in a tunnel by the gateway "
              + Inquiry.print(tunnel.nextHop())
              + " ("
              + peers(tunnel.gatewayPeers())
              + "), CONNECT "
              + tunnel.authority()
              + ", peer "
              + peers(tunnel.peers());
      case Route.ResolveName name ->
          "to " + name.hostname() + ":" + name.port() + whom(name.to()) + ", resolved by DNS";
      case Route.Unresolved unresolved -> "none: " + unresolved.key() + " is not known";
      case Route.Refused refused -> "none: " + refused.failure();
    };
  }

  private static String whom(Route.Target target) {
    Workload workload = target.workload();
    if (workload == null) {
      return target.service() == null ? " (outside the mesh)" : "";
    }
    return " ("
        + (target.viaWaypoint() ? "waypoint " : "")
        + Inquiry.name(workload)
        + (workload.node().isEmpty() ? "" : " on " + workload.node())
        + ")";
  }

  private static String peers(Set<SpiffeId> peers) {
    return peers.isEmpty()
        ? "nobody is accepted"
        : peers.stream().map(SpiffeId::toString).sorted().collect(Collectors.joining(" or "));
  }

  private String verdict(Outcome outcome) {
    Workload at = outcome.at();
    String where = at == null ? "" : " at " + Inquiry.name(at);
    String word =
        switch (outcome.ruling()) {
          case ALLOWED -> ink.good("allowed");
          case DENIED -> ink.bad("denied");
          case REFUSED -> ink.bad("refused");
        };
    return word + where + ": " + outcome.reason();
  }
}
