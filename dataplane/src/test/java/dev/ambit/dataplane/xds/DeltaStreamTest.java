package dev.ambit.dataplane.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.dataplane.xds.DeltaStream.Ending;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The conversation with the control plane, scripted. */
final class DeltaStreamTest {
  private static final String ADDRESS = DeltaStream.ADDRESS;
  private static final String AUTHORIZATION = DeltaStream.AUTHORIZATION;

  /** One line of a script: a response, an end (null), or a failure. */
  private sealed interface Step {}

  private record Say(DeltaResponse response) implements Step {}

  private record End() implements Step {}

  private record Fail(Ending ending) implements Step {}

  private final Metrics metrics = new Metrics();
  private final Readiness readiness = new Readiness();
  private final MeshStore store = new MeshStore(List.of());
  private final Deque<Deque<Step>> scripts = new ArrayDeque<>();
  private final List<DeltaRequest> requests = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private final DeltaStream stream =
      new DeltaStream(this::open, store, metrics, readiness.gate("state manager"), this::pause);

  private DeltaStream.Stream open() {
    Deque<Step> script = scripts.remove();
    if (script.peek() instanceof Fail(Ending ending) && ending == Ending.CONNECTION) {
      throw new DeltaStream.Broken(ending, "nobody there", null);
    }
    return new DeltaStream.Stream() {
      @Override
      public void send(DeltaRequest request) {
        requests.add(request);
      }

      @Override
      public DeltaResponse receive() {
        return switch (script.remove()) {
          case Say say -> say.response;
          case End end -> null;
          case Fail fail -> throw new DeltaStream.Broken(fail.ending, "scripted", null);
        };
      }

      @Override
      public void close() {}
    };
  }

  private void pause(Duration duration) throws InterruptedException {
    pauses.add(duration);
    if (scripts.isEmpty()) {
      throw new InterruptedException("the scripts are played");
    }
  }

  private void script(Step... steps) {
    scripts.add(new ArrayDeque<>(List.of(steps)));
  }

  private void play() {
    assertThatThrownBy(stream::run).isInstanceOf(InterruptedException.class);
  }

  private static Workload workload(String name) {
    return Workload.named("c//Pod/ns/" + name).name(name).namespace("ns").build();
  }

  private static DeltaResponse.Resource good(String name) {
    return new DeltaResponse.Resource(
        "c//Pod/ns/" + name,
        "v-" + name,
        new DeltaResponse.Accepted(new MeshChange.WorkloadPut(workload(name))));
  }

  private static DeltaResponse.Resource bad(String name) {
    return new DeltaResponse.Resource(
        "c//Pod/ns/" + name, "v", DeltaResponse.Rejected.of("addresses: got 3 bytes"));
  }

  private static Say addresses(DeltaResponse.Resource... resources) {
    return new Say(new DeltaResponse(ADDRESS, "n1", List.of(resources), List.of(), 100));
  }

  private static Say policies(DeltaResponse.Resource... resources) {
    return new Say(new DeltaResponse(AUTHORIZATION, "n2", List.of(resources), List.of(), 0));
  }

  private String exposition() {
    return new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("workload-xds 1: one wildcard request of each type, then an answer to each response")
  void it_subscribes_to_everything() {
    script(addresses(good("a")), policies(), new End());
    play();
    assertThat(requests)
        .containsExactly(
            new DeltaRequest(ADDRESS, true, Map.of(), "", ""),
            new DeltaRequest(AUTHORIZATION, true, Map.of(), "", ""),
            new DeltaRequest(ADDRESS, false, Map.of(), "n1", ""),
            new DeltaRequest(AUTHORIZATION, false, Map.of(), "n2", ""));
    assertThat(store.mesh().get().workload("c//Pod/ns/a")).isPresent();
  }

  @Test
  @DisplayName(
      "workload-xds 2: the good part is applied, the bad part named, only good versions kept")
  void a_bad_resource_does_not_spoil_the_others() {
    script(addresses(good("a"), bad("b"), bad("c")), new End());
    script(new End());
    play();
    assertThat(requests.get(2).error())
        .isEqualTo("c//Pod/ns/b: addresses: got 3 bytes; c//Pod/ns/c: addresses: got 3 bytes");
    assertThat(store.mesh().get().workloads()).hasSize(1);
    assertThat(requests.get(3).retained()).containsExactly(Map.entry("c//Pod/ns/a", "v-a"));
  }

  @Test
  @DisplayName("workload-xds 3: a reconnect names what is held; readiness does not go back")
  void a_reconnect_names_what_is_held() {
    script(addresses(good("a"), good("b")), new End());
    script(addresses(), policies(), new Fail(Ending.CONNECTION));
    script(new Fail(Ending.CONNECTION));
    List<Boolean> ready = new ArrayList<>();
    store.mesh().follow(view -> ready.add(readiness.ready()));
    play();
    assertThat(requests.get(3).retained()).containsOnlyKeys("c//Pod/ns/a", "c//Pod/ns/b");
    assertThat(ready).containsExactly(false);
    assertThat(readiness.ready()).isTrue();
    assertThat(store.mesh().get().workloads()).hasSize(2);
  }

  @Test
  @DisplayName("workload-xds 4: what was deleted while disconnected goes with its endpoints")
  void a_removal_while_disconnected_is_told() {
    Service service = Service.of("s", new ServiceKey("ns", "s.local"), List.of(), Map.of());
    Workload endpoint =
        Workload.named("c//Pod/ns/w1")
            .namespace("ns")
            .services(Map.of(service.key(), Map.of(80, 8080)))
            .build();
    script(
        addresses(
            new DeltaResponse.Resource(
                "ns/s.local", "1", new DeltaResponse.Accepted(new MeshChange.ServicePut(service))),
            new DeltaResponse.Resource(
                endpoint.uid(),
                "1",
                new DeltaResponse.Accepted(new MeshChange.WorkloadPut(endpoint)))),
        new End());
    script(
        new Say(new DeltaResponse(ADDRESS, "n3", List.of(), List.of(endpoint.uid()), 0)),
        new End());
    script(new End());
    List<Integer> endpoints = new ArrayList<>();
    store.mesh().follow(view -> endpoints.add(view.endpoints(service.key()).size()));
    play();
    assertThat(endpoints).containsExactly(1, 0);
    assertThat(requests.getLast().typeUrl()).isEqualTo(AUTHORIZATION);
    assertThat(requests.get(requests.size() - 2).retained()).containsOnlyKeys("ns/s.local");
  }

  @Test
  void the_gate_opens_when_every_type_has_come() {
    script(addresses(good("a")), new End());
    play();
    assertThat(readiness.ready()).isFalse();
    List<String> synced = new ArrayList<>();
    stream.onSynced(() -> synced.add("yes"));
    script(policies(), addresses(), policies(), new End());
    play();
    assertThat(readiness.ready()).isTrue();
    assertThat(synced).containsExactly("yes");
  }

  @Test
  @DisplayName(
      "workload-xds 20: refusals double the delay to 15 s, routine ends and success reset it")
  void delays_follow_the_table() {
    for (int i = 0; i < 12; i++) {
      script(new Fail(Ending.ERROR));
    }
    play();
    assertThat(pauses)
        .extracting(Duration::toMillis)
        .containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 640L, 1280L, 2560L, 5120L, 10240L, 15000L);
    pauses.clear();
    for (int i = 0; i < 9; i++) {
      script(new Fail(Ending.CONNECTION));
    }
    script(new Fail(Ending.ROUTINE));
    script(new Fail(Ending.CONNECTION));
    script(new End());
    script(new Fail(Ending.CONNECTION));
    script(new Fail(Ending.CONNECTION));
    script(addresses(), policies(), new Fail(Ending.CONNECTION), new End());
    play();
    assertThat(pauses)
        .extracting(Duration::toMillis)
        .containsExactly(
            10L, 20L, 40L, 80L, 160L, 320L, 640L, 1280L, 2000L, 10L, 10L, 10L, 10L, 20L, 10L);
    assertThat(exposition())
        .contains("istio_xds_connection_terminations_total{reason=\"ConnectionError\"} 13")
        .contains("istio_xds_connection_terminations_total{reason=\"Error\"} 12")
        .contains("istio_xds_connection_terminations_total{reason=\"Reconnect\"} 1")
        .contains("istio_xds_connection_terminations_total{reason=\"Complete\"} 1");
  }

  @Test
  void messages_and_bytes_are_counted_and_unknown_types_acknowledged() {
    script(
        addresses(),
        addresses(),
        new Say(new DeltaResponse("type.googleapis.com/x.Y", "n9", List.of(), List.of(), 7)),
        new End());
    play();
    assertThat(requests.getLast())
        .isEqualTo(new DeltaRequest("type.googleapis.com/x.Y", false, Map.of(), "n9", ""));
    assertThat(exposition())
        .contains("istio_xds_message_total{url=\"" + ADDRESS + "\"} 2")
        .contains("istio_xds_message_bytes_total{url=\"" + ADDRESS + "\"} 200");
  }

  private static final PolicyKey KEY = new PolicyKey("ns", "p");

  private static MeshChange policy(Policy.Action action) {
    return new MeshChange.PolicyPut(
        new Policy(KEY, Policy.Scope.NAMESPACE, action, List.of(), false));
  }

  private static DeltaResponse.Resource rejectedPolicy(boolean yields) {
    return new DeltaResponse.Resource(
        "ns/p",
        "",
        new DeltaResponse.Rejected("r", Optional.of(policy(Policy.Action.DENY)), yields));
  }

  private Policy.Action held() {
    return store.mesh().get().policy(KEY).orElseThrow().action();
  }

  @Test
  void a_stand_in_is_applied_refused_and_named_after_a_reconnect() {
    script(policies(rejectedPolicy(false)), new End());
    script(new End());
    play();
    assertThat(held()).isEqualTo(Policy.Action.DENY);
    assertThat(requests.get(2).error()).isEqualTo("ns/p: r");
    assertThat(requests.getLast().retained()).containsExactly(Map.entry("ns/p", ""));
  }

  @Test
  void garbage_does_not_replace_an_earlier_readable_policy() {
    DeltaResponse.Resource readable =
        new DeltaResponse.Resource(
            "ns/p", "", new DeltaResponse.Accepted(policy(Policy.Action.ALLOW)));
    script(policies(rejectedPolicy(true)), new End());
    play();
    assertThat(held()).isEqualTo(Policy.Action.DENY);
    script(policies(readable), policies(rejectedPolicy(true)), new End());
    play();
    assertThat(held()).isEqualTo(Policy.Action.ALLOW);
    script(new Say(new DeltaResponse(AUTHORIZATION, "", List.of(), List.of("ns/p"), 0)), new End());
    play();
    assertThat(store.mesh().get().policy(KEY)).isEmpty();
  }

  @Test
  void a_batch_becomes_visible_at_once() {
    List<MeshView> seen = new ArrayList<>();
    store.mesh().follow(seen::add);
    script(addresses(good("a"), good("b"), good("c")), new End());
    play();
    assertThat(seen).singleElement().satisfies(view -> assertThat(view.workloads()).hasSize(3));
  }

  @Test
  @DisplayName("ca 12, 13: identities come with their first local workload and go with the last")
  void local_identities_are_counted() {
    List<String> told = new ArrayList<>();
    LocalIdentities local =
        new LocalIdentities(
            "node-a",
            identity -> told.add("+" + identity.serviceAccount()),
            identity -> told.add("-" + identity.serviceAccount()));
    MeshStore followed = new MeshStore(List.of(local));
    followed.apply(List.of(on("w1", "node-a", "x"), on("w2", "node-a", "x")));
    followed.apply(List.of(on("w3", "node-b", "y")));
    followed.apply(
        List.of(
            new MeshChange.WorkloadPut(
                Workload.named("w4").namespace("ns").node("node-a").serviceAccount("z").build())));
    assertThat(told).containsExactly("+x");
    followed.apply(List.of(new MeshChange.AddressRemoved("w1")));
    assertThat(told).containsExactly("+x");
    followed.apply(List.of(on("w2", "node-a", "x")));
    followed.apply(List.of(on("w2", "node-a", "y"), on("w5", "node-a", "x")));
    assertThat(told).containsExactly("+x", "+y");
    followed.apply(
        List.of(new MeshChange.AddressRemoved("w2"), new MeshChange.AddressRemoved("w5")));
    assertThat(told).containsExactly("+x", "+y", "-y", "-x");
  }

  private static MeshChange on(String uid, String node, String account) {
    return new MeshChange.WorkloadPut(
        Workload.named(uid)
            .namespace("ns")
            .node(node)
            .serviceAccount(account)
            .tunnel(Workload.Tunnel.HBONE)
            .build());
  }
}
