package dev.ambit.controller.xds.wire;

import static dev.ambit.controller.xds.ResourceType.ADDRESS;
import static dev.ambit.controller.xds.wire.Mesh.key;
import static dev.ambit.controller.xds.wire.Mesh.names;
import static dev.ambit.controller.xds.wire.Mesh.service;
import static dev.ambit.controller.xds.wire.Mesh.uid;
import static dev.ambit.controller.xds.wire.Mesh.workload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.xds.DeltaRequest;
import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.model.mesh.MeshChange;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clients that ask by name. */
final class OnDemandTest {
  private final Mesh mesh = new Mesh();

  @Test
  @DisplayName("workload-xds 19: `*` in both lists is on demand; the node's own pods come unasked")
  void on_demand_begins_with_the_pods_of_the_node() {
    mesh.put(workload("mine", "10.0.0.1", "node-a"), workload("other", "10.0.0.2", "node-b"));
    Mesh.Client client = mesh.client("node-a");
    client.onDemand();
    DeltaResponse first = client.takeAndAck();
    assertThat(names(first)).containsExactly(uid("mine"));
    assertThat(first.withAliases()).isTrue();
    mesh.put(workload("other", "10.0.0.3", "node-b"));
    assertThat(client.quiet()).isTrue();
    mesh.put(workload("new", "10.0.0.4", "node-a"));
    assertThat(names(client.take())).containsExactly(uid("new"));
  }

  @Test
  @DisplayName(
      "workload-xds 18: a name is found by uid, by address or by hostname, or is not there")
  void finds_what_is_demanded() {
    mesh.change(
        new MeshChange.ServicePut(service("echo", "10.96.1.1")),
        new MeshChange.WorkloadPut(workload("echo-a", "10.244.1.11", "node-b", key("echo"))),
        new MeshChange.WorkloadPut(workload("echo-b", "10.244.2.11", "node-b", key("echo"))),
        new MeshChange.WorkloadPut(workload("lone", "10.244.2.12", "node-b")));
    Mesh.Client client = mesh.client("node-a");
    client.onDemand();
    client.takeAndAck();
    client.demand(uid("lone"));
    assertThat(names(client.takeAndAck())).containsExactly(uid("lone"));
    client.demand("/10.244.2.11");
    DeltaResponse byIp = client.takeAndAck();
    assertThat(names(byIp)).containsExactly(uid("echo-b"));
    assertThat(byIp.resources().getFirst().aliases()).contains("/10.244.2.11");
    client.demand("/10.96.1.1");
    assertThat(names(client.takeAndAck()))
        .containsExactly(uid("echo-a"), uid("echo-b"), key("echo").toString());
    client.demand(key("echo").toString());
    assertThat(names(client.takeAndAck()))
        .containsExactly(uid("echo-a"), uid("echo-b"), key("echo").toString());
    client.demand("/1.2.3.4");
    DeltaResponse unknown = client.takeAndAck();
    assertThat(unknown.resources()).isEmpty();
    assertThat(unknown.removed()).containsExactly("/1.2.3.4");
  }

  @Test
  void what_was_demanded_in_vain_is_sent_when_it_appears() {
    Mesh.Client client = mesh.client("node-a");
    client.onDemand();
    client.takeAndAck();
    client.demand("/10.96.1.1");
    client.takeAndAck();
    mesh.put(workload("echo-a", "10.244.1.11", "node-b", key("echo")));
    assertThat(client.quiet()).isTrue();
    mesh.change(new MeshChange.ServicePut(service("echo", "10.96.1.1")));
    assertThat(names(client.takeAndAck())).containsExactly(uid("echo-a"), key("echo").toString());
    mesh.put(workload("echo-b", "10.244.2.11", "node-b", key("echo")));
    assertThat(names(client.takeAndAck())).containsExactly(uid("echo-b"));
    mesh.change(new MeshChange.AddressRemoved(uid("echo-a")));
    assertThat(client.take().removed()).containsExactly(uid("echo-a"));
  }

  @Test
  void a_name_no_longer_wanted_is_no_longer_followed() {
    mesh.put(workload("other", "10.0.0.2", "node-b"));
    Mesh.Client client = mesh.client("node-a");
    client.onDemand();
    client.takeAndAck();
    client.demand(uid("other"));
    client.takeAndAck();
    client.send(
        new DeltaRequest(
            "", "", ADDRESS.url(), List.of(), List.of(uid("other")), Map.of(), "", ""));
    mesh.put(workload("other", "10.0.0.3", "node-b"));
    assertThat(client.quiet()).isTrue();
  }

  @Test
  void one_address_handed_from_pod_to_pod_is_always_found() {
    mesh.put(workload("old", "10.0.0.1", "node-b"));
    Mesh.Client client = mesh.client("node-a");
    client.onDemand();
    client.takeAndAck();
    mesh.change(
        new MeshChange.AddressRemoved(uid("old")),
        new MeshChange.WorkloadPut(workload("new", "10.0.0.1", "node-b")));
    client.demand("/10.0.0.1");
    assertThat(names(client.take())).containsExactly(uid("new"));
  }
}
