package dev.ambit.controller.xds.wire;

import static dev.ambit.controller.xds.ResourceType.ADDRESS;
import static dev.ambit.controller.xds.ResourceType.AUTHORIZATION;
import static dev.ambit.controller.xds.wire.Mesh.names;
import static dev.ambit.controller.xds.wire.Mesh.policy;
import static dev.ambit.controller.xds.wire.Mesh.uid;
import static dev.ambit.controller.xds.wire.Mesh.workload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.xds.DeltaRequest;
import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.controller.xds.DeltaSession;
import dev.ambit.controller.xds.EncodedResource;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class DeltaSessionTest {
  private final Mesh mesh = new Mesh();

  @Test
  @DisplayName("workload-xds 26: a first request without node.id ends the stream")
  void refuses_a_stream_without_node() {
    assertThat(mesh.client("node-a").send(Mesh.request("", ADDRESS, "", "")))
        .map(DeltaSession.Refusal::kind)
        .contains(DeltaSession.Refusal.Kind.INVALID_ARGUMENT);
  }

  @Test
  @DisplayName("control-plane 11: a client that claims another node than it proved is refused")
  void refuses_a_foreign_node_name() {
    DeltaRequest request =
        new DeltaRequest(
            "ztunnel~x", "node-b", ADDRESS.url(), List.of(), List.of(), Map.of(), "", "");
    assertThat(mesh.client("node-a").send(request))
        .map(DeltaSession.Refusal::kind)
        .contains(DeltaSession.Refusal.Kind.PERMISSION_DENIED);
  }

  @Test
  @DisplayName("workload-xds §3: an empty mesh is answered too, readiness waits for it")
  void answers_with_nothing() {
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.wildcard(AUTHORIZATION);
    assertThat(client.take().resources()).isEmpty();
    assertThat(client.take().typeUrl()).isEqualTo(AUTHORIZATION.url());
  }

  @Test
  void a_wildcard_client_is_told_everything_then_what_changes() {
    mesh.put(workload("p", "10.0.0.1", "node-a"), workload("q", "10.0.0.2", "node-b"));
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    DeltaResponse first = client.takeAndAck();
    assertThat(names(first)).containsExactly(uid("p"), uid("q"));
    assertThat(first.withAliases()).isFalse();
    assertThat(client.quiet()).isTrue();
    mesh.put(workload("q", "10.0.0.3", "node-b"));
    assertThat(names(client.takeAndAck())).containsExactly(uid("q"));
    mesh.change(new MeshChange.AddressRemoved(uid("p")));
    assertThat(client.take().removed()).containsExactly(uid("p"));
  }

  @Test
  void what_does_not_really_change_is_not_sent() {
    mesh.put(workload("p", "10.0.0.1", "node-a"));
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.takeAndAck();
    mesh.put(workload("p", "10.0.0.1", "node-a"));
    assertThat(client.quiet()).isTrue();
  }

  @Test
  @DisplayName("workload-xds 26: an answer to an older response is ignored")
  void ignores_a_stale_nonce() {
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    DeltaResponse first = client.takeAndAck();
    mesh.put(workload("p", "10.0.0.1", "node-a"));
    DeltaResponse second = client.take();
    mesh.put(workload("q", "10.0.0.2", "node-a"));
    client.answer(first, "");
    assertThat(client.quiet()).isTrue();
    assertThat(mesh.stale).isEqualTo(1);
    client.answer(second, "");
    assertThat(names(client.take())).containsExactly(uid("q"));
  }

  @Test
  @DisplayName("workload-xds §3: a rejection is noted and nothing is sent again")
  void notes_a_rejection() {
    mesh.put(workload("p", "10.0.0.1", "node-a"));
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.answer(client.take(), "Kubernetes//Pod/demo/p: bad");
    assertThat(client.quiet()).isTrue();
    assertThat(mesh.rejected).isEqualTo(1);
    DeltaSession.TypeState state = client.session.state().types().get(ADDRESS);
    assertThat(state.rejections()).isEqualTo(1);
    assertThat(state.lastError()).isEqualTo("Kubernetes//Pod/demo/p: bad");
  }

  @Test
  @DisplayName("workload-xds 3: a client that has everything gets an empty response")
  void skips_what_a_returning_client_has() {
    mesh.put(workload("p", "10.0.0.1", "node-a"), workload("q", "10.0.0.2", "node-a"));
    Mesh.Client before = mesh.client("node-a");
    before.wildcard(ADDRESS);
    Map<String, String> have =
        before.take().resources().stream()
            .collect(Collectors.toMap(EncodedResource::name, EncodedResource::version));
    Mesh.Client after = mesh.client("node-a");
    after.subscribe(ADDRESS, List.of(), List.of(), have);
    DeltaResponse response = after.take();
    assertThat(response.resources()).isEmpty();
    assertThat(response.removed()).isEmpty();
  }

  @Test
  @DisplayName("workload-xds 4: what was deleted meanwhile is removed, what differs is sent")
  void tells_a_returning_client_what_it_missed() {
    mesh.put(workload("p", "10.0.0.1", "node-a"), workload("q", "10.0.0.2", "node-a"));
    Map<String, String> have =
        Map.of(
            uid("p"),
            new WireEncoder().encode(workload("p", "10.0.0.1", "node-a")).version(),
            uid("q"),
            "0123456789abcdef",
            uid("gone"),
            "fedcba9876543210");
    Mesh.Client client = mesh.client("node-a");
    client.subscribe(ADDRESS, List.of(), List.of(), have);
    DeltaResponse response = client.take();
    assertThat(response.removed()).containsExactly(uid("gone"));
    assertThat(names(response)).containsExactly(uid("q"));
  }

  @Test
  @DisplayName("workload-xds §3: policies have no version and are sent again")
  void sends_policies_again() {
    mesh.change(new MeshChange.PolicyPut(policy("p", Policy.Action.DENY)));
    Mesh.Client client = mesh.client("node-a");
    client.subscribe(AUTHORIZATION, List.of(), List.of(), Map.of("demo/p", ""));
    assertThat(names(client.take())).containsExactly("demo/p");
  }

  @Test
  @DisplayName("workload-xds §3: addresses are sent before the policies of the same change")
  void sends_addresses_before_policies() {
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.wildcard(AUTHORIZATION);
    client.takeAndAck();
    client.takeAndAck();
    Workload named =
        Workload.named(uid("p")).policies(List.of("demo/new")).namespace("demo").build();
    mesh.change(
        new MeshChange.PolicyPut(policy("new", Policy.Action.DENY)),
        new MeshChange.WorkloadPut(named));
    assertThat(client.take().typeUrl()).isEqualTo(ADDRESS.url());
    assertThat(client.take().typeUrl()).isEqualTo(AUTHORIZATION.url());
  }

  @Test
  @DisplayName("workload-xds §3: while an address waits for its turn so do later policies")
  void holds_policies_back_while_addresses_wait() {
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.wildcard(AUTHORIZATION);
    DeltaResponse open = client.take();
    client.takeAndAck();
    mesh.change(
        new MeshChange.WorkloadPut(workload("p", "10.0.0.1", "node-a")),
        new MeshChange.PolicyPut(policy("new", Policy.Action.DENY)));
    assertThat(client.quiet()).isTrue();
    client.answer(open, "");
    assertThat(client.inbox)
        .extracting(DeltaResponse::typeUrl)
        .containsExactly(ADDRESS.url(), AUTHORIZATION.url());
  }

  @Test
  @DisplayName("performance L8: a slow client is told the latest state, not each one")
  void a_slow_client_gets_the_latest_state() {
    Mesh.Client slow = mesh.client("node-a");
    slow.wildcard(ADDRESS);
    DeltaResponse open = slow.take();
    for (int i = 0; i < 1000; i++) {
      mesh.put(workload("p", "10.0." + i / 250 + "." + (1 + i % 250), "node-a"));
      mesh.put(workload("gone", "10.1.0.1", "node-a"));
      mesh.change(new MeshChange.AddressRemoved(uid("gone")));
    }
    assertThat(slow.quiet()).isTrue();
    assertThat(slow.session.state().types().get(ADDRESS).waiting()).isEqualTo(2);
    slow.answer(open, "");
    DeltaResponse next = slow.takeAndAck();
    assertThat(next.resources())
        .singleElement()
        .satisfies(p -> assertThat(p.aliases()).containsExactly("/10.0.3.250"));
    assertThat(next.removed()).containsExactly(uid("gone"));
    assertThat(slow.quiet()).isTrue();
  }

  @Test
  @DisplayName("workload-xds decision 1: a large mesh comes in messages below 4 MiB, whole")
  void splits_a_large_mesh() {
    List<MeshChange> changes = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      changes.add(
          new MeshChange.WorkloadPut(
              Workload.named(uid("p" + i))
                  .name("p" + i)
                  .namespace("demo")
                  .canonicalName("c".repeat(300))
                  .build()));
    }
    mesh.subscribers.publish(changes);
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    Set<String> seen = new HashSet<>();
    int messages = 0;
    while (!client.quiet()) {
      DeltaResponse response = client.take();
      assertThat(ResponseMarshaller.size(response)).isLessThan(4 * 1024 * 1024);
      names(response).forEach(name -> assertThat(seen.add(name)).as(name).isTrue());
      messages++;
      if (messages == 1) {
        // Behind the front of the sweep, ahead of it, and gone before it comes there.
        mesh.put(Workload.named(uid("p0")).name("changed").build());
        seen.remove(uid("p0"));
        mesh.change(new MeshChange.AddressRemoved(uid("p9999")));
        seen.add(uid("p9999"));
      }
      client.answer(response, "");
    }
    assertThat(messages).isGreaterThan(2);
    assertThat(seen).hasSize(20_000);
  }

  @Test
  @DisplayName("workload-xds §3: an unknown type is answered, so that nobody waits")
  void answers_unknown_types_with_nothing() {
    Mesh.Client client = mesh.client("node-a");
    String url = "type.googleapis.com/istio.workload.Unknown";
    client.send(new DeltaRequest("ztunnel~x", "", url, List.of(), List.of(), Map.of(), "", ""));
    DeltaResponse response = client.take();
    assertThat(response.typeUrl()).isEqualTo(url);
    client.answer(response, "");
    assertThat(client.quiet()).isTrue();
  }

  @Test
  void a_client_cannot_ask_for_unknown_types_without_end() {
    Mesh.Client client = mesh.client("node-a");
    for (int i = 0; i < 32; i++) {
      assertThat(client.send(unknown(i))).isEmpty();
    }
    assertThat(client.send(unknown(0))).isEmpty();
    assertThat(client.inbox).hasSize(32);
    assertThat(client.send(unknown(32)))
        .map(DeltaSession.Refusal::kind)
        .contains(DeltaSession.Refusal.Kind.RESOURCE_EXHAUSTED);
  }

  private static DeltaRequest unknown(int i) {
    return new DeltaRequest("id", "", "type/" + i, List.of(), List.of(), Map.of(), "", "");
  }

  @Test
  void a_closed_session_is_silent() {
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.takeAndAck();
    client.session.close();
    mesh.put(workload("p", "10.0.0.1", "node-a"));
    client.wildcard(AUTHORIZATION);
    assertThat(client.quiet()).isTrue();
  }

  @Test
  void a_whole_new_state_removes_what_it_does_not_name() {
    mesh.put(workload("p", "10.0.0.1", "node-a"), workload("q", "10.0.0.2", "node-a"));
    mesh.change(new MeshChange.PolicyPut(policy("p", Policy.Action.DENY)));
    Mesh.Client client = mesh.client("node-a");
    client.wildcard(ADDRESS);
    client.wildcard(AUTHORIZATION);
    client.takeAndAck();
    client.takeAndAck();
    mesh.subscribers.replace(
        List.of(new MeshChange.WorkloadPut(workload("q", "10.0.0.2", "node-a"))));
    assertThat(client.takeAndAck().removed()).containsExactly(uid("p"));
    assertThat(client.takeAndAck().removed())
        .containsExactly(new PolicyKey("demo", "p").toString());
  }

  @Test
  void a_node_has_a_limited_number_of_streams() {
    for (int i = 0; i < 16; i++) {
      mesh.client("node-a");
    }
    assertThat(mesh.subscribers.open(new DeltaSession.Client("node-a", ""), _ -> {})).isEmpty();
    Mesh.Client other = mesh.client("node-b");
    assertThat(mesh.subscribers.count()).isEqualTo(17);
    other.session.close();
    other.session.close();
    assertThat(mesh.subscribers.count()).isEqualTo(16);
  }
}
