package dev.ambit.cli.why;

import dev.ambit.cli.l7.ActionText;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.why.RequestOptions.Request;
import dev.ambit.daemon.Json;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.http.RouteTable;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What waypoints do with a request, for people and for programs. */
record RequestSentences(Ink ink, PrintWriter out) {
  private static final int SHOWN = 6;

  void print(Request request, List<AtTheWaypoint> answers) {
    out.println();
    line("request", request.method() + " " + request.target());
    if (answers.isEmpty()) {
      line("", "no waypoint is on the way: nothing looks at requests");
    }
    answers.forEach(this::print);
    out.flush();
  }

  private void print(AtTheWaypoint answer) {
    String word =
        switch (answer.ruling()) {
          case ALLOWED -> ink.good("allowed");
          case DENIED -> ink.bad("denied");
          case REFUSED -> ink.bad("refused");
        };
    line(
        "verdict",
        word
            + (answer.status() == 0 ? "" : " with " + answer.status())
            + " at waypoint "
            + answer.waypoint()
            + " of "
            + answer.service()
            + ": "
            + answer.reason());
    answer.notes().forEach(note -> line("note", ink.warning(note)));
    HttpAuthorizer.Explanation policies = answer.policies();
    if (policies != null) {
      policies.considered().stream().limit(SHOWN).forEach(this::print);
    }
    RouteTable.Explanation routes = answer.routes();
    if (routes != null) {
      routes
          .taken()
          .ifPresent(entry -> line("route", name(entry) + ": " + ActionText.of(entry.action())));
      routes.passedOver().stream()
          .limit(SHOWN)
          .forEach(each ->
              line(
                  "",
                  "passed over " + name(each.entry()) + ": " + String.join("; ", each.misses())));
    }
  }

  private void print(HttpAuthorizer.Considered considered) {
    line(
        "policy",
        considered.policy()
            + " ("
            + considered.action()
            + "): "
            + (considered.matchedRule() < 0
                ? "no rule matches"
                : "rule " + (considered.matchedRule() + 1) + " matches"));
    if (!considered.nearestMiss().isEmpty()) {
      line("", "nearest miss: " + considered.nearestMiss());
    }
  }

  private static String name(RouteEntry entry) {
    return entry.route().isEmpty()
        ? "default route"
        : entry.route() + " rule " + entry.rule() + " (" + entry.match() + ")";
  }

  private void line(String title, String text) {
    out.println("  " + ink.bold(title) + " ".repeat(Math.max(1, 9 - title.length())) + text);
  }

  static ObjectNode json(Request request, List<AtTheWaypoint> answers) {
    ObjectNode json = Json.object();
    json.put("method", request.method()).put("target", request.target());
    ArrayNode all = json.putArray("waypoints");
    for (AtTheWaypoint answer : answers) {
      ObjectNode each = all.addObject();
      each.put("waypoint", answer.waypoint()).put("service", answer.service());
      each.put("verdict", answer.ruling().name().toLowerCase(Locale.ROOT));
      each.put("status", answer.status()).put("reason", answer.reason());
      ArrayNode notes = each.putArray("notes");
      answer.notes().forEach(notes::add);
      ArrayNode considered = each.putArray("policies");
      HttpAuthorizer.Explanation policies = answer.policies();
      if (policies != null) {
        for (HttpAuthorizer.Considered policy : policies.considered()) {
          considered
              .addObject()
              .put("policy", policy.policy().toString())
              .put("action", policy.action().name())
              .put("matchedRule", policy.matchedRule())
              .put("nearestMiss", policy.nearestMiss());
        }
      }
      RouteTable.Explanation routes = answer.routes();
      if (routes != null) {
        routes.taken().ifPresent(entry -> each.set("route", json(entry)));
        ArrayNode passed = each.putArray("passedOver");
        for (RouteTable.Considered route : routes.passedOver()) {
          ArrayNode misses =
              passed.addObject().put("route", name(route.entry())).putArray("misses");
          route.misses().forEach(misses::add);
        }
      }
    }
    return json;
  }

  private static ObjectNode json(RouteEntry entry) {
    return Json.object()
        .put("route", entry.route().isEmpty() ? "default" : entry.route())
        .put("rule", entry.rule())
        .put("match", entry.match().toString())
        .put("action", ActionText.of(entry.action()));
  }
}
