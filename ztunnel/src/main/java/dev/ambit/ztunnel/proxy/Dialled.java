package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.RevocationLists;
import dev.ambit.model.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ConnectTimeoutException;
import org.jspecify.annotations.Nullable;

/** Makes a dialled socket a leg, and says what a failed dial means. */
final class Dialled extends ChannelInitializer<Channel> {
  private final @Nullable Sockets local;

  private Dialled(@Nullable Sockets local) {
    this.local = local;
  }

  /** For an application of the pod itself. */
  static Dialled within(Sockets sockets) {
    return new Dialled(sockets);
  }

  /** For a peer beyond the pod. */
  static Dialled beyond() {
    return new Dialled(null);
  }

  @Override
  protected void initChannel(Channel channel) {
    SocketLeg.on(channel, local);
  }

  static Failure failure(@Nullable Throwable cause) {
    return cause instanceof ConnectTimeoutException ? Failure.CONNECT_TIMEOUT : Failure.UNREACHABLE;
  }

  /** What an open connection that broke is told of as. */
  static Failure brokenBy(Throwable cause) {
    return cause instanceof RevocationLists.Revoked ? Failure.REVOKED : Failure.BROKEN;
  }

  static String explain(@Nullable Throwable cause) {
    return "connection failed: " + (cause == null ? "cancelled" : cause.getMessage());
  }
}
