package dev.ambit.waypoint.upstream.link;

import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * TLS to applications as DestinationRules say it (spec: traffic-policy §7). Files are read off the
 * loops, and again when they have changed. Thread-safe.
 */
public final class BackendTls {
  /** How long a context is used before its files are looked at again. */
  private static final Duration FRESH = Duration.ofSeconds(30);

  private static final int MOST_CONTEXTS = 1_000;

  private final InstantSource clock;
  private final Map<Key, Ready> contexts = new ConcurrentHashMap<>();

  public BackendTls(InstantSource clock) {
    this.clock = clock;
  }

  private record Key(ClientTls tls, List<String> alpn) {}

  /** A context to make handlers from. */
  public static final class Ready {
    private final SslContext context;
    private final Instant built;

    private Ready(SslContext context, Instant built) {
      this.context = context;
      this.built = built;
    }

    /**
     * @param serverName to ask for and to find in the certificate, "" for none
     */
    SslHandler handler(ByteBufAllocator allocator, String serverName) {
      return serverName.isEmpty()
          ? context.newHandler(allocator)
          : context.newHandler(allocator, serverName, 0);
    }
  }

  /** Fails with {@link LinkFailure} when files or settings are of no use. */
  Future<Ready> ready(ClientTls tls, List<String> alpn, EventLoop loop) {
    Key key = new Key(tls, alpn);
    Ready known = contexts.get(key);
    if (known != null && clock.instant().isBefore(known.built.plus(FRESH))) {
      return loop.newSucceededFuture(known);
    }
    Promise<Ready> promise = loop.newPromise();
    Thread.ofVirtual().name("backend-tls").start(() -> build(key, promise));
    return promise;
  }

  private void build(Key key, Promise<Ready> promise) {
    try {
      Ready ready = new Ready(context(key.tls, key.alpn), clock.instant());
      if (contexts.size() >= MOST_CONTEXTS) {
        contexts.clear();
      }
      contexts.put(key, ready);
      promise.setSuccess(ready);
    } catch (IOException | RuntimeException unusable) {
      promise.setFailure(new LinkFailure("TLS settings: " + unusable.getMessage()));
    }
  }

  private static SslContext context(ClientTls tls, List<String> alpn) throws IOException {
    // Contexts of the JDK or of OpenSSL without counted references: they live as long as used.
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
            .protocols("TLSv1.3", "TLSv1.2")
            .endpointIdentificationAlgorithm(null)
            .trustManager(EndpointVerifier.of(tls, trusted(tls)));
    if (!alpn.isEmpty()) {
      builder.applicationProtocolConfig(
          new ApplicationProtocolConfig(
              Protocol.ALPN,
              SelectorFailureBehavior.NO_ADVERTISE,
              SelectedListenerFailureBehavior.ACCEPT,
              alpn));
    }
    if (tls.mode() == TlsMode.MUTUAL) {
      if (tls.clientCertificate().isEmpty() || tls.privateKey().isEmpty()) {
        throw new LinkFailure("MUTUAL: got no client certificate with its key, expected both");
      }
      try (InputStream chain = open(tls.clientCertificate());
          InputStream key = open(tls.privateKey())) {
        builder.keyManager(chain, key);
      }
    }
    return builder.build();
  }

  private static byte @Nullable [] trusted(ClientTls tls) {
    if (!tls.credentialName().isEmpty() && !tls.credentialName().equals("system")) {
      throw new LinkFailure(
          "credentialName: got "
              + tls.credentialName()
              + ", of which the waypoint's namespace has no Secret");
    }
    if (tls.caCertificates().isEmpty() || tls.caCertificates().equals("system")) {
      return null;
    }
    try (InputStream in = open(tls.caCertificates())) {
      return in.readAllBytes();
    } catch (IOException unreadable) {
      throw new UncheckedIOException("caCertificates: " + unreadable.getMessage(), unreadable);
    }
  }

  private static InputStream open(String fileOrPem) throws IOException {
    return fileOrPem.contains("-----BEGIN")
        ? new java.io.ByteArrayInputStream(
            fileOrPem.getBytes(java.nio.charset.StandardCharsets.US_ASCII))
        : Files.newInputStream(Path.of(fileOrPem));
  }
}
