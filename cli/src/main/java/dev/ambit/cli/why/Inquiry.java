package dev.ambit.cli.why;

import dev.ambit.cli.why.MeshViews.OfNode;
import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Authorizer.Explanation;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.route.Authority;
import dev.ambit.model.route.InboundCheck;
import dev.ambit.model.route.InboundCheck.Answer;
import dev.ambit.model.route.Route;
import dev.ambit.model.route.Router;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers a {@link Question} by asking {@link Router}, {@link InboundCheck} and {@link Authorizer}
 * what they will say. A service has several endpoints: the router is asked often enough to see all
 * of them.
 */
final class Inquiry {
  private static final int DRAWS = 400;
  private static final String TAKES_OFF =
      "the source is not captured: it speaks plaintext and shows no identity";

  private final MeshViews views;
  private final Workload source;

  Inquiry(MeshViews views, Question question) {
    this.views = views;
    this.source = question.source();
  }

  private boolean isCaptured() {
    return source.tunnel() == Workload.Tunnel.HBONE;
  }

  List<Outcome> outcomes(InetSocketAddress destination) {
    OfNode here = views.of(source.node());
    MeshView view = isCaptured() ? here.view() : withoutWaypoints(here, destination);
    Set<Route> routes = new LinkedHashSet<>();
    Random random = new Random(1);
    InetAddress client = clientTo(destination.getAddress());
    Router router = new Router(here.network());
    for (int i = 0; i < DRAWS; i++) {
      Route route = router.route(view, source, client, destination, random);
      routes.add(isCaptured() ? route : plain(route));
    }
    return routes.stream()
        .sorted(Comparator.comparing(Route::toString))
        .map(route -> outcome(destination, route))
        .toList();
  }

  /** Plaintext passes waypoints by: only a ztunnel on the way would send it there. */
  private MeshView withoutWaypoints(OfNode here, InetSocketAddress destination) {
    NetworkAddress address = new NetworkAddress(here.network(), destination.getAddress());
    MeshView view = here.view();
    Service service = view.serviceAt(address, source.namespace()).orElse(null);
    return service == null ? view : view.with(new MeshChange.ServicePut(withoutWaypoint(service)));
  }

  private static Service withoutWaypoint(Service service) {
    return new Service(
        service.name(),
        service.key(),
        service.addresses(),
        service.blocks(),
        service.ports(),
        service.subjectAltNames(),
        null,
        List.of(),
        service.loadBalancing(),
        service.ipFamilies(),
        service.canonical(),
        service.ingressUseWaypoint(),
        service.visibility());
  }

  /** Where plaintext ends up that a ztunnel would have tunnelled. */
  private static Route plain(Route route) {
    return switch (route) {
      case Route.Tunnel tunnel ->
          Authority.parse(tunnel.authority()).orElse(null)
                  instanceof Authority.ByAddress(InetSocketAddress address)
              ? new Route.Direct(address, tunnel.to())
              : route;
      case Route.Direct _,
          Route.DoubleTunnel _,
          Route.Unresolved _,
          Route.ResolveName _,
          Route.Refused _ ->
          route;
    };
  }

  /** The address of the source that a connection to {@code destination} has. */
  private InetAddress clientTo(InetAddress destination) {
    return source.addresses().stream()
        .filter(own -> own.getClass().equals(destination.getClass()))
        .findFirst()
        .orElseGet(() -> source.addresses().getFirst());
  }

  private Outcome outcome(InetSocketAddress destination, Route route) {
    return switch (route) {
      case Route.Direct direct -> direct(destination, direct);
      case Route.Tunnel tunnel -> tunnel(destination, tunnel);
      case Route.DoubleTunnel _ ->
          end(destination, route, Ruling.ALLOWED, "the ztunnel of the other network decides");
      case Route.ResolveName _ ->
          end(destination, route, Ruling.ALLOWED, "the name is resolved when it is dialled");
      case Route.Unresolved(String key) ->
          end(destination, route, Ruling.REFUSED, key + " is not known");
      case Route.Refused(Failure failure, String reason) ->
          end(destination, route, Ruling.REFUSED, reason + " (" + failure.advice() + ")");
    };
  }

  private static Outcome end(
      InetSocketAddress destination, Route route, Ruling ruling, String reason) {
    return new Outcome(destination, route, ruling, null, null, reason, List.of());
  }

  private Outcome direct(InetSocketAddress destination, Route.Direct direct) {
    Workload pod = direct.to().workload();
    if (pod == null || pod.tunnel() == Workload.Tunnel.NONE) {
      String what =
          pod == null ? "the destination is outside the mesh" : name(pod) + " is not captured";
      return end(destination, direct, Ruling.ALLOWED, what + ": nothing decides there");
    }
    return verdict(destination, direct, pod, peer(null, direct.nextHop()), notes());
  }

  private Outcome tunnel(InetSocketAddress destination, Route.Tunnel tunnel) {
    Workload pod = tunnel.to().workload();
    if (pod == null) {
      return end(destination, tunnel, Ruling.REFUSED, "the next hop is not known");
    }
    OfNode there = views.of(pod.node());
    InetAddress dialled = tunnel.nextHop().getAddress();
    Answer answer =
        new InboundCheck(there.network()).check(there.view(), pod, dialled, tunnel.authority());
    return switch (answer) {
      case Answer.Refuse(Failure failure, String reason) ->
          new Outcome(
              destination,
              tunnel,
              Ruling.REFUSED,
              pod,
              null,
              reason + " (" + failure.advice() + ")",
              List.of());
      case Answer.Dial dial -> {
        List<String> notes = new ArrayList<>(notes());
        if (tunnel.to().viaWaypoint()) {
          notes.add(
              "behind the waypoint its own rules decide, and the pod sees the waypoint's identity");
        }
        yield verdict(destination, tunnel, pod, peer(source.identity(), dial.authorized()), notes);
      }
    };
  }

  private List<String> notes() {
    return isCaptured() ? List.of() : List.of(TAKES_OFF);
  }

  private Peer peer(@Nullable SpiffeId identity, InetSocketAddress application) {
    return new Peer(clientTo(application.getAddress()), identity, application);
  }

  private Outcome verdict(
      InetSocketAddress destination, Route route, Workload pod, Peer peer, List<String> notes) {
    MeshView view = views.of(pod.node()).view();
    Workload known = view.workload(pod.uid()).orElse(pod);
    Explanation explanation = Authorizer.explain(view, known, peer);
    List<String> all = new ArrayList<>(notes);
    for (String missing : Authorizer.missing(view, known)) {
      all.add("policy " + missing + " covers it but its ztunnel does not have it yet");
    }
    for (Verdict.DryRun dryRun : explanation.verdict().dryRuns()) {
      all.add(
          "dry run: " + dryRun.policy() + (dryRun.matched() ? " would match" : " would not match"));
    }
    return switch (explanation.verdict()) {
      case Verdict.Allowed(PolicyKey by, List<Verdict.DryRun> _) ->
          new Outcome(
              destination,
              route,
              Ruling.ALLOWED,
              known,
              explanation,
              by == null ? "no ALLOW policy covers it and no DENY policy matches" : "by " + by,
              all);
      case Verdict.Denied(PolicyKey _, String reason, List<Verdict.DryRun> _) ->
          new Outcome(destination, route, Ruling.DENIED, known, explanation, reason, all);
    };
  }

  static String name(Workload workload) {
    return workload.namespace()
        + "/"
        + (workload.name().isEmpty() ? workload.uid() : workload.name());
  }

  static String print(InetSocketAddress address) {
    return IpAddresses.print(address);
  }
}
