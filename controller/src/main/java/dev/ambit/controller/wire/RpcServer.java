package dev.ambit.controller.wire;

import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.controller.ca.ServerIdentity;
import dev.ambit.controller.ca.node.CallerProof;
import dev.ambit.controller.ca.wire.Callers;
import dev.ambit.controller.ca.wire.CertificateService;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.controller.xds.wire.DiscoveryService;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** gRPC over TLS; a client certificate is asked for and may be missing. */
public final class RpcServer implements AutoCloseable {
  /** Names and versions of a hundred thousand resources fit. */
  private static final int MOST_MESSAGE_BYTES = 16 * 1024 * 1024;

  private static final int MOST_CALLS_PER_CONNECTION = 64;
  private static final int MOST_METADATA_BYTES = 16 * 1024;

  /** What an attacker gains by opening and resetting streams is bounded. */
  private static final int MOST_RESETS = 200;

  private static final Duration RESET_WINDOW = Duration.ofSeconds(30);
  private static final Duration MOST_IDLE = Duration.ofMinutes(5);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);
  private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

  private final Server server;
  private final ExecutorService executor;

  private RpcServer(Server server, ExecutorService executor) {
    this.server = server;
    this.executor = executor;
  }

  /**
   * What is offered, and to whom.
   *
   * @param refused runs for every caller that proves nothing
   */
  public record Offer(
      CallerProof proof, Runnable refused, CertificateAuthority authority, Subscribers clients) {}

  /** Binds {@code address}; port 0 picks one. */
  public static RpcServer start(InetSocketAddress address, ServerIdentity identity, Offer offer) {
    ServerCredentials credentials =
        TlsServerCredentials.newBuilder()
            .keyManager(identity.keyManager())
            .trustManager(identity.trustManagers())
            .clientAuth(TlsServerCredentials.ClientAuth.OPTIONAL)
            .build();
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address, credentials)
            .executor(executor)
            .intercept(new Callers(offer.proof(), offer.refused()))
            .addService(new CertificateService(offer.authority()))
            .addService(DiscoveryService.of(offer.clients()))
            .maxInboundMessageSize(MOST_MESSAGE_BYTES)
            .maxConcurrentCallsPerConnection(MOST_CALLS_PER_CONNECTION)
            .handshakeTimeout(HANDSHAKE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(KEEP_ALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .maxConnectionIdle(MOST_IDLE.toMillis(), TimeUnit.MILLISECONDS)
            .maxInboundMetadataSize(MOST_METADATA_BYTES)
            .maxRstFramesPerWindow(MOST_RESETS, (int) RESET_WINDOW.toSeconds());
    try {
      return new RpcServer(builder.build().start(), executor);
    } catch (IOException e) {
      executor.close();
      throw new UncheckedIOException("cannot listen on " + address, e);
    }
  }

  public int port() {
    return server.getPort();
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) server.getListenSockets().getFirst();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
  }
}
