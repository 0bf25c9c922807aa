package dev.ambit.cli.why;

import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.daemon.Json;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Authorizer.Considered;
import dev.ambit.model.policy.Authorizer.Explanation;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.route.Route;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** An answer for programs. */
final class JsonAnswer {
  private JsonAnswer() {}

  static ObjectNode of(Question question, List<Outcome> outcomes) {
    ObjectNode json = Json.object();
    Workload source = question.source();
    json.putObject("source")
        .put("pod", Inquiry.name(source))
        .put("node", source.node())
        .put("captured", source.tunnel() == Workload.Tunnel.HBONE)
        .put("identity", source.identity().toString());
    json.put("destination", question.asked());
    json.put("allowed", outcomes.stream().allMatch(each -> each.ruling() == Ruling.ALLOWED));
    ArrayNode all = json.putArray("outcomes");
    outcomes.forEach(outcome -> all.add(of(outcome)));
    return json;
  }

  private static ObjectNode of(Outcome outcome) {
    ObjectNode json = Json.object();
    json.put("address", Inquiry.print(outcome.destination()));
    json.set("route", of(outcome.route()));
    json.put("verdict", outcome.ruling().name().toLowerCase(Locale.ROOT));
    Workload at = outcome.at();
    json.put("at", at == null ? null : Inquiry.name(at));
    json.put("reason", outcome.reason());
    Explanation explanation = outcome.explanation();
    PolicyKey by = explanation == null ? null : deciding(explanation.verdict());
    json.put("policy", by == null ? null : by.toString());
    ArrayNode notes = json.putArray("notes");
    outcome.notes().forEach(notes::add);
    ArrayNode considered = json.putArray("considered");
    if (explanation != null) {
      explanation.considered().forEach(each -> considered.add(of(each)));
    }
    return json;
  }

  private static @Nullable PolicyKey deciding(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Allowed allowed -> allowed.by();
      case Verdict.Denied denied -> denied.by();
    };
  }

  private static ObjectNode of(Considered considered) {
    return Json.object()
        .put("policy", considered.policy().key().toString())
        .put("action", considered.policy().action().name())
        .put("scope", considered.policy().scope().name())
        .put("dryRun", considered.policy().dryRun())
        .put("matchedRule", considered.matchedRule())
        .put("nearestMiss", considered.nearestMiss());
  }

  private static ObjectNode of(Route route) {
    ObjectNode json = Json.object();
    switch (route) {
      case Route.Direct direct -> {
        json.put("kind", "direct").put("nextHop", Inquiry.print(direct.nextHop()));
        target(json, direct.to());
      }
      case Route.Tunnel tunnel -> {
        json.put("kind", "tunnel").put("nextHop", Inquiry.print(tunnel.nextHop()));
        json.put("authority", tunnel.authority());
        peers(json, "peers", tunnel.peers());
        target(json, tunnel.to());
      }
      case Route.DoubleTunnel tunnel -> {
        json.put("kind", "doubleTunnel").put("nextHop", Inquiry.print(tunnel.nextHop()));
        json.put("authority", tunnel.authority());
        peers(json, "gatewayPeers", tunnel.gatewayPeers());
        peers(json, "peers", tunnel.peers());
        target(json, tunnel.to());
      }
      case Route.ResolveName name -> {
        json.put("kind", "resolveName").put("hostname", name.hostname()).put("port", name.port());
        target(json, name.to());
      }
      case Route.Unresolved unresolved ->
          json.put("kind", "unresolved").put("key", unresolved.key());
      case Route.Refused refused ->
          json.put("kind", "refused").put("failure", refused.failure().name());
    }
    return json;
  }

  private static void peers(ObjectNode json, String field, Set<SpiffeId> peers) {
    ArrayNode all = json.putArray(field);
    peers.stream().map(SpiffeId::toString).sorted().forEach(all::add);
  }

  private static void target(ObjectNode json, Route.Target target) {
    Service service = target.service();
    Workload workload = target.workload();
    json.put("service", service == null ? null : service.key().toString());
    json.put("workload", workload == null ? null : Inquiry.name(workload));
    json.put("waypoint", target.viaWaypoint());
  }
}
