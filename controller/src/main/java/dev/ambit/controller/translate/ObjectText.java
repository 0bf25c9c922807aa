package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects.Carried;
import dev.ambit.daemon.Json;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.TargetReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Objects as waypoints are sent them: JSON that an API server would give, without status and
 * without what tools keep in annotations. One text per object as long as the object stays the same.
 */
final class ObjectText {
  private static final String GATEWAY_API = "gateway.networking.k8s.io/v1";
  private static final String NETWORKING = "networking.istio.io/v1";
  private static final String SECURITY = "security.istio.io/v1";
  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  private Map<String, Done> before = Map.of();
  private Map<String, Done> now = new HashMap<>();

  /** An object and its text. */
  private record Done(ClusterObject object, String spec, String text) {}

  static String name(ClusterObject object) {
    return object.kind() + "/" + object.metadata().namespace() + "/" + object.metadata().name();
  }

  /** Forgets the texts that nobody asked for since the last call. */
  void sweep() {
    before = now;
    now = new HashMap<>();
  }

  String of(Carried carried) {
    return of(carried.object(), carried.spec(), () -> write(carried));
  }

  String of(AuthorizationPolicy policy) {
    return of(policy, "", () -> write(policy));
  }

  /** Of a pod only its labels are wanted; node and address are what makes it readable. */
  String labelsOf(Pod pod) {
    return of(pod, "", () -> write(pod));
  }

  String of(Secret secret) {
    return of(secret, "", () -> write(secret));
  }

  private String of(ClusterObject object, String spec, Supplier<String> written) {
    String name = name(object);
    Done known = now.get(name);
    if (known == null) {
      known = before.get(name);
      if (known == null || !known.object().equals(object) || !known.spec().equals(spec)) {
        known = new Done(object, spec, written.get());
      }
      now.put(name, known);
    }
    return known.text();
  }

  private static String write(Carried carried) {
    ObjectNode head = head(carried.object(), version(carried.object().kind()));
    if (carried.object() instanceof Gateway gateway && !gateway.assigned().isEmpty()) {
      ArrayNode addresses = head.putObject("status").putArray("addresses");
      for (Gateway.Address each : gateway.assigned()) {
        addresses.addObject().put("type", each.type()).put("value", each.value());
      }
    }
    String text = text(head);
    String field = carried.object().kind().equals("ConfigMap") ? "data" : "spec";
    return carried.spec().isEmpty()
        ? text
        : text.substring(0, text.length() - 1) + ",\"" + field + "\":" + carried.spec() + "}";
  }

  private static String version(String kind) {
    return switch (kind) {
      case "AuthorizationPolicy", "RequestAuthentication" -> SECURITY;
      case "DestinationRule", "ServiceEntry", "VirtualService" -> NETWORKING;
      case "Telemetry" -> "telemetry.istio.io/v1";
      case "ConfigMap" -> "v1";
      default -> GATEWAY_API;
    };
  }

  private static ObjectNode head(ClusterObject object, String version) {
    Metadata metadata = object.metadata();
    ObjectNode head = Json.object().put("apiVersion", version).put("kind", object.kind());
    ObjectNode to = head.putObject("metadata");
    to.put("name", metadata.name());
    if (!metadata.namespace().isEmpty()) {
      to.put("namespace", metadata.namespace());
    }
    to.put("uid", metadata.uid());
    to.put("creationTimestamp", metadata.created().toString());
    texts(metadata.labels(), "labels", to);
    Map<String, String> annotations = new HashMap<>(metadata.annotations());
    annotations.remove(LAST_APPLIED);
    texts(annotations, "annotations", to);
    return head;
  }

  private static void texts(Map<String, String> texts, String field, ObjectNode to) {
    if (!texts.isEmpty()) {
      ObjectNode object = to.putObject(field);
      new TreeMap<>(texts).forEach(object::put);
    }
  }

  private static String text(ObjectNode node) {
    return new String(Json.write(node), StandardCharsets.UTF_8);
  }

  private static String write(Pod pod) {
    ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "Pod");
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("name", pod.metadata().name()).put("namespace", pod.metadata().namespace());
    texts(pod.metadata().labels(), "labels", metadata);
    object.putObject("spec").put("nodeName", pod.node());
    ArrayNode addresses = object.putObject("status").putArray("podIPs");
    pod.addresses().forEach(each -> addresses.addObject().put("ip", each.getHostAddress()));
    return text(object);
  }

  private static String write(Secret secret) {
    ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "Secret");
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("name", secret.metadata().name()).put("namespace", secret.metadata().namespace());
    texts(secret.data(), "stringData", object);
    return text(object);
  }

  /** From the record, since one that was remembered over a restart has no other text. */
  private static String write(AuthorizationPolicy policy) {
    ObjectNode head = head(policy, SECURITY);
    ObjectNode spec = head.putObject("spec");
    ArrayNode targets = spec.putArray("targetRefs");
    for (TargetReference target : policy.targetRefs()) {
      ObjectNode one = targets.addObject();
      one.put("group", target.group()).put("kind", target.kind()).put("name", target.name());
      if (!target.namespace().isEmpty()) {
        one.put("namespace", target.namespace());
      }
    }
    spec.put("action", policy.action().name());
    if (!policy.provider().isEmpty()) {
      spec.putObject("provider").put("name", policy.provider());
    }
    ArrayNode rules = spec.putArray("rules");
    for (AuthorizationPolicy.Rule rule : policy.rules()) {
      ObjectNode one = rules.addObject();
      lists(rule.from().stream().map(AuthorizationPolicy.Source::fields).toList(), "source", one);
      lists(
          rule.to().stream().map(AuthorizationPolicy.Operation::fields).toList(), "operation", one);
      if (!rule.when().isEmpty()) {
        ArrayNode when = one.putArray("when");
        rule.when().forEach(each -> condition(each, when.addObject()));
      }
    }
    return text(head);
  }

  private static void condition(AuthorizationPolicy.Condition condition, ObjectNode to) {
    to.put("key", condition.key());
    list(condition.values(), "values", to);
    list(condition.notValues(), "notValues", to);
  }

  private static void lists(List<Map<String, List<String>>> all, String inner, ObjectNode to) {
    if (!all.isEmpty()) {
      ArrayNode list = to.putArray(inner.equals("source") ? "from" : "to");
      for (Map<String, List<String>> fields : all) {
        ObjectNode each = list.addObject().putObject(inner);
        for (String field : new ArrayList<>(new TreeMap<>(fields).keySet())) {
          list(fields.getOrDefault(field, List.of()), field, each);
        }
      }
    }
  }

  private static void list(List<String> values, String field, ObjectNode to) {
    if (!values.isEmpty()) {
      ArrayNode list = to.putArray(field);
      values.forEach(list::add);
    }
  }
}
