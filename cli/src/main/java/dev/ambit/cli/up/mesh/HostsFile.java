package dev.ambit.cli.up.mesh;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.List;

/**
 * The names pods know services by: stands where a cluster has its DNS. Pure text.
 *
 * <p>A name has the same forms as in a cluster, the shortest only within its namespace.
 */
final class HostsFile {
  private HostsFile() {}

  static String of(String namespace, List<KubernetesService> services) {
    var text = new StringBuilder("127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
    for (KubernetesService service : services) {
      String name = service.metadata().name();
      String home = service.metadata().namespace();
      String names =
          "%1$s.%2$s.svc.cluster.local %1$s.%2$s.svc %1$s.%2$s".formatted(name, home)
              + (home.equals(namespace) ? " " + name : "");
      for (InetAddress address : service.clusterIps()) {
        text.append(IpAddresses.print(address)).append(' ').append(names).append('\n');
      }
    }
    return text.toString();
  }
}
