package dev.ambit.waypoint.upstream.pool;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** One HTTP/2 connection to an endpoint. The last handler of its channel; confined to its loop. */
final class Http2Connection extends ChannelInboundHandlerAdapter {
  private static final int MIB = 1024 * 1024;
  private static final int STREAM_WINDOW = MIB;
  private static final int CONNECTION_WINDOW = 16 * MIB;
  private static final int MOST_HEADER_BYTES = 60 * 1024;
  private static final int QUEUED_CONTROL_FRAMES = 1_000;

  /** What the pool learns. */
  interface Owner {
    /** The endpoint has said how many streams it takes. */
    void ready(Http2Connection connection);

    /** A stream ended. */
    void streamEnded(Http2Connection connection);

    /** Takes no more streams. */
    void retired(Http2Connection connection);

    void closed(Http2Connection connection);
  }

  private final Owner owner;
  private final long mostStreams;
  private final long mostRequests;
  private @Nullable Channel channel;
  private int active;
  private long limit = 1;
  private long served;
  private boolean ready;
  private boolean extendedConnect;
  private boolean retired;
  private boolean gone;
  private long idleSince;
  private @Nullable Throwable brokenBy;

  /** Closes it when it was idle for too long. */
  @Nullable Future<?> idleTimer;

  /** Retires it when it is too old. */
  @Nullable Future<?> ageTimer;

  /**
   * @param mostRequests it serves in all; 0 is without limit
   */
  Http2Connection(Owner owner, long mostStreams, long mostRequests) {
    this.owner = owner;
    this.mostStreams = mostStreams;
    this.mostRequests = mostRequests;
  }

  /** What makes a channel such a connection. */
  ChannelInitializer<Channel> initializer() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel made) {
        channel = made;
        made.config().setAutoRead(true);
        made.pipeline()
            .addLast(codec())
            .addLast(new FlushOnce())
            .addLast(new Http2MultiplexHandler(new Unwanted()))
            .addLast(Http2Connection.this);
      }
    };
  }

  private static Http2FrameCodec codec() {
    Http2FrameCodecBuilder builder =
        Http2FrameCodecBuilder.forClient()
            .initialSettings(
                new Http2Settings()
                    .initialWindowSize(STREAM_WINDOW)
                    .maxHeaderListSize(MOST_HEADER_BYTES)
                    .pushEnabled(false))
            .gracefulShutdownTimeoutMillis(0)
            .validateHeaders(true)
            .encoderEnforceMaxQueuedControlFrames(QUEUED_CONTROL_FRAMES);
    // An endpoint may well end many short streams by resets.
    builder.decoderEnforceMaxRstFramesPerWindow(0, 0);
    builder.encoderEnforceMaxRstFramesPerWindow(0, 0);
    return builder.build();
  }

  Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  int active() {
    return active;
  }

  boolean isReady() {
    return ready;
  }

  boolean isGone() {
    return gone;
  }

  boolean isRetired() {
    return retired;
  }

  boolean extendedConnect() {
    return extendedConnect;
  }

  long idleSince() {
    return idleSince;
  }

  boolean hasRoom() {
    return !retired && !gone && active < limit;
  }

  /** Opens a stream; there must be room. */
  Future<Http2StreamChannel> open(ChannelHandler exchange) {
    active++;
    served++;
    if (mostRequests > 0 && served >= mostRequests) {
      retire();
    }
    Future<Http2StreamChannel> stream =
        new Http2StreamChannelBootstrap(channel()).handler(exchange).open();
    if (stream.isDone()) {
      opened(stream);
    } else {
      stream.addListener((Future<Http2StreamChannel> done) -> opened(done));
    }
    return stream;
  }

  private void opened(Future<Http2StreamChannel> stream) {
    if (stream.isSuccess()) {
      stream.getNow().closeFuture().addListener(_ -> streamEnded());
    } else {
      streamEnded();
    }
  }

  private void streamEnded() {
    active--;
    if (active == 0) {
      idleSince = channel().eventLoop().ticker().nanoTime();
      if (retired) {
        channel().close();
      }
    }
    owner.streamEnded(this);
  }

  /** Takes no more streams; closes with the last one. */
  void retire() {
    if (!retired) {
      retired = true;
      owner.retired(this);
      if (active == 0 && channel != null) {
        channel.close();
      }
    }
  }

  void close() {
    if (channel != null) {
      channel.close();
    }
  }

  /** What broke the connection; null when nothing did. */
  @Nullable Throwable brokenBy() {
    return brokenBy;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) throws Exception {
    idleSince = ctx.channel().eventLoop().ticker().nanoTime();
    Http2FrameCodec codec = ctx.pipeline().get(Http2FrameCodec.class);
    var controller = codec.connection().local().flowController();
    var whole = codec.connection().connectionStream();
    int missing = CONNECTION_WINDOW - controller.initialWindowSize(whole);
    if (missing > 0) {
      controller.incrementWindowSize(whole, missing);
      ctx.flush();
    }
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch (message) {
      case Http2SettingsFrame frame -> onSettings(frame.settings());
      case Http2GoAwayFrame goAway -> {
        goAway.release();
        retire();
      }
      default -> ReferenceCountUtil.release(message);
    }
  }

  private void onSettings(Http2Settings settings) {
    Long most = settings.maxConcurrentStreams();
    if (!ready || most != null) {
      limit = Math.min(mostStreams, most == null ? Integer.MAX_VALUE : most);
    }
    if (Boolean.TRUE.equals(settings.connectProtocolEnabled())) {
      extendedConnect = true;
    }
    ready = true;
    owner.ready(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    // The codec tells the endpoint what it did wrong, and closes.
    if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) == null) {
      ctx.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    gone = true;
    if (idleTimer != null) {
      idleTimer.cancel(false);
    }
    if (ageTimer != null) {
      ageTimer.cancel(false);
    }
    retire();
    owner.closed(this);
    ctx.fireChannelInactive();
  }

  /** Endpoints open no streams. */
  @Sharable
  private static final class Unwanted extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.close();
    }
  }

  /** Makes one flush of all those of a turn of the loop. */
  private static final class FlushOnce extends ChannelOutboundHandlerAdapter implements Runnable {
    private @Nullable ChannelHandlerContext context;
    private boolean pending;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      context = ctx;
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
      if (!pending) {
        pending = true;
        ctx.executor().execute(this);
      }
    }

    @Override
    public void run() {
      pending = false;
      if (context != null) {
        context.flush();
      }
    }
  }
}
