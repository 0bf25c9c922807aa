package dev.ambit.model.workload;

import java.net.InetAddress;

/** An IP on a network. The network is "" in a mesh that has one only. */
public record NetworkAddress(String network, InetAddress address) {
  public NetworkAddress {
    address = IpAddresses.plain(address);
  }

  @Override
  public String toString() {
    return network + "/" + IpAddresses.print(address);
  }
}
