package dev.ambit.model.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Address;
import dev.ambit.model.object.Gateway.AllowedNamespaces;
import dev.ambit.model.object.Gateway.Infrastructure;
import dev.ambit.model.object.Gateway.Listener;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.waypoint.PolicyAttachment.Found;
import dev.ambit.model.waypoint.PolicyAttachment.Owner;
import dev.ambit.model.waypoint.PolicyAttachment.Place;
import dev.ambit.model.waypoint.WaypointBinder.Binding;
import dev.ambit.model.waypoint.WaypointBinder.Bound;
import dev.ambit.model.waypoint.WaypointBinder.Kind;
import dev.ambit.model.waypoint.WaypointBinder.NamespaceMarks;
import dev.ambit.model.waypoint.WaypointBinder.Reason;
import dev.ambit.model.waypoint.WaypointBinder.Refused;
import dev.ambit.model.waypoint.WaypointBinder.Target;
import dev.ambit.model.waypoint.WaypointBinder.Unbound;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.WeightedWaypoint;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaypointBinderTest {
  private static final List<Address> ADDRESSES =
      List.of(
          new Address("IPAddress", "10.96.0.9"),
          new Address("Hostname", "wp.demo.svc.cluster.local"));

  private static Metadata metadata(
      String namespace, String name, Map<String, String> labels, Map<String, String> notes) {
    return new Metadata(namespace, name, "", labels, notes, Instant.EPOCH, "");
  }

  private static Gateway gateway(
      String namespace,
      String name,
      Map<String, String> labels,
      AllowedNamespaces allowed,
      List<Address> assigned) {
    return new Gateway(
        metadata(namespace, name, labels, Map.of()),
        "istio-waypoint",
        List.of(new Listener("mesh", 15008, "HBONE", allowed)),
        List.of(),
        assigned,
        Infrastructure.NONE);
  }

  private static Gateway ready(String name) {
    return gateway("demo", name, Map.of(), new Gateway.SameNamespace(), ADDRESSES);
  }

  private static Waypoint waypoint(Gateway gateway) {
    return Waypoint.of(gateway, null, "");
  }

  private static Binding bind(Target target, Gateway... gateways) {
    Map<String, Waypoint> known = new HashMap<>();
    Arrays.stream(gateways)
        .map(WaypointBinderTest::waypoint)
        .forEach(each -> known.put(each.toString(), each));
    return new WaypointBinder((namespace, name) -> known.get(namespace + "/" + name)).bind(target);
  }

  private static Target service(Map<String, String> labels, Map<String, String> ofNamespace) {
    return target(Kind.SERVICE, labels, Map.of(), ofNamespace);
  }

  private static Target target(
      Kind kind,
      Map<String, String> labels,
      Map<String, String> notes,
      Map<String, String> ofNamespace) {
    return new Target(
        kind,
        metadata("demo", "echo", labels, notes),
        new NamespaceMarks(ofNamespace, Map.of()),
        false);
  }

  private static Map<String, String> use(String name) {
    return Map.of("istio.io/use-waypoint", name);
  }

  private static Reason reason(Binding binding) {
    return ((Refused) binding).reason();
  }

  @Test
  @DisplayName("waypoint-selection 1: a waypoint without an address binds nothing")
  void a_waypoint_without_address_is_not_ready() {
    Gateway none = gateway("demo", "wp", Map.of(), new Gateway.SameNamespace(), List.of());
    assertThat(reason(bind(service(use("wp"), Map.of()), none)))
        .isEqualTo(Reason.WAYPOINT_IS_NOT_READY);
    assertThat(reason(bind(service(use("wp"), Map.of())))).isEqualTo(Reason.WAYPOINT_IS_NOT_READY);
  }

  @Test
  @DisplayName("waypoint-selection 2, 3: its name goes before its IP, ready once is ready")
  void a_hostname_goes_before_an_ip() {
    Bound bound = (Bound) bind(service(use("wp"), Map.of()), ready("wp"));
    assertThat(bound.waypoint().address())
        .isEqualTo(
            new GatewayAddress(
                new GatewayAddress.ByHostname(new ServiceKey("demo", "wp.demo.svc.cluster.local")),
                15008));
    assertThat(bound.shares()).isEmpty();
    assertThat(bound.message()).contains("demo/wp");
    Gateway byIp =
        gateway(
            "demo",
            "wp",
            Map.of(),
            new Gateway.SameNamespace(),
            List.of(new Address("IPAddress", "x"), new Address("IPAddress", "10.0.0.1")));
    assertThat(waypoint(byIp).address())
        .hasToString("GatewayAddress[destination=/10.0.0.1, hbonePort=15008]");
  }

  @ParameterizedTest(name = "waypoint-selection 4, 5: {0} with team {1}: {2}")
  @CsvSource({"same, a, false", "all, a, true", "selector, a, true", "selector, b, false"})
  void namespaces_are_admitted(String from, String team, boolean admitted) {
    AllowedNamespaces allowed =
        switch (from) {
          case "same" -> new Gateway.SameNamespace();
          case "all" -> new Gateway.AllNamespaces();
          default ->
              new Gateway.SelectedNamespaces(
                  List.of(new Gateway.Requirement("team", Gateway.Operator.IN, List.of("a"))));
        };
    Gateway other = gateway("infra", "wp", Map.of(), allowed, ADDRESSES);
    Map<String, String> labels =
        Map.of("istio.io/use-waypoint", "wp", "istio.io/use-waypoint-namespace", "infra");
    Binding binding = bind(service(labels, Map.of("team", team)), other);
    if (admitted) {
      assertThat(binding).isInstanceOf(Bound.class);
    } else {
      assertThat(reason(binding)).isEqualTo(Reason.ATTACHMENT_DENIED);
    }
  }

  @Test
  @DisplayName("waypoint-selection 9: none is no name")
  void none_is_no_name() {
    assertThat(bind(service(use("none"), use("wp")), ready("none"), ready("wp")))
        .isEqualTo(new Unbound());
    assertThat(bind(service(Map.of(), use("none")), ready("none"))).isEqualTo(new Unbound());
    assertThat(bind(service(Map.of(), Map.of()), ready("wp"))).isEqualTo(new Unbound());
  }

  @Test
  @DisplayName("enrolment §6: the object goes before its namespace, and there is no way back")
  void the_object_goes_before_its_namespace() {
    assertThat(bind(service(Map.of(), use("wp")), ready("wp"))).isInstanceOf(Bound.class);
    assertThat(reason(bind(service(use("gone"), use("wp")), ready("wp"))))
        .isEqualTo(Reason.WAYPOINT_IS_NOT_READY);
  }

  private static Binding canary(String weight, String name, Gateway... gateways) {
    Map<String, String> labels =
        Map.of("istio.io/use-waypoint", "wp", "istio.io/use-waypoint-canary", name);
    Map<String, String> notes =
        weight.isEmpty() ? Map.of() : Map.of("istio.io/use-waypoint-canary-weight", weight);
    return bind(target(Kind.SERVICE, labels, notes, Map.of()), gateways);
  }

  @ParameterizedTest(name = "waypoint-selection 13: weight {0} is {1} to {2}")
  @CsvSource({"30, 70, 30", "'', 100, 0", "100, 0, 100"})
  void a_canary_takes_its_share(String weight, int primary, int share) {
    Bound bound = (Bound) canary(weight, "new", ready("wp"), ready("new"));
    assertThat(bound.shares()).extracting(WeightedWaypoint::weight).containsExactly(primary, share);
    assertThat(bound.waypoint().name()).isEqualTo("wp");
    assertThat(bound.canaryProblem()).isNull();
  }

  @ParameterizedTest(name = "waypoint-selection 13, 20: canary {1} with {0}: {2}")
  @CsvSource({
    "130, new, CANARY_INVALID_WEIGHT",
    "-1, new, CANARY_INVALID_WEIGHT",
    "x, new, CANARY_INVALID_WEIGHT",
    "30, wp, CANARY_SAME_AS_PRIMARY",
    "50, gone, WAYPOINT_IS_NOT_READY",
  })
  void a_canary_that_cannot_be_had_changes_nothing(String weight, String name, Reason reason) {
    Bound bound = (Bound) canary(weight, name, ready("wp"), ready("new"));
    assertThat(bound.shares()).isEmpty();
    assertThat(bound.canaryProblem()).isEqualTo(reason);
    assertThat(bound.message()).contains("Canary waypoint not attached: ");
  }

  @Test
  @DisplayName("waypoint-selection §2: what a waypoint is for decides who is bound")
  void the_traffic_type_decides() {
    Gateway workload =
        gateway(
            "demo",
            "wp",
            Map.of("istio.io/waypoint-for", "workload"),
            new Gateway.SameNamespace(),
            ADDRESSES);
    assertThat(reason(bind(service(use("wp"), Map.of()), workload)))
        .isEqualTo(Reason.UNSUPPORTED_TRAFFIC_TYPE);
    assertThat(bind(target(Kind.WORKLOAD, use("wp"), Map.of(), Map.of()), workload))
        .isInstanceOf(Bound.class);
    assertThat(reason(bind(target(Kind.WORKLOAD, use("wp"), Map.of(), Map.of()), ready("wp"))))
        .isEqualTo(Reason.UNSUPPORTED_TRAFFIC_TYPE);
    assertThat(bind(target(Kind.WORKLOAD, Map.of(), Map.of(), use("wp")), ready("wp")))
        .as("inherited, and silently not meant")
        .isEqualTo(new Unbound());
    GatewayClass all =
        new GatewayClass(
            metadata("", "istio-waypoint", Map.of("istio.io/waypoint-for", "all"), Map.of()),
            "istio.io/mesh-controller");
    assertThat(Waypoint.of(ready("wp"), all, "").serves()).isEqualTo(Waypoint.Serves.ALL);
    assertThat(Waypoint.of(workload, all, "").serves()).isEqualTo(Waypoint.Serves.WORKLOAD);
  }

  @Test
  @DisplayName("waypoint-selection §2: a waypoint is not behind itself")
  void a_waypoint_is_not_behind_itself() {
    Map<String, String> managed = new HashMap<>(use("wp"));
    managed.put("gateway.istio.io/managed", "istio.io-mesh-controller");
    assertThat(bind(service(managed, Map.of()), ready("wp"))).isEqualTo(new Unbound());
    Map<String, String> instance = new HashMap<>(use("wp"));
    instance.put("gateway.networking.k8s.io/gateway-name", "wp");
    assertThat(bind(target(Kind.WORKLOAD, instance, Map.of(), Map.of()), ready("wp")))
        .isEqualTo(new Unbound());
  }

  @Test
  @DisplayName("waypoint-selection §2: a service seen by its namespace needs a waypoint of it")
  void a_private_service_needs_its_own_waypoint() {
    Gateway other = gateway("infra", "wp", Map.of(), new Gateway.AllNamespaces(), ADDRESSES);
    Map<String, String> labels =
        Map.of("istio.io/use-waypoint", "wp", "istio.io/use-waypoint-namespace", "infra");
    Target entry =
        new Target(
            Kind.SERVICE_ENTRY,
            metadata("demo", "echo", labels, Map.of()),
            new NamespaceMarks(Map.of(), Map.of()),
            true);
    assertThat(reason(bind(entry, other))).isEqualTo(Reason.CROSS_NAMESPACE_WAYPOINT_FORBIDDEN);
  }

  @Test
  @DisplayName("waypoint-selection 17: an inbound binding is PROXY or NONE with a port")
  void inbound_bindings_are_read() {
    assertThat(Waypoint.InboundBinding.parse("PROXY/15088"))
        .isEqualTo(new Waypoint.InboundBinding(ApplicationTunnel.Protocol.PROXY, 15088));
    assertThat(Waypoint.InboundBinding.parse("NONE"))
        .isEqualTo(new Waypoint.InboundBinding(ApplicationTunnel.Protocol.NONE, 0));
    assertThat(Waypoint.InboundBinding.parse("TLS/1")).isNull();
    assertThat(Waypoint.InboundBinding.parse("PROXY/x")).isNull();
    assertThat(Waypoint.InboundBinding.parse("")).isNull();
  }

  private static final Place WAYPOINT = new Place("demo", "wp", "istio-waypoint");
  private static final String GATEWAY_API = "gateway.networking.k8s.io";

  private static PolicyAttachment attached(String namespace, TargetReference... targets) {
    return new PolicyAttachment(Arrays.asList(targets), namespace, "istio-system");
  }

  @Test
  @DisplayName("l7-authorization 24: a policy of one service leaves the others of a waypoint alone")
  void a_policy_of_a_service_is_of_it_alone() {
    PolicyAttachment policy = attached("demo", new TargetReference("core", "Service", "", "a"));
    assertThat(policy.holdsFor(new Owner("Service", "demo", "a"), WAYPOINT)).isTrue();
    assertThat(policy.holdsFor(new Owner("Service", "demo", "b"), WAYPOINT)).isFalse();
    assertThat(policy.holdsFor(new Owner("ServiceEntry", "demo", "a"), WAYPOINT)).isFalse();
    assertThat(policy.holdsAt(WAYPOINT)).isFalse();
  }

  @Test
  @DisplayName("l7-authorization §1: a policy of a gateway or class is of all that passes it")
  void a_policy_of_a_gateway_is_of_all() {
    Owner service = new Owner("Service", "other", "a");
    TargetReference gateway = new TargetReference(GATEWAY_API, "Gateway", "", "wp");
    TargetReference type = new TargetReference(GATEWAY_API, "GatewayClass", "", "istio-waypoint");
    assertThat(attached("demo", gateway).holdsFor(service, WAYPOINT)).isTrue();
    assertThat(attached("other", gateway).holdsFor(service, WAYPOINT)).isFalse();
    assertThat(attached("istio-system", type).holdsAt(WAYPOINT)).isTrue();
    assertThat(attached("demo", type).holdsAt(WAYPOINT)).isFalse();
  }

  @Test
  @DisplayName(
      "l7-authorization 4, 5: targets elsewhere are not found, classes outside root invalid")
  void attachments_have_a_status() {
    PolicyAttachment.Known known =
        (target, namespace) ->
            switch (namespace + "/" + target.name()) {
              case "demo/a" -> Found.SERVED;
              case "demo/lonely" -> Found.WITHOUT_WAYPOINT;
              default -> Found.ABSENT;
            };
    TargetReference a = new TargetReference("", "Service", "", "a");
    TargetReference lonely = new TargetReference("", "Service", "", "lonely");
    TargetReference elsewhere = new TargetReference("", "Service", "other", "a");
    TargetReference type = new TargetReference(GATEWAY_API, "GatewayClass", "", "x");
    assertThat(attached("demo", a).status(known).reason()).isEqualTo("Accepted");
    assertThat(attached("other", a).status(known).reason()).isEqualTo("TargetNotFound");
    assertThat(attached("demo", elsewhere).status(known).reason()).isEqualTo("TargetNotFound");
    assertThat(attached("demo", elsewhere).holdsFor(new Owner("Service", "other", "a"), WAYPOINT))
        .isFalse();
    assertThat(attached("demo", type).status(known).reason()).isEqualTo("Invalid");
    assertThat(attached("demo", lonely).status(known).reason()).isEqualTo("AncestorNotBound");
    assertThat(attached("demo", a, lonely).status(known))
        .matches(status -> !status.accepted() && status.reason().equals("PartiallyInvalid"));
  }
}
