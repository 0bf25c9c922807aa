package dev.ambit.cli.inspect;

import dev.ambit.cli.inspect.Knowledge.Seen;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Service;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ambit services}. */
@Command(
    name = "services",
    aliases = {"service", "svc", "s"},
    description = "Lists the services the ztunnels know, with their healthy and all endpoints.")
final class ServicesCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  ServicesCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    List<Seen<Service>> rows =
        new Knowledge(asking.mesh().dumps())
            .services().stream()
                .filter(row -> asking.wantsNamespace(row.value().namespace()))
                .filter(ServicesCommand.this::hasEndpointOnNode)
                .toList();
    return asking.show(rows, table(), spec, ink);
  }

  private boolean hasEndpointOnNode(Seen<Service> row) {
    return asking.wantsNode("")
        || row.view().members(row.value().key()).stream()
            .anyMatch(workload -> asking.wantsNode(workload.node()));
  }

  private static Table<Seen<Service>> table() {
    return new Table<Seen<Service>>(Seen::json)
        .column("NAMESPACE", row -> row.value().namespace())
        .column("SERVICE NAME", row -> row.value().name())
        .column("SERVICE VIP", row -> virtualIps(row.value()))
        .column("WAYPOINT", row -> Knowledge.waypoint(row.view(), row.value().waypoint()))
        .column("ENDPOINTS", ServicesCommand::endpoints)
        .column("PORTS", row -> ports(row.value()))
        .wideColumn("HOSTNAME", row -> row.value().hostname())
        .wideColumn("LOAD BALANCING", row -> balancing(row.value().loadBalancing()))
        .wideColumn("SUBJECT ALT NAMES", row -> String.join(",", row.value().subjectAltNames()));
  }

  private static String virtualIps(Service service) {
    return Stream.concat(
            service.addresses().stream().map(vip -> IpAddresses.print(vip.address())),
            service.blocks().stream().map(block -> block.block().toString()))
        .collect(Collectors.joining(","));
  }

  private static String endpoints(Seen<Service> row) {
    return row.view().endpoints(row.value().key()).size()
        + "/"
        + row.view().members(row.value().key()).size();
  }

  /** {@code 80->8080}; a port whose target each endpoint names itself is {@code 85->*}. */
  private static String ports(Service service) {
    return new TreeMap<>(service.ports())
        .values().stream()
            .map(port -> port.port() + "->" + (port.targetPort() == 0 ? "*" : port.targetPort()))
            .collect(Collectors.joining(","));
  }

  private static String balancing(LoadBalancing balancing) {
    return balancing.mode()
        + (balancing.preference().isEmpty() ? "" : balancing.preference().toString())
        + (balancing.health() == LoadBalancing.HealthPolicy.ALLOW_ALL ? " ALLOW_ALL" : "");
  }
}
