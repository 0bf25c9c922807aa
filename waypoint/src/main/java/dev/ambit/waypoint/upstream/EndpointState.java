package dev.ambit.waypoint.upstream;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.pool.Counts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.LongAdder;

/** What is known of one endpoint of a cluster over all loops. Any thread. */
final class EndpointState {
  private final String uid;
  private final String workload;
  private final String name;
  private final InetSocketAddress address;
  private final Counts counts = new Counts(new LongAdder());
  private final long since;
  private volatile boolean suspect;
  private volatile double weight = 1;
  private volatile int priority;
  private volatile boolean healthy;

  /**
   * @param own address, whose family is preferred
   * @param since when it came, in nanoseconds
   */
  EndpointState(Cluster.Endpoint endpoint, InetAddress own, long since) {
    this.uid = endpoint.workload().uid();
    this.workload = endpoint.workload().namespace() + "/" + endpoint.workload().name();
    this.healthy = endpoint.healthy();
    this.address = addressOf(endpoint, own);
    this.name = nameOf(endpoint, own);
    this.since = since;
  }

  private static InetSocketAddress addressOf(Cluster.Endpoint endpoint, InetAddress own) {
    Workload workload = endpoint.workload();
    if (workload.addresses().isEmpty()) {
      return InetSocketAddress.createUnresolved(workload.hostname(), endpoint.port());
    }
    InetAddress chosen = workload.addresses().getFirst();
    for (InetAddress address : workload.addresses()) {
      if (address.getAddress().length == own.getAddress().length) {
        chosen = address;
        break;
      }
    }
    return new InetSocketAddress(chosen, endpoint.port());
  }

  /** What tells it from others of its cluster, and what hashes are made of: {@code ip:port}. */
  static String nameOf(Cluster.Endpoint endpoint, InetAddress own) {
    InetSocketAddress address = addressOf(endpoint, own);
    return address.isUnresolved()
        ? address.getHostString() + ":" + address.getPort()
        : IpAddresses.print(address);
  }

  String uid() {
    return uid;
  }

  String name() {
    return name;
  }

  InetSocketAddress address() {
    return address;
  }

  Counts counts() {
    return counts;
  }

  long since() {
    return since;
  }

  /** Whether it failed since it last did well; only then its successes count for anything. */
  boolean suspect() {
    return suspect;
  }

  void suspect(boolean is) {
    suspect = is;
  }

  double weight() {
    return weight;
  }

  int priority() {
    return priority;
  }

  /** For people: namespace and name. */
  String workload() {
    return workload;
  }

  boolean healthy() {
    return healthy;
  }

  /** Notes how it takes part, for people. */
  void placed(int as, double with, boolean is) {
    priority = as;
    weight = with;
    healthy = is;
  }
}
