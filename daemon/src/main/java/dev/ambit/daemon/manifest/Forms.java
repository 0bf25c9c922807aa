package dev.ambit.daemon.manifest;

import java.math.BigDecimal;
import java.net.InetAddress;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Forms of text that the API server checks: names, addresses, ports. */
final class Forms {
  static final String NAME = "lower-case letters, digits, '-' and '.', at most 253";
  static final String LABEL = "lower-case letters, digits and '-', at most 63";
  static final String IP = "an IPv4 or IPv6 address";
  static final String CIDR = "an IPv4 or IPv6 address, or one with a prefix length it can have";
  static final String DURATION_FORM = "a duration such as 1h, 30s or 500ms";
  static final String PORT = "a port from 1 to 65535";

  private static final Pattern NAME_FORM =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern LABEL_FORM = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
  private static final Pattern SMALL_NUMBER = Pattern.compile("0|[1-9]\\d{0,4}");

  private static final Pattern DURATION =
      Pattern.compile("(\\d{1,9}(\\.\\d{1,9})?(h|ms|us|µs|ns|m|s))+");
  private static final Pattern DURATION_PART =
      Pattern.compile("(\\d+(?:\\.\\d+)?)(h|ms|us|µs|ns|m|s)");

  private Forms() {}

  /** Null when it is none. */
  static @Nullable Duration duration(String text) {
    if (text.length() > 40 || !DURATION.matcher(text).matches()) {
      return null;
    }
    Matcher parts = DURATION_PART.matcher(text);
    BigDecimal nanos = BigDecimal.ZERO;
    while (parts.find()) {
      long unit =
          switch (parts.group(2)) {
            case "h" -> 3_600_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "s" -> 1_000_000_000L;
            case "ms" -> 1_000_000L;
            case "ns" -> 1L;
            default -> 1_000L;
          };
      nanos = nanos.add(new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unit)));
    }
    return nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
        ? null
        : Duration.ofNanos(nanos.longValue());
  }

  /** RFC 1123 subdomain: what may become part of a file name or an identity. */
  static boolean name(String text) {
    return text.length() <= 253 && NAME_FORM.matcher(text).matches();
  }

  /** RFC 1123 label. */
  static boolean label(String text) {
    return text.length() <= 63 && LABEL_FORM.matcher(text).matches();
  }

  /** Null when it is none; never asks DNS. */
  static @Nullable InetAddress ip(String text) {
    if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  static boolean cidr(String text) {
    int slash = text.indexOf('/');
    InetAddress address = ip(slash < 0 ? text : text.substring(0, slash));
    if (address == null || slash < 0) {
      return address != null;
    }
    String length = text.substring(slash + 1);
    return SMALL_NUMBER.matcher(length).matches()
        && Integer.parseInt(length) <= address.getAddress().length * 8;
  }

  /** 0 when it is none. */
  static int port(String text) {
    if (!SMALL_NUMBER.matcher(text).matches()) {
      return 0;
    }
    int port = Integer.parseInt(text);
    return port <= 65535 ? port : 0;
  }
}
