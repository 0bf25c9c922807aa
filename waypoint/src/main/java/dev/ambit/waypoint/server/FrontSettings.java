package dev.ambit.waypoint.server;

import dev.ambit.daemon.Settings;
import java.time.Duration;

/**
 * Limits of what clients may send (spec: threat-model §6, traffic-policy §9).
 *
 * @param headBytes of a request line and its headers, or of trailers
 * @param headFields header lines of a request
 * @param headTime from the first byte of a head to its last
 * @param bodyIdle how long a client may leave us waiting for the rest of a body of HTTP/1.1
 * @param idle after which a connection without requests is closed
 * @param detectTime how long to wait for the first bytes before the server is taken to speak first
 * @param streams requests at a time in one HTTP/2 connection
 * @param streamWindow bytes of one HTTP/2 request before credit
 */
public record FrontSettings(
    int headBytes,
    int headFields,
    Duration headTime,
    Duration bodyIdle,
    Duration idle,
    Duration detectTime,
    int streams,
    int streamWindow) {
  /** At the end of the process: after which a connection without requests is closed. */
  static final Duration DRAIN_QUIET = Duration.ofSeconds(1);

  public static final FrontSettings DEFAULT =
      new FrontSettings(
          60 * 1024,
          100,
          Duration.ofSeconds(10),
          Duration.ofMinutes(5),
          Duration.ofHours(1),
          Duration.ofSeconds(1),
          1_000,
          1024 * 1024);

  public static FrontSettings from(Settings read) {
    return new FrontSettings(
        read.number("AMBIT_HTTP_HEAD_BYTES", DEFAULT.headBytes, 1_024, 1 << 20),
        read.number("AMBIT_HTTP_HEAD_FIELDS", DEFAULT.headFields, 8, 10_000),
        read.duration("AMBIT_HTTP_HEAD_TIMEOUT", DEFAULT.headTime),
        read.duration("AMBIT_HTTP_BODY_IDLE_TIMEOUT", DEFAULT.bodyIdle),
        read.duration("AMBIT_HTTP_IDLE_TIMEOUT", DEFAULT.idle),
        read.duration("PROTOCOL_DETECTION_TIMEOUT", DEFAULT.detectTime),
        read.number("AMBIT_HTTP2_STREAMS", DEFAULT.streams, 1, 1_000_000),
        read.number("AMBIT_HTTP2_STREAM_WINDOW", DEFAULT.streamWindow, 65_535, 1 << 30));
  }

  /** With other deadlines. */
  public FrontSettings withTimes(Duration head, Duration body, Duration idleTime, Duration detect) {
    return new FrontSettings(
        headBytes, headFields, head, body, idleTime, detect, streams, streamWindow);
  }
}
