package dev.ambit.dataplane.hbone;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.TimeUnit;

/**
 * Ends a connection whose peer keeps us busy with frames that carry nothing (spec: threat-model
 * RES-004, RES-009): control frames by rate, and streams reset before they were answered by their
 * share, so that many short but honest streams do no harm.
 */
final class FloodGuard extends DecoratingHttp2ConnectionDecoder {
  private static final long WINDOW = TimeUnit.SECONDS.toNanos(10);

  /** PING, SETTINGS, PRIORITY and unknown frames in a window. */
  static final int CONTROL_FRAMES = 1_000;

  /** A fast peer with windows of 64 KiB sends 30,000 a second. */
  static final int WINDOW_UPDATES = 500_000;

  /** Unanswered streams a peer may reset before its habits are looked at. */
  static final int EARLY_RESETS = 200;

  FloodGuard(Http2ConnectionDecoder decoder) {
    super(decoder);
  }

  @Override
  public void frameListener(Http2FrameListener listener) {
    super.frameListener(new Counting(listener));
  }

  private final class Counting extends Http2FrameListenerDecorator {
    private long windowStart = Long.MIN_VALUE;
    private int controlFrames;
    private int windowUpdates;
    private long streams;
    private long earlyResets;

    private Counting(Http2FrameListener listener) {
      super(listener);
    }

    private void window(ChannelHandlerContext ctx) {
      long now = ctx.executor().ticker().nanoTime();
      if (windowStart == Long.MIN_VALUE || now - windowStart > WINDOW) {
        windowStart = now;
        controlFrames = 0;
        windowUpdates = 0;
      }
    }

    private void control(ChannelHandlerContext ctx, String kind) throws Http2Exception {
      window(ctx);
      if (++controlFrames > CONTROL_FRAMES) {
        throw calm("too many control frames, the last a " + kind);
      }
    }

    private static Http2Exception calm(String what) {
      return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, what);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int padding,
        boolean endStream)
        throws Http2Exception {
      streams++;
      super.onHeadersRead(ctx, streamId, headers, padding, endStream);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean endStream)
        throws Http2Exception {
      streams++;
      super.onHeadersRead(
          ctx, streamId, headers, dependency, weight, exclusive, padding, endStream);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
        throws Http2Exception {
      Http2Stream stream = connection().stream(streamId);
      if (stream != null
          && connection().isServer()
          && !stream.isHeadersSent()
          && ++earlyResets > EARLY_RESETS
          && earlyResets * 2 > streams) {
        throw calm(earlyResets + " of " + streams + " streams reset before they were answered");
      }
      super.onRstStreamRead(ctx, streamId, errorCode);
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
      control(ctx, "PING");
      super.onPingRead(ctx, data);
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
        throws Http2Exception {
      control(ctx, "SETTINGS");
      super.onSettingsRead(ctx, settings);
    }

    @Override
    public void onPriorityRead(
        ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
        throws Http2Exception {
      control(ctx, "PRIORITY");
      super.onPriorityRead(ctx, streamId, dependency, weight, exclusive);
    }

    @Override
    public void onUnknownFrame(
        ChannelHandlerContext ctx, byte frameType, int streamId, Http2Flags flags, ByteBuf payload)
        throws Http2Exception {
      control(ctx, "frame of type " + frameType);
      super.onUnknownFrame(ctx, frameType, streamId, flags, payload);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int increment)
        throws Http2Exception {
      window(ctx);
      if (++windowUpdates > WINDOW_UPDATES) {
        throw calm("too many WINDOW_UPDATE frames");
      }
      super.onWindowUpdateRead(ctx, streamId, increment);
    }
  }
}
