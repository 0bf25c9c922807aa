package dev.ambit.ztunnel.dns;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Published;
import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import io.netty.channel.EventLoop;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Makes the name servers of pods (spec: dns). Thread-safe. */
public final class NameService {
  private static final Path IPV6 = Path.of("/proc/sys/net/ipv6");
  private static final String NO_IPV6 = "net.ipv6.conf.lo.disable_ipv6";

  private final DnsSettings settings;
  private final DnsMetrics metrics;

  /** Queries under way, over all pods. */
  private final AtomicInteger inAll = new AtomicInteger();

  public NameService(DnsSettings settings, Metrics metrics) {
    this.settings = settings;
    this.metrics = new DnsMetrics(metrics);
  }

  /** Who asks, and what is known of them; it may become known later. */
  public interface Client {
    /** Fails when it stays unknown. */
    CompletableFuture<Workload> workload();
  }

  /**
   * The name server of one pod, not yet bound. Blocks shortly.
   *
   * @param loop its own
   * @param sockets of the pod; borrowed
   * @param network of the pod; null for that of this process
   */
  public NameServer forPod(
      EventLoop loop,
      Sockets sockets,
      @Nullable Netns network,
      Published<MeshView> mesh,
      Client client) {
    return new NameServer(
        new NameServer.Place(loop, sockets, addresses(network)),
        new NameServer.Answers(mesh, settings.names(), client),
        new Forwarder(loop, sockets, settings.upstreams()),
        metrics.new OfPod(),
        inAll);
  }

  private List<InetSocketAddress> addresses(@Nullable Netns network) {
    boolean six =
        Files.exists(IPV6)
            && "0".equals(Kernel.sysctl(network == null ? Netns.own() : network, NO_IPV6));
    return settings.listen().stream()
        .filter(address -> six || address.getAddress() instanceof Inet4Address)
        .toList();
  }
}
