package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.net.OriginalDestination;
import dev.ambit.dataplane.relay.SocketLeg;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.util.Map;

/**
 * Port 15001 of a pod: takes what the pod's own connections were redirected to (spec: hbone §5).
 * Each accepted socket stays on one loop, with the pool of that loop.
 */
final class OutboundListener extends ChannelInitializer<Channel> {
  private final Pod pod;
  private final Map<EventLoop, TunnelPool> pools;
  private final OriginalDestination originals;

  OutboundListener(Pod pod, Map<EventLoop, TunnelPool> pools, OriginalDestination originals) {
    this.pod = pod;
    this.pools = pools;
    this.originals = originals;
  }

  ChannelFuture bind() {
    return pod.sockets().listen(pod.sockets().wildcard(pod.settings().ports().outbound()), this);
  }

  @Override
  public boolean isSharable() {
    return true;
  }

  @Override
  protected void initChannel(Channel accepted) {
    TunnelPool pool = pools.get(accepted.eventLoop());
    if (pool == null) {
      throw new IllegalStateException("accepted on a loop without a pool");
    }
    SocketLeg near = SocketLeg.on(accepted, pod.sockets());
    new OutboundConnection(pod, pool, near, originals.of(accepted)).begin();
  }
}
