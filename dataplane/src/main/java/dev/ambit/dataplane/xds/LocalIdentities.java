package dev.ambit.dataplane.xds;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which identities the enrolled workloads of this node have: told when the first workload of one
 * comes and when the last has gone (spec: ca §5.3). On the writer's thread.
 */
public final class LocalIdentities implements MeshStore.Follower {
  private final String node;
  private final Consumer<SpiffeId> come;
  private final Consumer<SpiffeId> gone;
  private final Map<SpiffeId, Integer> workloads = new HashMap<>();

  public LocalIdentities(String node, Consumer<SpiffeId> come, Consumer<SpiffeId> gone) {
    this.node = node;
    this.come = come;
    this.gone = gone;
  }

  @Override
  public void applied(MeshView before, List<MeshChange> changes, MeshView after) {
    Set<String> touched = new LinkedHashSet<>();
    for (MeshChange change : changes) {
      switch (change) {
        case MeshChange.WorkloadPut put -> touched.add(put.workload().uid());
        case MeshChange.AddressRemoved removed -> touched.add(removed.name());
        case MeshChange.ServicePut unrelated -> {}
        case MeshChange.PolicyPut unrelated -> {}
        case MeshChange.PolicyRemoved unrelated -> {}
      }
    }
    // Come first: an identity that only moves from one workload to another is not forgotten.
    touched.forEach(uid -> local(after.workload(uid)).ifPresent(this::add));
    touched.forEach(uid -> local(before.workload(uid)).ifPresent(this::remove));
  }

  private Optional<SpiffeId> local(Optional<Workload> workload) {
    return workload
        .filter(one -> one.node().equals(node))
        .filter(one -> one.tunnel() == Workload.Tunnel.HBONE || one.nativeTunnel())
        .map(Workload::identity);
  }

  private void add(SpiffeId identity) {
    if (workloads.merge(identity, 1, Integer::sum) == 1) {
      come.accept(identity);
    }
  }

  private void remove(SpiffeId identity) {
    if (workloads.merge(identity, -1, Integer::sum) <= 0) {
      workloads.remove(identity);
      gone.accept(identity);
    }
  }
}
