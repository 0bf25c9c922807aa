package dev.ambit.waypoint.telemetry.export;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Where a collector is: an endpoint of the mesh's service of that name, else a name for DNS. It is
 * spoken to in plain text, from the waypoint's own address. Any thread.
 */
public final class Collector {
  private final Supplier<MeshView> mesh;
  private final String namespace;
  private final Backend backend;

  /**
   * @param namespace of the waypoint, which sees private services of its own
   */
  public Collector(Supplier<MeshView> mesh, String namespace, Backend backend) {
    this.mesh = mesh;
    this.namespace = namespace;
    this.backend = backend;
  }

  /** An address of it now; unresolved for names that are not the mesh's. */
  private InetSocketAddress address() {
    MeshView now = mesh.get();
    Optional<ServiceKey> key = ServiceKey.parse(backend.service());
    Optional<Service> service =
        key.isPresent() ? now.service(key.get()) : now.serviceNamed(backend.service(), namespace);
    List<InetSocketAddress> all = new ArrayList<>();
    service.ifPresent(known -> {
      for (Workload workload : now.endpoints(known.key())) {
        int port =
            workload
                .services()
                .getOrDefault(known.key(), Map.of())
                .getOrDefault(backend.port(), backend.port());
        workload.addresses().forEach(each -> all.add(new InetSocketAddress(each, port)));
      }
    });
    return all.isEmpty()
        ? InetSocketAddress.createUnresolved(host(), backend.port())
        : all.get(ThreadLocalRandom.current().nextInt(all.size()));
  }

  /** Its name without namespace. */
  public String host() {
    int slash = backend.service().indexOf('/');
    return backend.service().substring(slash + 1);
  }

  /** Host and port as a URI has them. */
  public String authority() {
    InetSocketAddress address = address();
    if (address.isUnresolved()) {
      return address.getHostString() + ':' + address.getPort();
    }
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? '[' + host + ']' : host) + ':' + address.getPort();
  }
}
