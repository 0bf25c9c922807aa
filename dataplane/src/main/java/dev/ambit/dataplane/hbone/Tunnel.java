package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client HTTP/2 connection over mutual TLS to another proxy, and the streams in it (spec: hbone
 * §6). The last handler of its channel; confined to its event loop.
 */
final class Tunnel extends ChannelInboundHandlerAdapter {
  /** What the pool learns. */
  interface Owner {
    /** The peer's first SETTINGS are here: its limit of streams is known. */
    void ready(Tunnel tunnel);

    /** A stream ended; {@link #hasRoom} may have become true. */
    void streamEnded(Tunnel tunnel);

    /** No stream may be opened any more; open ones may go on. */
    void retired(Tunnel tunnel);
  }

  private final Channel channel;
  private final SpiffeId peer;
  private final Owner owner;
  private final int streamsPerTunnel;
  private final Http2StreamChannelBootstrap streams;
  private final Instant opened;

  private int active;
  private int limit;
  private boolean ready;
  private boolean retired;
  private long lastUse;
  private @Nullable Throwable brokenBy;
  private @Nullable Future<?> releaseTimer;

  Tunnel(Channel channel, SpiffeId peer, HboneSettings settings, Instant now, Owner owner) {
    this.channel = channel;
    this.peer = peer;
    this.owner = owner;
    this.streamsPerTunnel = settings.streamsPerTunnel();
    this.streams = new Http2StreamChannelBootstrap(channel);
    this.opened = now;
    // Until the peer's SETTINGS are here, one stream is the most it has certainly allowed.
    this.limit = 1;
  }

  Channel channel() {
    return channel;
  }

  SpiffeId peer() {
    return peer;
  }

  Instant opened() {
    return opened;
  }

  int streams() {
    return active;
  }

  boolean isReady() {
    return ready;
  }

  boolean isRetired() {
    return retired;
  }

  /** What closed the connection, when something did. */
  @Nullable Throwable brokenBy() {
    return brokenBy;
  }

  boolean hasRoom() {
    return !retired && active < limit;
  }

  long lastUse() {
    return lastUse;
  }

  boolean releaseScheduled() {
    return releaseTimer != null;
  }

  /** Replaces the timer that closes the tunnel when it is not used; answers the old one. */
  @Nullable Future<?> releaseTimer(@Nullable Future<?> timer) {
    Future<?> old = releaseTimer;
    releaseTimer = timer;
    return old;
  }

  /** An open stream and the peer's answer to its request. */
  record Opened(StreamLeg leg, ConnectReply reply, Tunnel tunnel) {}

  /**
   * Asks for a stream; the answer comes through {@code promise}. A full tunnel retires: it ends
   * with its last stream.
   */
  void open(ConnectRequest request, Promise<Opened> promise) {
    active++;
    lastUse = channel.eventLoop().ticker().nanoTime();
    if (ready && active >= limit) {
      retire();
    }
    streams.open().addListener(f -> opened((Future<?>) f, request, promise));
  }

  private void opened(Future<?> future, ConnectRequest request, Promise<Opened> promise) {
    if (!future.isSuccess()) {
      streamEnded();
      promise.tryFailure(
          new TunnelFailure(Failure.HTTP2, "no stream in the tunnel: " + future.cause()));
      return;
    }
    Http2StreamChannel stream = (Http2StreamChannel) future.getNow();
    stream.closeFuture().addListener(_ -> streamEnded());
    StreamLeg leg = StreamLeg.on(stream, new Waiting(promise));
    promise.addListener(done -> {
      if (done.isCancelled()) {
        leg.abort();
      }
    });
    stream.writeAndFlush(new DefaultHttp2HeadersFrame(request.print()));
  }

  private void streamEnded() {
    active--;
    if (retired && active == 0) {
      channel.close();
    }
    owner.streamEnded(this);
  }

  /** Takes no more streams; closes when the last one ends. */
  void retire() {
    if (!retired) {
      retired = true;
      owner.retired(this);
      if (active == 0) {
        channel.close();
      }
    }
  }

  /** Waits for the answer to one request. */
  private final class Waiting implements StreamLeg.Opening {
    private final Promise<Opened> promise;
    private final Future<?> deadline;

    private Waiting(Promise<Opened> promise) {
      this.promise = promise;
      this.deadline =
          channel
              .eventLoop()
              .schedule(this::late, HboneSettings.REPLY_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
      promise.addListener(_ -> deadline.cancel(false));
    }

    private void late() {
      // Cancelling is what aborts the stream; the pool makes a failure of it.
      promise.cancel(false);
    }

    @Override
    public void onHeaders(StreamLeg leg, Http2HeadersFrame headers) {
      ConnectReply reply = ConnectReply.read(headers.headers());
      if (reply.status() == 200 && !headers.isEndStream()) {
        if (!promise.trySuccess(new Opened(leg, reply, Tunnel.this))) {
          leg.abort();
        }
      } else {
        leg.abort();
        promise.tryFailure(
            new TunnelFailure(Failure.TUNNEL_REFUSED, "http status: " + reason(reply.status())));
      }
    }

    @Override
    public void onFailed(Throwable cause) {
      promise.tryFailure(cause);
    }
  }

  private static String reason(int status) {
    return io.netty.handler.codec.http.HttpResponseStatus.valueOf(status).toString();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    switch (msg) {
      case Http2SettingsFrame frame -> {
        Long most = frame.settings().maxConcurrentStreams();
        if (!ready || most != null) {
          int allowed = most == null ? Integer.MAX_VALUE : (int) Math.min(most, Integer.MAX_VALUE);
          limit = Math.min(streamsPerTunnel, allowed);
        }
        boolean first = !ready;
        ready = true;
        if (first) {
          owner.ready(this);
        }
      }
      case Http2GoAwayFrame goAway -> {
        goAway.release();
        retire();
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    Frames.closeAfter(cause, ctx.channel());
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    retire();
    ctx.fireChannelInactive();
  }
}
