package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.net.OriginalDestination;
import dev.ambit.dataplane.relay.SocketLeg;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;

/** Port 15006 of a pod: plaintext into it (spec: hbone §13). */
final class PassthroughListener extends ChannelInitializer<Channel> {
  private final Pod pod;
  private final OriginalDestination originals;

  PassthroughListener(Pod pod, OriginalDestination originals) {
    this.pod = pod;
    this.originals = originals;
  }

  ChannelFuture bind() {
    return pod.sockets().listen(pod.sockets().wildcard(pod.settings().ports().passthrough()), this);
  }

  @Override
  public boolean isSharable() {
    return true;
  }

  @Override
  protected void initChannel(Channel accepted) {
    SocketLeg near = SocketLeg.on(accepted);
    new PlaintextConnection(pod, near, originals.of(accepted)).begin();
  }
}
