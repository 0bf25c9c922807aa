package dev.ambit.dataplane.hbone;

import dev.ambit.model.workload.IpAddresses;
import java.net.InetSocketAddress;

/**
 * The {@code forwarded} header: the client's own address, and the host it meant when it meant a
 * service (spec: hbone §4.2).
 *
 * @param host "" when the client dialled an IP of no service
 */
record Forwarded(InetSocketAddress client, String host) {
  String print() {
    String from = "for=\"" + IpAddresses.print(client) + "\"";
    return host.isEmpty() ? from : from + ";host=" + host;
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
