package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.config.Cluster;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An endpoint that speaks HTTP/2 by prior knowledge; the path says what it does. */
final class Http2App implements AutoCloseable {
  final AtomicInteger connections = new AtomicInteger();
  final BlockingQueue<Http2Headers> requests = new LinkedBlockingQueue<>();
  final Set<Channel> held = ConcurrentHashMap.newKeySet();
  private final Channel port;
  private final Mesh mesh;

  Http2App(Mesh mesh, Http2Settings settings) {
    this.mesh = mesh;
    port =
        mesh.sockets
            .listen(
                new InetSocketAddress(Mesh.LOOPBACK, 0),
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    connections.incrementAndGet();
                    channel.config().setAutoRead(true);
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forServer()
                                .initialSettings(settings)
                                .gracefulShutdownTimeoutMillis(0)
                                .build())
                        .addLast(
                            new Http2MultiplexHandler(
                                new ChannelInitializer<>() {
                                  @Override
                                  protected void initChannel(Channel stream) {
                                    stream.pipeline().addLast(new Stream());
                                  }
                                }));
                  }
                })
            .syncUninterruptibly()
            .channel();
  }

  Cluster.Endpoint plain(String uid) {
    return new Cluster.Endpoint(
        Mesh.plain(uid), ((InetSocketAddress) port.localAddress()).getPort(), true);
  }

  Cluster.Endpoint captured(String uid) {
    return new Cluster.Endpoint(
        Mesh.captured(uid), ((InetSocketAddress) port.localAddress()).getPort(), true);
  }

  Http2Headers nextRequest() throws InterruptedException {
    Http2Headers request = requests.poll(20, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("no request came");
    }
    return request;
  }

  /** Answers what {@code /hold} holds. */
  void release() {
    mesh.onLoop(() -> {
      held.forEach(stream -> respond(stream, "200", "held", true));
      held.clear();
      return true;
    });
  }

  private static void respond(Channel stream, String status, String body, boolean end) {
    stream.write(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status(status)));
    ByteBuf bytes = Unpooled.copiedBuffer(body, StandardCharsets.UTF_8);
    stream.writeAndFlush(new DefaultHttp2DataFrame(bytes, end));
  }

  @Override
  public void close() {
    port.close();
  }

  /** One request. */
  private final class Stream extends ChannelInboundHandlerAdapter {
    private String path = "";

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      switch (message) {
        case Http2HeadersFrame headers -> onHeaders(ctx, headers);
        case Http2DataFrame data -> onData(ctx, data);
        default -> ReferenceCountUtil.release(message);
      }
    }

    private void onHeaders(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
      requests.add(frame.headers());
      if (frame.headers().path() == null) {
        // Trailers of the request: sent back as such.
        ctx.writeAndFlush(new DefaultHttp2HeadersFrame(frame.headers(), true));
        return;
      }
      path = String.valueOf(frame.headers().path());
      switch (path) {
        case "/hold" -> held.add(ctx.channel());
        case "/refuse" -> ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM));
        case "/reset" -> ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR));
        case "/early" -> {
          respond(ctx.channel(), "413", "no", true);
          // Behind the bytes, which are flushed when this batch is read.
          ctx.executor()
              .execute(() -> ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR)));
        }
        case "/goaway" -> {
          var goAway = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
          ctx.channel().parent().writeAndFlush(goAway);
          respond(ctx.channel(), "200", "last", true);
        }
        case "/hints" -> {
          ctx.write(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("103")));
          respond(ctx.channel(), "200", "hinted", true);
        }
        case "/echo", "/socket" ->
            ctx.writeAndFlush(
                new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
        default -> {
          respond(ctx.channel(), "200", "ok", false);
          var trailers = new DefaultHttp2Headers();
          trailers.set("grpc-status", "0");
          ctx.writeAndFlush(new DefaultHttp2HeadersFrame(trailers, true));
        }
      }
    }

    private void onData(ChannelHandlerContext ctx, Http2DataFrame data) {
      if (path.equals("/echo") || path.equals("/socket")) {
        ctx.writeAndFlush(new DefaultHttp2DataFrame(data.content(), data.isEndStream()));
      } else {
        data.release();
      }
    }
  }
}
