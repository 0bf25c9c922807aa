package dev.ambit.dataplane.hbone;

import dev.ambit.daemon.Settings;
import java.time.Duration;

/**
 * How tunnels are run and shared (spec: hbone §3, §6; threat-model §6).
 *
 * @param streamWindow bytes a peer may send on one stream before credit
 * @param connectionWindow the same for a connection; four times as much, so that one stalled stream
 *     starves nobody
 * @param frameSize largest frame taken
 * @param streamsPerTunnel streams after which a tunnel leaves the pool
 * @param unusedRelease when a tunnel without streams is closed, since its last use
 * @param pingInterval between an answer to a PING and the next
 * @param pingTimeout for the answer
 * @param connectTimeout of TCP
 * @param handshakeTimeout from TCP accept or connect to the peer's first SETTINGS
 */
public record HboneSettings(
    int streamWindow,
    int connectionWindow,
    int frameSize,
    int streamsPerTunnel,
    Duration unusedRelease,
    Duration pingInterval,
    Duration pingTimeout,
    Duration connectTimeout,
    Duration handshakeTimeout) {
  private static final int MIB = 1024 * 1024;

  /** Streams a server takes on one connection at a time. */
  static final int SERVER_STREAMS = 200;

  /** Answers a client waits for an answer to CONNECT; the far end may itself dial for 10 s. */
  static final Duration REPLY_TIMEOUT = Duration.ofSeconds(30);

  /** A server closes a connection that never asked for anything. */
  static final Duration FIRST_REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** A server closes a connection without streams. */
  static final Duration SERVER_IDLE = Duration.ofMinutes(10);

  public static final HboneSettings DEFAULT =
      new HboneSettings(
          4 * MIB,
          16 * MIB,
          MIB,
          100,
          Duration.ofMinutes(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10));

  public static HboneSettings from(Settings read) {
    return new HboneSettings(
        read.number("HTTP2_STREAM_WINDOW_SIZE", 4 * MIB, 65_535, Integer.MAX_VALUE),
        read.number("HTTP2_CONNECTION_WINDOW_SIZE", 16 * MIB, 65_535, Integer.MAX_VALUE),
        read.number("HTTP2_FRAME_SIZE", MIB, 16_384, 16 * MIB - 1),
        read.number("POOL_MAX_STREAMS_PER_CONNECTION", 100, 1, 1_000_000),
        read.duration("POOL_UNUSED_RELEASE_TIMEOUT", DEFAULT.unusedRelease),
        DEFAULT.pingInterval,
        DEFAULT.pingTimeout,
        DEFAULT.connectTimeout,
        DEFAULT.handshakeTimeout);
  }

  /** With another limit of streams per tunnel. */
  public HboneSettings withStreamsPerTunnel(int most) {
    return new HboneSettings(
        streamWindow,
        connectionWindow,
        frameSize,
        most,
        unusedRelease,
        pingInterval,
        pingTimeout,
        connectTimeout,
        handshakeTimeout);
  }

  /** With another time after which unused tunnels are closed. */
  public HboneSettings withUnusedRelease(Duration after) {
    return new HboneSettings(
        streamWindow,
        connectionWindow,
        frameSize,
        streamsPerTunnel,
        after,
        pingInterval,
        pingTimeout,
        connectTimeout,
        handshakeTimeout);
  }

  /** With other deadlines for TCP connect and for the handshake. */
  public HboneSettings withDeadlines(Duration connect, Duration handshake) {
    return new HboneSettings(
        streamWindow,
        connectionWindow,
        frameSize,
        streamsPerTunnel,
        unusedRelease,
        pingInterval,
        pingTimeout,
        connect,
        handshake);
  }
}
