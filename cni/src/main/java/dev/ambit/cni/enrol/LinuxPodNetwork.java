package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.kernel.PolicyRoutes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A pod's namespace on Linux: rules by nft, routes and settings by the kernel's own interfaces
 * (spec: redirection §1.2, §2.3).
 */
final class LinuxPodNetwork implements PodNetwork {
  /** Whether conntrack takes up flows in the middle; ours must not. The kernel's default is 1. */
  private static final String LOOSE = "net.netfilter.nf_conntrack_tcp_loose";

  private static final String NO_IPV6 = "net.ipv6.conf.lo.disable_ipv6";

  /** Replies of the application to a spoofed source come back through the loopback device. */
  private static final PolicyRoutes ROUTES = new PolicyRoutes(0x111, 0xfff, 32764, 100);

  private final Netns namespace;

  /** What {@link #LOOSE} was before us; the default when an earlier run of the agent set it. */
  private String loose = "1";

  private LinuxPodNetwork(Netns namespace) {
    this.namespace = namespace;
  }

  /** Never opens the namespace of the agent itself. */
  static PodNetwork open(Path file) {
    if (!Files.exists(file)) {
      throw new Refused("its network namespace " + file + " is not there");
    }
    Netns namespace;
    try {
      namespace = Netns.open(file);
    } catch (RuntimeException e) {
      throw new Refused("its network namespace " + file + " cannot be opened: " + e.getMessage());
    }
    try (Netns own = Netns.own()) {
      if (own.same(namespace)) {
        namespace.close();
        throw new Refused(
            "its network namespace " + file + " is that of the node, which is never captured");
      }
    }
    return new LinuxPodNetwork(namespace);
  }

  @Override
  public Netns namespace() {
    return namespace;
  }

  @Override
  public RedirectRules.Found found(RedirectOptions options) {
    RedirectRules.Found found = RedirectRules.found(Nft.list(namespace), options);
    return found == RedirectRules.Found.CURRENT && LegacyTables.in(namespace).stale()
        ? RedirectRules.Found.OTHER
        : found;
  }

  @Override
  public void capture(RedirectOptions options) {
    String listing = Nft.list(namespace);
    RedirectRules.Found before = RedirectRules.found(listing, options);
    if (before == RedirectRules.Found.NOTHING) {
      loose = Kernel.sysctl(namespace, LOOSE);
    }
    // First, so that conntrack, which begins with the rules, takes up nothing that is open.
    Kernel.sysctl(namespace, LOOSE, "0");
    ROUTES.add(namespace, ipv6());
    String capture = StaleRules.removal(listing) + RedirectRules.capture(options);
    LegacyTables legacy = LegacyTables.in(namespace);
    if (legacy.stale()) {
      captureGuarded(capture, legacy);
    } else if (before != RedirectRules.Found.CURRENT) {
      Nft.apply(namespace, capture);
    }
  }

  /** Nothing passes between the end of the stale rules and the begin of ours. */
  private void captureGuarded(String capture, LegacyTables legacy) {
    Nft.apply(namespace, RedirectRules.guard());
    try {
      legacy.clean();
      Nft.apply(namespace, capture);
    } catch (RuntimeException failed) {
      Nft.apply(namespace, RedirectRules.unguard());
      throw failed;
    }
  }

  @Override
  public void drain() {
    Nft.apply(namespace, RedirectRules.drain());
  }

  @Override
  public void remove() {
    Nft.apply(namespace, RedirectRules.remove());
    ROUTES.remove(namespace);
    Kernel.sysctl(namespace, LOOSE, loose);
  }

  @Override
  public List<TcpSocket> sockets() {
    return Kernel.tcpSockets(namespace);
  }

  @Override
  public void close() {
    namespace.close();
  }

  private boolean ipv6() {
    return Files.exists(Path.of("/proc/sys/net/ipv6"))
        && "0".equals(Kernel.sysctl(namespace, NO_IPV6));
  }
}
