package dev.ambit.model.policy;

import dev.ambit.model.identity.SpiffeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What an authorization decision knows of one connection (spec: l4-authorization §1).
 *
 * @param sourceIp the TCP peer; of the tunnel when there is one
 * @param identity proven by TLS; null for plaintext
 * @param destination pod IP and the port really dialled
 */
public record Peer(
    InetAddress sourceIp, @Nullable SpiffeId identity, InetSocketAddress destination) {}
