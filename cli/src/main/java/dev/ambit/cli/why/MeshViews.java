package dev.ambit.cli.why;

import dev.ambit.cli.dump.DumpReader;
import dev.ambit.cli.reach.Dump;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What each node's ztunnel sees. They should see the same; the node that decides is asked. */
record MeshViews(List<OfNode> all) {
  /** One node's view and the network it is configured for. */
  record OfNode(String node, MeshView view, String network) {}

  static MeshViews of(List<Dump> dumps) {
    return new MeshViews(
        dumps.stream()
            .map(dump ->
                new OfNode(
                    dump.node(), DumpReader.read(dump.json()), DumpReader.network(dump.json())))
            .toList());
  }

  /** The view of {@code node}, or any other when that one is not known. */
  OfNode of(String node) {
    return all.stream()
        .filter(each -> each.node().equals(node))
        .findFirst()
        .orElseGet(all::getFirst);
  }

  Optional<Workload> pod(String namespace, String name) {
    return workloads()
        .filter(workload -> workload.namespace().equals(namespace) && workload.name().equals(name))
        .findFirst();
  }

  Optional<Workload> workloadAt(InetAddress ip) {
    return all.stream()
        .flatMap(each -> each.view().workloadAt(new NetworkAddress(each.network(), ip)).stream())
        .findFirst();
  }

  Stream<Workload> workloads() {
    return all.stream().flatMap(each -> each.view().workloads().stream());
  }

  Stream<Service> services() {
    return all.stream().flatMap(each -> each.view().services().stream());
  }
}
