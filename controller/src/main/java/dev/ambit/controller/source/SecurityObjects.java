package dev.ambit.controller.source;

import dev.ambit.daemon.Json;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.WorkloadEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Security objects to JSON and back, for the controller's own eyes. */
final class SecurityObjects {
  private SecurityObjects() {}

  static ArrayNode write(List<ClusterObject> objects) {
    ArrayNode list = Json.array();
    for (ClusterObject object : objects) {
      switch (object) {
        case AuthorizationPolicy policy -> write(policy, list.addObject());
        case PeerAuthentication peer -> write(peer, list.addObject());
        case Namespace _,
            Pod _,
            KubernetesService _,
            ServiceAccount _,
            DestinationRule _,
            Gateway _,
            GatewayClass _,
            GrpcRoute _,
            HttpRoute _,
            MeshConfig _,
            ReferenceGrant _,
            RequestAuthentication _,
            Secret _,
            ServiceEntry _,
            TcpRoute _,
            Telemetry _,
            TlsRoute _,
            VirtualService _,
            WorkloadEntry _ ->
            throw new IllegalArgumentException(
                "object: got a " + object.kind() + ", expected a security object");
      }
    }
    return list;
  }

  private static void write(AuthorizationPolicy policy, ObjectNode to) {
    metadata(policy, to);
    texts(policy.selector(), to.putObject("selector"));
    ArrayNode targets = to.putArray("targetRefs");
    for (TargetReference target : policy.targetRefs()) {
      targets
          .addObject()
          .put("group", target.group())
          .put("kind", target.kind())
          .put("namespace", target.namespace())
          .put("name", target.name());
    }
    to.put("action", policy.action().name());
    to.put("provider", policy.provider());
    ArrayNode rules = to.putArray("rules");
    for (AuthorizationPolicy.Rule rule : policy.rules()) {
      ObjectNode one = rules.addObject();
      ArrayNode from = one.putArray("from");
      rule.from().forEach(source -> fields(source.fields(), from.addObject()));
      ArrayNode operations = one.putArray("to");
      rule.to().forEach(operation -> fields(operation.fields(), operations.addObject()));
      ArrayNode when = one.putArray("when");
      for (AuthorizationPolicy.Condition condition : rule.when()) {
        ObjectNode each = when.addObject();
        each.put("key", condition.key());
        texts(condition.values(), each.putArray("values"));
        texts(condition.notValues(), each.putArray("notValues"));
      }
    }
  }

  private static void write(PeerAuthentication peer, ObjectNode to) {
    metadata(peer, to);
    texts(peer.selector(), to.putObject("selector"));
    to.put("mode", peer.mode().name());
    ObjectNode ports = to.putObject("ports");
    peer.portModes().forEach((port, mode) -> ports.put(Integer.toString(port), mode.name()));
  }

  private static void metadata(ClusterObject object, ObjectNode to) {
    Metadata metadata = object.metadata();
    to.put("kind", object.kind());
    to.put("namespace", metadata.namespace());
    to.put("name", metadata.name());
    to.put("uid", metadata.uid());
    texts(metadata.labels(), to.putObject("labels"));
    texts(metadata.annotations(), to.putObject("annotations"));
    to.put("created", metadata.created().toString());
    to.put("origin", metadata.origin());
    to.put("generation", metadata.generation());
  }

  private static void texts(Map<String, String> texts, ObjectNode to) {
    texts.forEach(to::put);
  }

  private static void texts(List<String> texts, ArrayNode to) {
    texts.forEach(to::add);
  }

  private static void fields(Map<String, List<String>> fields, ObjectNode to) {
    fields.forEach((field, values) -> texts(values, to.putArray(field)));
  }

  /** Throws when anything is not as {@link #write} leaves it. */
  static List<ClusterObject> read(JsonNode list) {
    return list(list, SecurityObjects::object);
  }

  private static ClusterObject object(JsonNode node) {
    String kind = text(node, "kind");
    return switch (kind) {
      case "AuthorizationPolicy" ->
          new AuthorizationPolicy(
              metadata(node),
              texts(node.path("selector")),
              list(node.path("targetRefs"), SecurityObjects::target),
              AuthorizationPolicy.Action.valueOf(text(node, "action")),
              text(node, "provider"),
              list(node.path("rules"), SecurityObjects::rule));
      case "PeerAuthentication" ->
          new PeerAuthentication(
              metadata(node),
              texts(node.path("selector")),
              PeerAuthentication.Mode.valueOf(text(node, "mode")),
              ports(node.path("ports")));
      default ->
          throw new IllegalArgumentException("kind: got " + kind + ", expected a security object");
    };
  }

  private static Metadata metadata(JsonNode node) {
    return new Metadata(
        text(node, "namespace"),
        text(node, "name"),
        text(node, "uid"),
        texts(node.path("labels")),
        texts(node.path("annotations")),
        Instant.parse(text(node, "created")),
        text(node, "origin"),
        node.path("generation").asLong());
  }

  private static TargetReference target(JsonNode node) {
    return new TargetReference(
        text(node, "group"), text(node, "kind"), text(node, "namespace"), text(node, "name"));
  }

  private static AuthorizationPolicy.Rule rule(JsonNode node) {
    return new AuthorizationPolicy.Rule(
        list(node.path("from"), each -> new AuthorizationPolicy.Source(fields(each))),
        list(node.path("to"), each -> new AuthorizationPolicy.Operation(fields(each))),
        list(
            node.path("when"),
            each ->
                new AuthorizationPolicy.Condition(
                    text(each, "key"),
                    list(each.path("values"), JsonNode::asString),
                    list(each.path("notValues"), JsonNode::asString))));
  }

  private static Map<Integer, PeerAuthentication.Mode> ports(JsonNode node) {
    Map<Integer, PeerAuthentication.Mode> ports = new HashMap<>();
    texts(node)
        .forEach((port, mode) ->
            ports.put(Integer.valueOf(port), PeerAuthentication.Mode.valueOf(mode)));
    return ports;
  }

  private static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new HashMap<>();
    node.properties().forEach(field -> texts.put(field.getKey(), field.getValue().asString()));
    return texts;
  }

  private static Map<String, List<String>> fields(JsonNode node) {
    Map<String, List<String>> fields = new HashMap<>();
    node.properties()
        .forEach(field -> fields.put(field.getKey(), list(field.getValue(), JsonNode::asString)));
    return fields;
  }

  private static <T> List<T> list(JsonNode node, Function<JsonNode, T> each) {
    List<T> found = new ArrayList<>();
    node.forEach(element -> found.add(each.apply(element)));
    return found;
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.get(field);
    if (value == null || !value.isString()) {
      throw new IllegalArgumentException(field + ": got " + value + ", expected a string");
    }
    return value.asString();
  }
}
