package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.PathNormalization;
import java.time.Duration;

/**
 * What holds for every exchange of a waypoint. A zero duration is for ever.
 *
 * @param normalization of paths, before anything compares them
 * @param ownIdentity the waypoint's SPIFFE URI, which {@code x-forwarded-client-cert} names where
 *     services are told who calls
 * @param trustedProxies how many entries at the end of {@code x-forwarded-for} are believed
 * @param replayLimit bytes of a request body that are kept for another try
 * @param mirrorLimit bytes that wait for a mirror before it is given up
 * @param limits of time
 */
public record ExchangeSettings(
    PathNormalization normalization,
    String ownIdentity,
    int trustedProxies,
    int replayLimit,
    int mirrorLimit,
    Times limits) {
  private static final int MEBIBYTE = 1 << 20;

  public static final ExchangeSettings DEFAULT =
      new ExchangeSettings(PathNormalization.BASE, "", 0, MEBIBYTE, MEBIBYTE, Times.DEFAULT);

  /** The same for the waypoint of this SPIFFE URI, behind so many proxies. */
  public ExchangeSettings of(String identity, int proxies) {
    return new ExchangeSettings(normalization, identity, proxies, replayLimit, mirrorLimit, limits);
  }

  /**
   * How long things may take (spec: traffic-policy §9, threat-model SEC-081).
   *
   * @param bodyIdle between two pieces of a request body, unless it is gRPC or an upgrade
   * @param streamIdle without a byte either way
   * @param longest from the first byte to the last
   * @param drain how long the rest of a request is read that was answered early
   * @param mirror how long a copy may take
   */
  public record Times(
      Duration bodyIdle, Duration streamIdle, Duration longest, Duration drain, Duration mirror) {
    public static final Times DEFAULT =
        new Times(
            Duration.ofMinutes(5),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(5),
            Duration.ofMinutes(1));
  }
}
