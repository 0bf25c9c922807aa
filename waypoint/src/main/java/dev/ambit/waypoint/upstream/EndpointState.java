package dev.ambit.waypoint.upstream;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.pool.Counts;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.LongAdder;

/** What is known of one endpoint of a cluster over all loops. Any thread. */
final class EndpointState {
  private final String uid;
  private final String name;
  private final InetSocketAddress address;
  private final Counts counts = new Counts(new LongAdder());
  private final long since;
  private volatile boolean suspect;
  private volatile double weight = 1;
  private volatile int priority;

  /**
   * @param since when it came, in nanoseconds
   */
  EndpointState(Cluster.Endpoint endpoint, long since) {
    this.uid = endpoint.workload().uid();
    this.address = addressOf(endpoint);
    this.name = nameOf(endpoint);
    this.since = since;
  }

  private static InetSocketAddress addressOf(Cluster.Endpoint endpoint) {
    Workload workload = endpoint.workload();
    return workload.addresses().isEmpty()
        ? InetSocketAddress.createUnresolved(workload.hostname(), endpoint.port())
        : new InetSocketAddress(workload.addresses().getFirst(), endpoint.port());
  }

  /** What tells it from others of its cluster, and what hashes are made of: {@code ip:port}. */
  static String nameOf(Cluster.Endpoint endpoint) {
    InetSocketAddress address = addressOf(endpoint);
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

  /** Notes how it takes part, for people. */
  void placed(int as, double with) {
    priority = as;
    weight = with;
  }
}
