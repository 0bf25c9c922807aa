package dev.ambit.dataplane.hbone;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** A tunnel server that is not ours: its settings and answers are the test's. */
final class ForeignServer {
  final AtomicInteger connections = new AtomicInteger();
  final AtomicInteger streams = new AtomicInteger();
  final AtomicInteger refuseFirst = new AtomicInteger();
  final InetSocketAddress address;

  ForeignServer(TunnelPair pair, Http2Settings settings) {
    address =
        (InetSocketAddress)
            pair.sockets
                .listen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    new ChannelInitializer<>() {
                      @Override
                      protected void initChannel(Channel channel) {
                        connections.incrementAndGet();
                        channel
                            .pipeline()
                            .addLast(pair.tls.server(pair.serverCertificate, channel.alloc()))
                            .addLast(
                                Http2FrameCodecBuilder.forServer()
                                    .initialSettings(settings)
                                    .build())
                            .addLast(new Http2MultiplexHandler(new Stream()));
                        channel.config().setAutoRead(true);
                      }
                    })
                .syncUninterruptibly()
                .channel()
                .localAddress();
  }

  TunnelPool.Key key() {
    return new TunnelPool.Key(
        TunnelPair.CLIENT,
        java.util.Set.of(TunnelPair.SERVER),
        address,
        InetAddress.getLoopbackAddress());
  }

  @io.netty.channel.ChannelHandler.Sharable
  private final class Stream extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      io.netty.util.ReferenceCountUtil.release(msg);
      if (msg instanceof Http2HeadersFrame) {
        streams.incrementAndGet();
        if (refuseFirst.getAndDecrement() > 0) {
          ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM));
        } else {
          ctx.writeAndFlush(
              new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200"), false));
        }
      }
    }
  }
}
