package dev.ambit.model.http;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What an authorization decision at a waypoint knows (spec: l7-authorization §3).
 *
 * @param request null for a connection that is not HTTP
 * @param identity of the client, proven by the certificate of its tunnel; null without one
 * @param sourceIp of the client, as the tunnel's peer shows it
 * @param remoteIp as trusted forwarding headers say, else {@code sourceIp}
 * @param destination address and port of the service that was called
 * @param serverName of TLS inside the tunnel, "" when not known
 * @param claims null without a valid token
 */
public record HttpSubject(
    @Nullable HttpAttributes request,
    @Nullable SpiffeId identity,
    InetAddress sourceIp,
    InetAddress remoteIp,
    InetSocketAddress destination,
    String serverName,
    @Nullable JwtClaims claims) {
  public HttpSubject {
    sourceIp = IpAddresses.plain(sourceIp);
    remoteIp = IpAddresses.plain(remoteIp);
    destination = IpAddresses.plain(destination);
  }
}
