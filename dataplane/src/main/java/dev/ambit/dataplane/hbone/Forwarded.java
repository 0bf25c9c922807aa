package dev.ambit.dataplane.hbone;

import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * The {@code forwarded} header: the client's own address, and the host it meant when it meant a
 * service (spec: hbone §4.2).
 *
 * @param host "" when the client dialled an IP of no service
 */
public record Forwarded(InetSocketAddress client, String host) {
  String print() {
    String from = "for=\"" + IpAddresses.print(client) + "\"";
    return host.isEmpty() ? from : from + ";host=" + host;
  }

  /** The address of the client as a header says, if it says one. */
  public static Optional<InetSocketAddress> client(String header) {
    for (String item : header.split(";", -1)) {
      String part = item.strip();
      if (part.regionMatches(true, 0, "for=", 0, 4)) {
        String value = part.substring(4);
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return Authority.parse(quoted ? value.substring(1, value.length() - 1) : value)
            .flatMap(found ->
                found instanceof Authority.ByAddress(var address)
                    ? Optional.of(address)
                    : Optional.empty());
      }
    }
    return Optional.empty();
  }

  /** The host of a header; "" when there is none or the header is not ASCII. */
  static String host(CharSequence header) {
    for (int i = 0; i < header.length(); i++) {
      if (header.charAt(i) > '~') {
        return "";
      }
    }
    for (String item : header.toString().split(";")) {
      String part = item.strip();
      if (part.startsWith("host=")) {
        String host = part.substring("host=".length());
        boolean quoted = host.length() >= 2 && host.startsWith("\"") && host.endsWith("\"");
        return quoted ? host.substring(1, host.length() - 1) : host;
      }
    }
    return "";
  }
}
