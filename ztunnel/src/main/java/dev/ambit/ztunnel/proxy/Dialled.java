package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.model.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ConnectTimeoutException;
import org.jspecify.annotations.Nullable;

/** Makes a dialled socket a leg, and says what a failed dial means. */
final class Dialled extends ChannelInitializer<Channel> {
  @Override
  protected void initChannel(Channel channel) {
    SocketLeg.on(channel);
  }

  static Failure failure(@Nullable Throwable cause) {
    return cause instanceof ConnectTimeoutException ? Failure.CONNECT_TIMEOUT : Failure.UNREACHABLE;
  }

  static String explain(@Nullable Throwable cause) {
    return "connection failed: " + (cause == null ? "cancelled" : cause.getMessage());
  }
}
