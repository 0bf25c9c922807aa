package dev.ambit.ztunnel.dns;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;

/** Queries by UDP. */
final class DatagramFront extends SimpleChannelInboundHandler<DatagramPacket> {
  /** A query is a name and a few words; what is longer cannot be read. */
  static final int LARGEST = 4096;

  private final NameServer server;

  DatagramFront(NameServer server) {
    this.server = server;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
    InetSocketAddress client = packet.sender();
    server.take(
        ByteBufUtil.getBytes(packet.content()),
        true,
        new NameServer.Reply() {
          @Override
          public void send(byte[] message) {
            context.writeAndFlush(
                new DatagramPacket(Unpooled.wrappedBuffer(message), client), context.voidPromise());
          }

          @Override
          public void nothing() {
            // Nobody waits for it.
          }
        });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // An answer that could not be delivered: the client is gone, or asks again.
  }
}
