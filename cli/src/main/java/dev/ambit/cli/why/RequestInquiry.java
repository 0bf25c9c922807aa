package dev.ambit.cli.why;

import dev.ambit.cli.l7.AtWaypoint;
import dev.ambit.cli.objects.KnownObjects;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.cli.why.RequestOptions.Request;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.route.Route;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers what becomes of a request at the waypoints that the connection passes. */
record RequestInquiry(RunningMesh mesh, MeshViews views, Workload source) {

  /** One answer a waypoint, however many pods it has. */
  List<AtTheWaypoint> answers(Request request, List<Outcome> outcomes) {
    Map<String, AtTheWaypoint> answers = new LinkedHashMap<>();
    for (Outcome outcome : outcomes) {
      if (outcome.ruling() == Ruling.ALLOWED
          && outcome.route() instanceof Route.Tunnel tunnel
          && tunnel.to().viaWaypoint()) {
        Service service = tunnel.to().service();
        ServiceKey waypoint = service == null ? null : waypoint(service);
        if (service != null && waypoint != null) {
          answers.computeIfAbsent(
              service.key() + " " + waypoint,
              _ -> answer(request, service, waypoint, outcome.destination()));
        }
      }
    }
    return List.copyOf(answers.values());
  }

  private MeshView view() {
    return views.of(source.node()).view();
  }

  /** Namespace and name of the Gateway. */
  private @Nullable ServiceKey waypoint(Service asked) {
    Service service = view().service(asked.key()).orElse(asked);
    GatewayAddress reference = service.waypoint();
    if (reference == null) {
      return null;
    }
    return switch (reference.destination()) {
      case GatewayAddress.ByHostname(ServiceKey key) ->
          new ServiceKey(key.namespace(), key.hostname().replaceFirst("\\..*", ""));
      case GatewayAddress.ByAddress(var address) ->
          view()
              .serviceAt(address, "")
              .map(found -> new ServiceKey(found.namespace(), found.name()))
              .orElse(null);
    };
  }

  private AtWaypoint at(ServiceKey waypoint) {
    Optional<RunningMesh.Waypoint> pod =
        mesh.waypoints().stream()
            .filter(each -> each.namespace().equals(waypoint.namespace()))
            .filter(each -> each.gateway().equals(waypoint.hostname()))
            .findFirst();
    if (pod.isPresent()) {
      try {
        return AtWaypoint.of(mesh, pod.get());
      } catch (Unreachable e) {
        // A waypoint that does not answer goes by what the folder says.
      }
    }
    return AtWaypoint.of(waypoint.namespace(), waypoint.hostname(), view(), KnownObjects.of(mesh));
  }

  private AtTheWaypoint answer(
      Request request, Service service, ServiceKey waypoint, InetSocketAddress destination) {
    AtWaypoint at = at(waypoint);
    String name = waypoint.namespace() + "/" + waypoint.hostname();
    Optional<HttpAttributes> attributes = request.attributes();
    if (attributes.isEmpty()) {
      return new AtTheWaypoint(
          name,
          service.key().toString(),
          Ruling.REFUSED,
          LocalReply.BAD_REQUEST.status(),
          "the path has no normal form",
          null,
          null,
          List.of());
    }
    HttpSubject subject = subject(attributes.get(), destination);
    HttpAuthorizer authorizer = at.authorizer(service);
    HttpAuthorizer.Explanation policies = authorizer.explain(subject);
    List<String> notes = notes(at, service, authorizer.custom(subject));
    if (policies.decision().verdict() instanceof Verdict.Denied denied) {
      return new AtTheWaypoint(
          name,
          service.key().toString(),
          Ruling.DENIED,
          LocalReply.FORBIDDEN.status(),
          denied.reason(),
          policies,
          null,
          notes);
    }
    RouteTable.Explanation routes =
        at.routes(service, destination.getPort()).explain(attributes.get());
    int status = routes.taken().map(entry -> status(entry.action())).orElse(404);
    return new AtTheWaypoint(
        name,
        service.key().toString(),
        status >= 400 ? Ruling.REFUSED : Ruling.ALLOWED,
        status,
        reason(policies, routes),
        policies,
        routes,
        notes);
  }

  private static String reason(HttpAuthorizer.Explanation policies, RouteTable.Explanation routes) {
    if (routes.taken().isEmpty()) {
      return "no route takes it";
    }
    return policies.decision().verdict() instanceof Verdict.Allowed allowed && allowed.by() != null
        ? "by " + allowed.by()
        : "no ALLOW policy covers it and no DENY policy matches";
  }

  /** What it is answered with here, 0 when it is sent on. */
  private static int status(RouteAction action) {
    return switch (action) {
      case RouteAction.Forward forward ->
          forward.shares().stream()
                  .allMatch(share -> share.backend() instanceof RouteAction.Missing)
              ? 500
              : 0;
      case RouteAction.Redirect redirect -> redirect.to().status();
      case RouteAction.Respond respond -> respond.status();
    };
  }

  private HttpSubject subject(HttpAttributes request, InetSocketAddress destination) {
    InetAddress from =
        source.addresses().stream()
            .filter(own -> own.getClass().equals(destination.getAddress().getClass()))
            .findFirst()
            .orElseGet(() -> source.addresses().getFirst());
    return new HttpSubject(request, source.identity(), from, from, destination, "", null);
  }

  private static List<String> notes(AtWaypoint at, Service service, HttpAuthorizer.Custom custom) {
    List<String> notes = new ArrayList<>();
    if (!at.authentications(service).isEmpty()) {
      notes.add("the request is taken to carry no token");
    }
    switch (custom) {
      case HttpAuthorizer.NoneToAsk _ -> {
        // Nobody else has a say.
      }
      case HttpAuthorizer.Ask(List<String> providers) ->
          notes.add("before that " + String.join(", ", providers) + " is asked, and may refuse");
      case HttpAuthorizer.CannotAsk _ ->
          notes.add("a CUSTOM policy matches: its provider is asked first, and may refuse");
    }
    return notes;
  }
}
