package dev.ambit.dataplane.controlplane.wire;

import dev.ambit.daemon.Log;
import dev.ambit.dataplane.controlplane.ClientCertificate;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.Pem;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * Channels to one service of the control plane, over TLS with what is on disk at that moment (spec:
 * workload-xds §1, ca §4). Thread-safe; may block on files and on {@link ClientCredentials}.
 */
public final class ControlPlaneChannel implements AutoCloseable {
  private static final Log LOG = Log.scope("controlplane");

  /** A full state of a large mesh is one message. */
  private static final int LARGEST_MESSAGE = 200 * 1024 * 1024;

  private static final int CONNECT_MILLIS = 5_000;

  private final ControlPlaneSettings settings;
  private final ClientCredentials credentials;
  // Control code needs no speed: one thread, none of the data path's.
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("control-plane", true), NioIoHandler.newFactory());
  private @Nullable Shared shared;
  private volatile boolean closed;

  public ControlPlaneChannel(ControlPlaneSettings settings, ClientCredentials credentials) {
    this.settings = settings;
    this.credentials = credentials;
  }

  /** What a channel was made of; a difference makes it stale. */
  private record Material(String roots, Optional<ClientCertificate> certificate) {}

  private record Shared(ManagedChannel channel, Material material) {}

  /** There is no channel, and why. */
  public static final class Unusable extends RuntimeException {
    Unusable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A channel of its own, which the caller shuts down. */
  public ManagedChannel dial() {
    return build(material());
  }

  /**
   * The channel for single calls. Replaced when the roots or the client certificate changed; roots
   * that cannot be read leave the old channel in use.
   */
  public synchronized Channel shared() {
    Shared now = shared;
    try {
      Material material = material();
      if (now == null || !now.material.equals(material)) {
        now = new Shared(build(material), material);
        if (shared != null) {
          shared.channel.shutdown();
        }
        shared = now;
      }
    } catch (Unusable bad) {
      if (now == null) {
        throw bad;
      }
      LOG.warn("the old channel stays in use", "error", bad.getMessage());
    }
    // The caller keeps the time between attempts; gRPC's own must not come on top.
    now.channel.resetConnectBackoff();
    return headers(now.channel);
  }

  /** {@code channel} with the metadata of every call; the token is read anew for each. */
  public Channel headers(Channel channel) {
    return ClientInterceptors.intercept(channel, new Headers());
  }

  public ClientCredentials credentials() {
    return credentials;
  }

  /** What {@code status} means to an operator: who answered what, and the cause at the bottom. */
  public String sentence(Status status) {
    StringBuilder text = new StringBuilder(this + " answered " + status.getCode());
    if (status.getDescription() != null) {
      text.append(": ").append(status.getDescription());
    }
    Throwable cause = status.getCause();
    while (cause != null && cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    if (cause != null && cause.getMessage() != null) {
      text.append(": ").append(cause.getMessage());
    }
    return text.toString();
  }

  private Material material() {
    try {
      String roots = settings.tls() ? settings.roots().read() : "";
      return new Material(roots, settings.tls() ? credentials.current() : Optional.empty());
    } catch (IOException unreadable) {
      throw new Unusable(
          "trust roots of "
              + settings.address()
              + ": got "
              + unreadable
              + ", expected a file of PEM certificates",
          unreadable);
    }
  }

  private ManagedChannel build(Material material) {
    if (closed) {
      throw new Unusable("channel to " + settings.address() + " is closed", null);
    }
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(settings.address().getHost(), settings.address().getPort())
            .eventLoopGroup(loop)
            .channelType(NioSocketChannel.class)
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            .withOption(ChannelOption.SO_KEEPALIVE, true)
            .withOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), 300)
            .withOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), 75)
            .withOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), 9)
            .proxyDetector(address -> null)
            .keepAliveTime(30, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .maxInboundMessageSize(LARGEST_MESSAGE);
    if (!settings.tls()) {
      return builder.usePlaintext().build();
    }
    return builder.sslContext(tls(material)).build();
  }

  private SslContext tls(Material material) {
    try {
      ServerCheck check =
          new ServerCheck(
              settings.roots().system() ? List.of() : Pem.certificates(material.roots),
              settings.alternativeName().orElse(null));
      SslContextBuilder builder =
          GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.OPENSSL)
              .trustManager(check);
      material.certificate.ifPresent(
          mine -> builder.keyManager(mine.key(), mine.chain().toArray(new X509Certificate[0])));
      return builder.build();
    } catch (GeneralSecurityException | SSLException | Pem.Malformed bad) {
      throw new Unusable("TLS to " + settings.address() + ": " + bad.getMessage(), bad);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (shared != null) {
      shared.channel.shutdownNow();
      awaitEnd(shared.channel);
    }
    // Quiet first: channels end with a few last tasks of their own.
    loop.shutdownGracefully(100, 2_000, TimeUnit.MILLISECONDS);
  }

  private static void awaitEnd(ManagedChannel channel) {
    try {
      channel.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }

  /** Puts the metadata into each call. */
  private final class Headers implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata metadata) {
          settings.headers().forEach((name, value) -> put(metadata, name, value));
          token().ifPresent(token -> put(metadata, "authorization", "Bearer " + token));
          super.start(listener, metadata);
        }
      };
    }

    private static void put(Metadata metadata, String name, String value) {
      metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }

    private Optional<String> token() {
      try {
        return settings.token().read();
      } catch (IOException unreadable) {
        throw new Unusable(
            "token "
                + settings.token()
                + ": got "
                + unreadable
                + ", expected a file with a token (AUTH_TOKEN)",
            unreadable);
      }
    }
  }

  /** For dumps and logs. */
  @Override
  public String toString() {
    return settings.address().toString();
  }
}
