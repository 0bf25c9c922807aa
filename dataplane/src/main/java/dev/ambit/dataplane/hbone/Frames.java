package dev.ambit.dataplane.hbone;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * Builds HTTP/2 codecs with limits on what a peer can make us do (spec: threat-model §6): those of
 * tunnels, with large windows and frames (spec: hbone §3), and those of the applications inside.
 */
public final class Frames extends Http2FrameCodecBuilder {
  private static final int CLIENT_HEADER_LIST = 16 * 1024;
  private static final int SERVER_HEADER_LIST = 64 * 1024;
  private static final int QUEUED_CONTROL_FRAMES = 1_000;
  private static final int SMALL_CONTINUATIONS = 16;
  private static final int EMPTY_DATA_FRAMES = 2;

  private Frames(boolean server, Http2Settings settings) {
    server(server);
    initialSettings(settings);
    // close() says GOAWAY and closes; graceful ends are counted by the tunnel and the server.
    gracefulShutdownTimeoutMillis(0);
    validateHeaders(true);
    encoderEnforceMaxQueuedControlFrames(QUEUED_CONTROL_FRAMES);
    decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_DATA_FRAMES);
    decoderEnforceMaxSmallContinuationFrames(SMALL_CONTINUATIONS);
    // Counts of resets would end a healthy tunnel of many short streams: see FloodGuard.
    decoderEnforceMaxRstFramesPerWindow(0, 0);
    encoderEnforceMaxRstFramesPerWindow(0, 0);
  }

  static Http2FrameCodec client(HboneSettings settings) {
    return new Frames(
            false, common(settings).maxHeaderListSize(CLIENT_HEADER_LIST).pushEnabled(false))
        .build();
  }

  static Http2FrameCodec server(HboneSettings settings) {
    return new Frames(
            true,
            common(settings)
                .maxHeaderListSize(SERVER_HEADER_LIST)
                .maxConcurrentStreams(HboneSettings.SERVER_STREAMS))
        .build();
  }

  /** A server of requests inside a tunnel, with the settings it is to announce. */
  public static Http2FrameCodec application(Http2Settings settings) {
    return new Frames(true, settings).build();
  }

  private static Http2Settings common(HboneSettings settings) {
    return new Http2Settings()
        .initialWindowSize(settings.streamWindow())
        .maxFrameSize(settings.frameSize());
  }

  @Override
  protected Http2FrameCodec build(
      Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
    Http2FrameCodec codec = super.build(new FloodGuard(decoder), encoder, settings);
    // Four TLS records make a frame: copying them together cost a third of the CPU per byte (1.5 to
    // 1.8 s/GB for the pair instead of 2.3 to 2.7, alternating runs, loopback).
    codec.setCumulator(ByteToMessageDecoder.COMPOSITE_CUMULATOR);
    return codec;
  }

  /**
   * Grants the connection window; the codec must be in the pipeline of an active channel. SETTINGS
   * cannot say it, and Netty by itself grants two stream windows.
   */
  public static void grantConnectionWindow(Http2FrameCodec codec, int window)
      throws Http2Exception {
    var controller = codec.connection().local().flowController();
    Http2Stream connection = codec.connection().connectionStream();
    int missing = window - controller.initialWindowSize(connection);
    if (missing > 0) {
      controller.incrementWindowSize(connection, missing);
    }
  }

  /**
   * Closes a connection after an error. One of HTTP/2 is left to the codec, which tells the peer
   * what it did wrong and closes; closing first would tell it that nothing was.
   */
  static void closeAfter(Throwable cause, Channel connection) {
    if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) == null) {
      connection.close();
    }
  }

  /**
   * Gathers the flushes of all streams of a connection into one at the end of the loop's turn: the
   * number of system calls per byte, not latency, is what it changes (design: stack §4).
   */
  public static final class FlushOnce extends ChannelOutboundHandlerAdapter implements Runnable {
    private ChannelHandlerContext context;
    private boolean pending;

    @SuppressWarnings("NullAway.Init")
    public FlushOnce() {}

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
      context.flush();
    }
  }
}
