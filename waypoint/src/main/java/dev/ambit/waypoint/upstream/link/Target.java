package dev.ambit.waypoint.upstream.link;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a channel goes, and through what. Equal targets may share channels.
 *
 * @param address of the endpoint
 * @param tunnel the identity its proxy must show; null when it is not in the mesh
 * @param tls of the application inside, null for none
 * @param serverName for TLS, "" for none
 * @param alpn offered in TLS
 * @param prologue sent before everything else, as ISO-8859-1
 * @param timeout for all of it
 */
public record Target(
    InetSocketAddress address,
    @Nullable SpiffeId tunnel,
    @Nullable ClientTls tls,
    String serverName,
    List<String> alpn,
    String prologue,
    Duration timeout) {
  public Target {
    alpn = List.copyOf(alpn);
  }
}
