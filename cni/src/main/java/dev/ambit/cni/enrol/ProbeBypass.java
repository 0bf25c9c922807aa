package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Netns;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Lets health probes of the node reach captured pods in plaintext, even where only tunnels are
 * allowed (spec: redirection §3): what local processes of certain users send to the addresses of
 * captured pods leaves with a source address that the pods' rules let through. Thread-safe.
 */
public final class ProbeBypass implements AutoCloseable {
  private static final String TABLE = "inet istio-ambient-nat";

  private final Set<Integer> users;
  private final Consumer<String> apply;
  private final ReentrantLock lock = new ReentrantLock();

  /** Address to the uid of the pod that has it now. */
  private final Map<InetAddress, String> pods = new LinkedHashMap<>();

  private boolean applied;

  /**
   * Does nothing when {@code users} is empty.
   *
   * @param apply takes a ruleset for the node's namespace
   */
  ProbeBypass(Collection<Integer> users, Consumer<String> apply) {
    this.users = new TreeSet<>(users);
    this.apply = apply;
  }

  /** For probes by processes of {@code users} in the namespace of this process. */
  public static ProbeBypass of(Collection<Integer> users) {
    return new ProbeBypass(users, ruleset -> Nft.apply(Netns.own(), ruleset));
  }

  /** The pod has these addresses; whoever had one of them before has it no more. */
  public void put(String uid, List<InetAddress> addresses) {
    lock.lock();
    try {
      boolean changed = false;
      for (InetAddress address : addresses) {
        changed |= !uid.equals(pods.put(address, uid));
      }
      refresh(changed);
    } finally {
      lock.unlock();
    }
  }

  /** The pod is gone; an address that another has taken over stays. */
  public void remove(String uid) {
    lock.lock();
    try {
      refresh(pods.values().removeIf(uid::equals));
    } finally {
      lock.unlock();
    }
  }

  /** Who has {@code address}; "" when nobody. */
  String owner(InetAddress address) {
    lock.lock();
    try {
      return pods.getOrDefault(address, "");
    } finally {
      lock.unlock();
    }
  }

  /** Takes the rules away. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (applied) {
        apply.accept(clean());
        applied = false;
      }
    } finally {
      lock.unlock();
    }
  }

  private void refresh(boolean changed) {
    if (!users.isEmpty() && (changed || !applied)) {
      apply.accept(clean() + table());
      applied = true;
    }
  }

  private static String clean() {
    return "add table " + TABLE + "\ndelete table " + TABLE + "\n";
  }

  /** nft knows no "a local socket exists", hence the users. */
  private String table() {
    String from = users.stream().map(String::valueOf).collect(Collectors.joining(", ", "{ ", " }"));
    String rule =
        "\t\tmeta l4proto tcp meta skuid " + from + " %s daddr @%s counter snat %s to %s\n";
    return "table "
        + TABLE
        + " {\n"
        + set("istio-inpod-probes-v4", "ipv4_addr", true)
        + set("istio-inpod-probes-v6", "ipv6_addr", false)
        + "\tchain postrouting {\n\t\ttype nat hook postrouting priority 100; policy accept;\n"
        + rule.formatted("ip", "istio-inpod-probes-v4", "ip", RedirectRules.PROBE)
        + rule.formatted("ip6", "istio-inpod-probes-v6", "ip6", RedirectRules.PROBE6)
        + "\t}\n}\n";
  }

  private String set(String name, String type, boolean ipv4) {
    String elements =
        pods.keySet().stream()
            .filter(address -> address instanceof Inet4Address == ipv4)
            .map(InetAddress::getHostAddress)
            .sorted(Comparator.naturalOrder())
            .collect(Collectors.joining(", "));
    return "\tset "
        + name
        + " {\n\t\ttype "
        + type
        + "\n"
        + (elements.isEmpty() ? "" : "\t\telements = { " + elements + " }\n")
        + "\t}\n";
  }
}
