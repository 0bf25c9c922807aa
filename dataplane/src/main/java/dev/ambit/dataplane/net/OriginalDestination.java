package dev.ambit.dataplane.net;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;

/** Where a captured connection was going before it was redirected to us (spec: hbone §5). */
public interface OriginalDestination {
  /** Asked once, on the loop of {@code accepted}. */
  InetSocketAddress of(Channel accepted);

  /**
   * Asks the kernel's NAT table (SO_ORIGINAL_DST, and its IPv6 twin for IPv6 peers). A connection
   * that was not redirected went where it arrived.
   */
  static OriginalDestination kernel() {
    return KernelOriginalDestination.INSTANCE;
  }
}
