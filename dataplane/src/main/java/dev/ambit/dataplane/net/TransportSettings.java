package dev.ambit.dataplane.net;

import dev.ambit.daemon.Settings;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.util.Locale;

/**
 * Which event loops run and what every socket gets (spec: ztunnel-observability §6, hbone §12).
 *
 * @param kind how the kernel is asked for events
 * @param loops number of event loops
 * @param sockets options of every socket
 */
public record TransportSettings(Transport.Kind kind, int loops, SocketSettings sockets) {

  /** Whether connections toward the application carry the client's address. */
  public enum OriginalSource {
    /** Where the kernel lets us; a warning where not. */
    PROBE,
    /** Never. */
    FALSE,
    /** Or the connection fails. */
    TRUE
  }

  /**
   * Options of every socket. Times in seconds.
   *
   * @param mark SO_MARK, 0 for none
   * @param reusePort whether a successor process may listen beside us
   * @param keepAliveTime 0 switches keep-alive off
   */
  public record SocketSettings(
      int mark,
      boolean reusePort,
      boolean ipv6,
      OriginalSource originalSource,
      int keepAliveTime,
      int keepAliveInterval,
      int keepAliveProbes,
      boolean userTimeout) {
    /** As in production; tests without privileges use {@link #unprivileged}. */
    public static final SocketSettings DEFAULT =
        new SocketSettings(1337, true, true, OriginalSource.PROBE, 180, 180, 9, false);

    /** Without anything that needs CAP_NET_ADMIN. */
    public SocketSettings unprivileged() {
      return new SocketSettings(
          0,
          reusePort,
          ipv6,
          OriginalSource.FALSE,
          keepAliveTime,
          keepAliveInterval,
          keepAliveProbes,
          userTimeout);
    }
  }

  public static TransportSettings from(Settings read) {
    var kind = read.choice("AMBIT_TRANSPORT", Transport.Kind.class, Transport.Kind.AUTO);
    var loops = loops(read, Runtime.getRuntime().availableProcessors());
    boolean keepAlive = read.flag("KEEPALIVE_ENABLED", true);
    int time = seconds(read, "KEEPALIVE_TIME", 180);
    return new TransportSettings(
        kind,
        loops,
        new SocketSettings(
            read.number("PACKET_MARK", 1337, 0, Integer.MAX_VALUE),
            read.flag("INPOD_PORT_REUSE", true),
            read.flag("IPV6_ENABLED", true) && hasIpv6(),
            read.choice("ENABLE_ORIG_SRC", OriginalSource.class, OriginalSource.PROBE),
            keepAlive ? time : 0,
            seconds(read, "KEEPALIVE_INTERVAL", 180),
            read.number("KEEPALIVE_RETRIES", 9, 1, 127),
            read.flag("USER_TIMEOUT_ENABLED", false)));
  }

  /** In many containers IPv6 is switched off: then nothing can listen on the wildcard of both. */
  private static boolean hasIpv6() {
    try {
      ServerSocketChannel.open(StandardProtocolFamily.INET6).close();
      return true;
    } catch (UnsupportedOperationException | IOException none) {
      return false;
    }
  }

  private static int seconds(Settings read, String name, int otherwise) {
    long seconds = read.duration(name, java.time.Duration.ofSeconds(otherwise)).toSeconds();
    if (seconds < 1 || seconds > 32_767) {
      read.mistake(name, seconds + "s", "1s to 32767s");
      return otherwise;
    }
    return (int) seconds;
  }

  private static int loops(Settings read, int cores) {
    String asked = read.text("ZTUNNEL_WORKER_THREADS", "");
    int request = ceiling(read.text("ZTUNNEL_RESOURCE_CPU_REQUEST", ""), cores);
    String limit = read.text("ZTUNNEL_RESOURCE_CPU_LIMIT", read.text("ZTUNNEL_CPU_LIMIT", ""));
    int capped = limit.isEmpty() ? 0 : Math.max(ceiling(limit, cores), request);
    int answer = loops(asked, cores, capped, request);
    if (answer < 1) {
      read.mistake("ZTUNNEL_WORKER_THREADS", asked, "a number, 0 for all cores, or 1% to 100%");
      return 1;
    }
    return answer;
  }

  /**
   * The number of event loops: as asked ({@code n}, {@code n%} of the cores, 0 for all cores), else
   * what is limited to, else a quarter of the cores but not below the request or two; 0 for a text
   * that means nothing.
   */
  static int loops(String asked, int cores, int limit, int request) {
    if (asked.isEmpty() || asked.equals("auto")) {
      return limit > 0 ? limit : Math.max(Math.ceilDiv(cores, 4), Math.max(request, 2));
    }
    boolean percent = asked.endsWith("%");
    String digits = percent ? asked.substring(0, asked.length() - 1) : asked;
    if (digits.isEmpty() || digits.length() > 4 || !digits.chars().allMatch(Character::isDigit)) {
      return 0;
    }
    int number = Integer.parseInt(digits);
    if (percent) {
      return number < 1 || number > 100 ? 0 : Math.ceilDiv(cores * number, 100);
    }
    return number == 0 ? cores : number;
  }

  /** A Kubernetes CPU quantity such as {@code 1500m} or {@code 2}, rounded up to whole cores. */
  private static int ceiling(String quantity, int most) {
    String text = quantity.toLowerCase(Locale.ROOT);
    try {
      double cores =
          text.isEmpty()
              ? 0
              : text.endsWith("m")
                  ? Double.parseDouble(text.substring(0, text.length() - 1)) / 1000
                  : Double.parseDouble(text);
      return (int) Math.min(most, Math.ceil(cores));
    } catch (NumberFormatException notANumber) {
      return 0;
    }
  }
}
