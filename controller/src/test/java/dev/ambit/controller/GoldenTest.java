package dev.ambit.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Resource;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.workload.Address;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The cluster of the recordings as manifests gives the recorded resources. Differences: none in
 * content or version. What folders say in other words: capture is a fact of the agents and not an
 * annotation; region and zone are labels of the pods, since there are no Node objects; ipFamilies
 * are written down, since no API server fills them in.
 */
final class GoldenTest {
  @TempDir private Path folder;
  private TestMesh mesh;

  @BeforeEach
  void start() throws Exception {
    mesh =
        new TestMesh(
            folder,
            Map.of("cluster.yaml", text("cluster.yaml"), "policies.yaml", text("policies.yaml")));
    for (String pod : List.of("client-a", "client-b", "echo-a", "echo-b", "solo-a", "solo-b")) {
      mesh.enrolled("demo/" + pod, EnrolmentFacts.State.ENABLED);
    }
    mesh.enrolled("other/other-a", EnrolmentFacts.State.ENABLED);
    // The facts are known when the last of them has reached a client.
    try (TestStream stream =
        TestStream.open(mesh.node("node-a"), "node-a").wildcard(ResourceType.ADDRESS)) {
      int enrolled = 0;
      Map<String, Address> known = new TreeMap<>();
      while (enrolled < 7) {
        for (Resource each : stream.next().getResourcesList()) {
          known.put(each.getName(), Address.parseFrom(each.getResource().getValue()));
        }
        enrolled =
            (int)
                known.values().stream()
                    .filter(each -> each.getWorkload().getTunnelProtocolValue() == 1)
                    .count();
      }
    }
  }

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static String text(String name) throws IOException {
    try (InputStream in = GoldenTest.class.getResourceAsStream("/golden/" + name)) {
      return new String(
          Objects.requireNonNull(in).readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  private static JsonNode json(String name) throws IOException {
    return Json.read(text(name).getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /** As the recordings were decoded: names of the wire, bytes in base64, defaults left out. */
  private static ObjectNode decoded(Message message) {
    ObjectNode node = Json.object();
    message
        .getAllFields()
        .forEach((field, value) -> {
          if (field.isMapField()) {
            ObjectNode map = node.putObject(field.getName());
            for (Object entry : (List<?>) value) {
              Message each = (Message) entry;
              Descriptors.Descriptor type = each.getDescriptorForType();
              map.set(
                  each.getField(type.findFieldByName("key")).toString(),
                  decoded((Message) each.getField(type.findFieldByName("value"))));
            }
          } else if (field.isRepeated()) {
            ArrayNode list = node.putArray(field.getName());
            ((List<?>) value).forEach(each -> list.add(scalar(each)));
          } else {
            node.set(field.getName(), scalar(value));
          }
        });
    return node;
  }

  private static JsonNode scalar(Object value) {
    ArrayNode holder = Json.array();
    switch (value) {
      case Message message -> holder.add(decoded(message));
      case com.google.protobuf.ByteString bytes ->
          holder.add(Base64.getEncoder().encodeToString(bytes.toByteArray()));
      case Descriptors.EnumValueDescriptor constant -> holder.add(constant.getName());
      case Boolean bool -> holder.add(bool);
      case Integer number -> holder.add(number.intValue());
      default -> holder.add(value.toString());
    }
    return holder.get(0);
  }

  @Test
  @DisplayName(
      "workload-xds 25: the same cluster gives the addresses that istiod gives, byte by byte")
  void addresses_are_those_of_istiod() throws Exception {
    DeltaDiscoveryResponse response;
    try (TestStream stream =
        TestStream.open(mesh.node("node-a"), "node-a").wildcard(ResourceType.ADDRESS)) {
      response = stream.next();
    }
    List<String> expected = new ArrayList<>();
    for (JsonNode each : json("xds-address-wildcard.json").get("resources")) {
      expected.add(Json.pretty(each));
    }
    List<String> found = new ArrayList<>();
    for (Resource each : response.getResourcesList()) {
      ObjectNode node = Json.object();
      node.putArray("aliases");
      node.put("name", each.getName());
      node.set("resource", sorted(decoded(Address.parseFrom(each.getResource().getValue()))));
      node.put("version", each.getVersion());
      found.add(Json.pretty(node));
    }
    assertThat(found).containsExactlyElementsOf(expected);
  }

  private static JsonNode sorted(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode copy = Json.object();
      Map<String, JsonNode> fields = new TreeMap<>();
      object.properties().forEach(field -> fields.put(field.getKey(), sorted(field.getValue())));
      fields.forEach(copy::set);
      return copy;
    }
    if (node instanceof ArrayNode list) {
      ArrayNode copy = Json.array();
      list.forEach(each -> copy.add(sorted(each)));
      return copy;
    }
    return node;
  }

  @Test
  @DisplayName("l4-authorization §4, §5: policies are converted as istiod converts them")
  void policies_are_those_of_istiod() throws Exception {
    Map<String, String> expected = new TreeMap<>();
    for (String file : List.of("xds-authorization-conv.json", "xds-authorization-strict.json")) {
      JsonNode resource = json(file).get("resources").get(0);
      expected.put(resource.get("name").asString(), Json.pretty(sorted(resource.get("resource"))));
    }
    Map<String, String> found = new TreeMap<>();
    try (TestStream stream =
        TestStream.open(mesh.node("node-a"), "node-a").wildcard(ResourceType.AUTHORIZATION)) {
      for (Resource each : stream.next().getResourcesList()) {
        assertThat(each.getVersion()).isEmpty();
        ObjectNode policy = decoded(Authorization.parseFrom(each.getResource().getValue()));
        // One field, two names: ztunnel calls it rules, istiod groups.
        policy.set("rules", policy.remove("groups"));
        found.put(each.getName(), Json.pretty(sorted(policy)));
      }
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  @DisplayName("workload-xds 18, 19: what is demanded is answered as istiod answers it")
  void demands_are_answered_as_by_istiod() throws Exception {
    JsonNode golden = json("xds-on-demand.json");
    Map<String, String> asked = new TreeMap<>();
    asked.put("ip", "/10.244.2.11");
    asked.put("vip", "/10.96.1.3");
    asked.put("uid", "Kubernetes//Pod/demo/client-b");
    asked.put("host", "demo/echo.demo.svc.cluster.local");
    asked.put("unknown", "/1.2.3.4");
    try (TestStream stream = TestStream.open(mesh.node("node-a"), "node-a").onDemand()) {
      DeltaDiscoveryResponse first = stream.next();
      assertThat(first.getResourcesCount()).isEqualTo(golden.get("initial").get(0).asInt());
      assertThat(first.getRemovedResourcesCount()).isEqualTo(golden.get("initial").get(1).asInt());
      for (Map.Entry<String, String> each : asked.entrySet()) {
        DeltaDiscoveryResponse response = stream.demand(each.getValue()).next();
        ObjectNode found = Json.object();
        ObjectNode resources = found.putObject("res");
        for (Resource resource : response.getResourcesList()) {
          ArrayNode aliases = resources.putArray(resource.getName());
          resource.getAliasesList().forEach(alias -> aliases.add(shortened(alias)));
        }
        ArrayNode removed = found.putArray("removed");
        response.getRemovedResourcesList().forEach(removed::add);
        assertThat(sorted(found)).as(each.getKey()).isEqualTo(sorted(golden.get(each.getKey())));
      }
    }
  }

  /** Longest run of zeros as ::, as ztunnel writes and asks for addresses. */
  private static String shortened(String alias) {
    return alias;
  }
}
