package dev.ambit.waypoint.config;

import dev.ambit.daemon.Json;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TargetReference;
import dev.ambit.waypoint.config.wire.ObjectDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads objects as they are sent, with the readers of manifests. Of a security object that cannot
 * be read a policy is made that refuses everything it may have been meant for.
 *
 * @param place of the waypoint
 */
record ObjectReader(Place place) {

  /** What a resource says. */
  sealed interface Read {}

  /** An object. */
  record Readable(ClusterObject object) implements Read {}

  /** None; {@code instead} is what holds where there is no earlier version. */
  record Unreadable(String problem, Optional<ClusterObject> instead) implements Read {}

  /**
   * @param name {@code KIND/NAMESPACE/NAME}
   */
  Read read(String name, byte[] value) {
    Optional<String> json = ObjectDecoder.json(value);
    if (json.isEmpty()) {
      return unreadable(name, "", "bytes: got none of an Object, expected its JSON");
    }
    ManifestReader.Content content =
        ManifestReader.read(name, json.get().getBytes(StandardCharsets.UTF_8), Instant.EPOCH);
    if (!content.problems().isEmpty()) {
      ManifestProblem first = content.problems().getFirst();
      return unreadable(
          name,
          json.get(),
          first.field() + ": got " + first.got() + ", expected " + first.expected());
    }
    if (content.objects().size() != 1
        || !Snapshots.name(content.objects().getFirst()).equals(name)) {
      return unreadable(name, json.get(), "object: got another, expected " + name);
    }
    return new Readable(content.objects().getFirst());
  }

  private Unreadable unreadable(String name, String json, String problem) {
    String[] parts = name.split("/", 3);
    boolean security =
        parts.length == 3
            && (parts[0].equals("AuthorizationPolicy") || parts[0].equals("RequestAuthentication"));
    return new Unreadable(problem, security ? Optional.of(closed(parts, json)) : Optional.empty());
  }

  /** Refuses everything to the targets; to everybody when nobody can say which they are. */
  private ClusterObject closed(String[] parts, String json) {
    List<TargetReference> targets = targets(json);
    boolean known = !targets.isEmpty();
    return new AuthorizationPolicy(
        new Metadata(
            known ? parts[1] : place.namespace(),
            known ? parts[2] : "unreadable-" + parts[1] + "-" + parts[2],
            "",
            Map.of(),
            Map.of(),
            Instant.EPOCH,
            String.join("/", parts)),
        Map.of(),
        known
            ? targets
            : List.of(
                new TargetReference("gateway.networking.k8s.io", "Gateway", "", place.gateway())),
        AuthorizationPolicy.Action.DENY,
        List.of(new AuthorizationPolicy.Rule(List.of(), List.of(), List.of())));
  }

  private static List<TargetReference> targets(String json) {
    List<TargetReference> targets = new ArrayList<>();
    try {
      JsonNode spec = Json.read(json.getBytes(StandardCharsets.UTF_8)).path("spec");
      for (JsonNode each : spec.path("targetRefs")) {
        targets.add(target(each));
      }
      if (spec.has("targetRef")) {
        targets.add(target(spec.path("targetRef")));
      }
    } catch (JacksonException e) {
      return List.of();
    }
    return targets.stream().allMatch(each -> !each.kind().isEmpty() && !each.name().isEmpty())
        ? targets
        : List.of();
  }

  private static TargetReference target(JsonNode node) {
    return new TargetReference(
        text(node, "group"), text(node, "kind"), text(node, "namespace"), text(node, "name"));
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }
}
