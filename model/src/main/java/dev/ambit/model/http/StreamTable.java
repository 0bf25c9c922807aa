package dev.ambit.model.http;

import dev.ambit.model.http.RouteAction.Share;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where connections to one port of one service go at its waypoint (spec: http-routing §7).
 * Immutable.
 *
 * @param shares empty resets every connection
 */
public record StreamTable(List<Share> shares) {
  public StreamTable {
    shares = List.copyOf(shares);
  }

  /** The first rule of a TCPRoute or TLSRoute; a TLSRoute goes before every TCPRoute. */
  public record Candidate(CompiledRoute route, boolean tls) {}

  /** The oldest TLSRoute, else the oldest TCPRoute, else the service itself. */
  public static StreamTable of(RouteTable.Target target, Collection<Candidate> candidates) {
    List<Candidate> meant = new ArrayList<>();
    for (Candidate candidate : candidates) {
      String namespace = candidate.route().metadata().namespace();
      if (!candidate.route().entries().isEmpty()
          && candidate.route().parents().stream()
              .anyMatch(parent -> target.isMeantBy(parent, namespace))) {
        meant.add(candidate);
      }
    }
    meant.sort(
        Comparator.comparing(Candidate::tls)
            .reversed()
            .thenComparing(each -> each.route().metadata().created())
            .thenComparing(each -> each.route().metadata().namespace())
            .thenComparing(each -> each.route().metadata().name()));
    RouteEntry first =
        meant.isEmpty()
            ? RouteTable.of(target, List.of()).entries().getFirst()
            : meant.getFirst().route().entries().getFirst();
    return switch (first.action()) {
      case RouteAction.Forward forward -> new StreamTable(forward.shares());
      case RouteAction.Redirect _, RouteAction.Respond _ -> new StreamTable(List.of());
    };
  }

  /** Draws by weight; null resets the connection. */
  public @Nullable Share choose(RandomGenerator random) {
    return RouteAction.draw(shares, random);
  }
}
