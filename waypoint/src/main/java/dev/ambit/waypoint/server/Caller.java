package dev.ambit.waypoint.server;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.waypoint.config.Destination;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who calls whom through one tunnel stream; the same for every request in it.
 *
 * @param peer the identity proven by the tunnel's certificate
 * @param source the client as the tunnel says ({@code Forwarded}), else the tunnel's far address
 * @param local the address and port that were called: of the service, or of the workload
 * @param traceparent of the CONNECT, null when it had none
 */
public record Caller(
    Destination destination,
    SpiffeId peer,
    InetSocketAddress source,
    InetSocketAddress local,
    @Nullable String traceparent,
    Instant opened,
    EventLoop loop) {}
