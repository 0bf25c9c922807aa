package dev.ambit.model.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.SharedValues;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Budget: 100,000 workloads cost at most 0.7 KB each, record and indices together. */
final class MeshViewSizeTest {
  private static final int WORKLOADS = 100_000;
  private static final int BUDGET = 700;

  @Test
  void holds_a_workload_in_its_budget() {
    long before = usedAfterCollection();
    List<Workload> input = new ArrayList<>();
    SharedValues shared = new SharedValues();
    for (int i = 0; i < WORKLOADS; i++) {
      input.add(workload(i).sharing(shared).build());
    }
    MeshView view = MeshView.empty();
    for (Workload workload : input) {
      view = view.with(new MeshChange.WorkloadPut(workload));
    }
    input.clear();
    input = List.of();
    long each = (usedAfterCollection() - before) / WORKLOADS;
    assertThat(view.workloads()).hasSize(WORKLOADS);
    view.endpoints(new ServiceKey("team-0", "storefront-0.team-0.svc.cluster.local"));
    assertThat(each).as("bytes per workload").isBetween(100L, (long) BUDGET);
  }

  private static WorkloadBuilder workload(int i) {
    String deployment = "storefront-" + i / 20;
    String name = deployment + "-7d9f8b6c5d-" + Integer.toString(i, 36);
    String namespace = "team-" + i / 500;
    return Workload.named("Kubernetes//Pod/" + namespace + "/" + name)
        .name(name)
        .namespace(namespace)
        .serviceAccount(deployment)
        .addresses(
            List.of(IpAddresses.of(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i})))
        .tunnel(Workload.Tunnel.HBONE)
        .node("ip-10-0-" + i / 30 + ".eu-central-1.compute.internal")
        .locality(new Locality("eu-central-1", "eu-central-1a", ""))
        .workloadName(deployment)
        .canonicalName(deployment)
        .canonicalRevision("latest")
        .services(
            Map.of(
                new ServiceKey(namespace, deployment + "." + namespace + ".svc.cluster.local"),
                Map.of(80, 8080)));
  }

  private static long usedAfterCollection() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
