package dev.ambit.waypoint.exchange;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a client may not say of itself (spec: l7-telemetry §5, threat-model SEC-063, SEC-064). */
final class ClientHeaders {
  private static final AsciiString CERTIFICATE = AsciiString.cached("x-forwarded-client-cert");
  private static final AsciiString PROTO = AsciiString.cached("x-forwarded-proto");
  private static final String INTERNAL = "x-envoy-";

  private ClientHeaders() {}

  /**
   * Takes out and sets what only a proxy may say.
   *
   * @param ownIdentity "" tells nobody who the caller is
   */
  static void clean(RequestHead head, Caller caller, String ownIdentity) {
    HttpHeaders headers = head.headers();
    List<String> internal = null;
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey();
      if (name.regionMatches(true, 0, INTERNAL, 0, INTERNAL.length())) {
        internal = internal == null ? new ArrayList<>() : internal;
        internal.add(name);
      }
    }
    if (internal != null) {
      internal.forEach(headers::remove);
    }
    if (ownIdentity.isEmpty()) {
      headers.remove(CERTIFICATE);
    } else {
      headers.set(CERTIFICATE, "By=" + ownIdentity + ";URI=" + caller.peer());
    }
    String proto = headers.get(PROTO);
    if (!"http".equals(proto) && !"https".equals(proto)) {
      headers.set(PROTO, "http");
    }
  }

  /** The client as trusted proxies saw it, else the far end of the tunnel's stream. */
  static InetAddress remote(RequestHead head, Caller caller, int trustedProxies) {
    InetAddress source = caller.source().getAddress();
    @Nullable String chain =
        trustedProxies == 0 ? null : new HeaderView(head.headers()).joined("x-forwarded-for");
    if (chain == null) {
      return source;
    }
    String[] hops = chain.split(",", -1);
    int index = hops.length - trustedProxies;
    return index < 0 ? source : IpAddresses.parse(hops[index].strip()).orElse(source);
  }
}
