package dev.ambit.dataplane.tls;

import dev.ambit.daemon.Log;
import dev.ambit.model.identity.SpiffeId;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Mutual TLS 1.3 between workloads (spec: hbone §2). Keeps one client and one server context per
 * identity, built from the newest certificate it was handed and released when a newer one comes;
 * open connections keep theirs. Thread-safe; handlers are made on the loop that uses them.
 *
 * <p>BoringSSL where it is, else the JDK. BoringSSL cannot restrict the suites of TLS 1.3, so
 * ChaCha20 is on offer there, and only it has the post-quantum group.
 */
public final class MeshTls implements AutoCloseable {
  private static final Log LOG = Log.scope("crl");

  /** Who does the cryptography. */
  public enum Engine {
    BORINGSSL,
    JDK
  }

  /** What lies between two reads and writes of the socket; larger buffers are not split twice. */
  private static final int WRAP = 64 * 1024;

  private static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256"};

  /** Refuses nobody by itself: a peer that offers no {@code h2} fails on the HTTP/2 preface. */
  private static final ApplicationProtocolConfig ALPN =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.NO_ADVERTISE,
          SelectedListenerFailureBehavior.ACCEPT,
          ApplicationProtocolNames.HTTP_2);

  /** On a channel whose peer was revoked. */
  public static final AttributeKey<RevocationLists.Revoked> REVOKED =
      AttributeKey.valueOf(MeshTls.class, "revoked");

  private final Engine engine;
  private final RevocationLists revocations;
  private final Set<Live> live = ConcurrentHashMap.newKeySet();
  private final Map<SpiffeId, Contexts> contexts = new ConcurrentHashMap<>();
  private final AtomicLong handshakes = new AtomicLong();

  public MeshTls(Engine engine) {
    this(engine, RevocationLists.none());
  }

  public MeshTls(Engine engine, RevocationLists revocations) {
    this.engine = engine;
    this.revocations = revocations;
    if (engine == Engine.JDK) {
      // No tickets (spec: threat-model SEC-014). The JDK has this switch per process only.
      System.setProperty("jdk.tls.server.newSessionTicketCount", "0");
    }
  }

  /** With BoringSSL where its library loads. */
  public static MeshTls best() {
    return best(RevocationLists.none());
  }

  /** With BoringSSL where its library loads; peers in {@code revocations} are refused. */
  public static MeshTls best(RevocationLists revocations) {
    return new MeshTls(OpenSsl.isAvailable() ? Engine.BORINGSSL : Engine.JDK, revocations);
  }

  public Engine engine() {
    return engine;
  }

  /**
   * A handler for a connection to a server that must show one of {@code peers}. The handshake fails
   * otherwise, before anything of the application is sent.
   */
  public SslHandler client(
      WorkloadCertificate own, Set<SpiffeId> peers, ByteBufAllocator allocator) {
    return with(
        own,
        current -> {
          // A name without a dot: it finds the expectation again, and is never sent as SNI.
          String handshake = Long.toString(handshakes.incrementAndGet());
          SslHandler handler = current.client().newHandler(allocator, handshake, 0);
          current.verifier.expect(handshake, peers);
          handler.handshakeFuture().addListener(_ -> current.verifier.forget(handshake));
          return handler;
        });
  }

  /** A handler for a connection from a client that must show an identity of our trust domain. */
  public SslHandler server(WorkloadCertificate own, ByteBufAllocator allocator) {
    return with(own, current -> current.server().newHandler(allocator));
  }

  /** Who is at the other end of a finished handshake. */
  public static SpiffeId peer(SslHandler handler) throws CertificateException {
    try {
      Certificate[] chain = handler.engine().getSession().getPeerCertificates();
      return PeerVerifier.identity((X509Certificate) chain[0]);
    } catch (SSLPeerUnverifiedException unverified) {
      throw new CertificateException("peer certificate: got none", unverified);
    }
  }

  /** The sentence of {@link PeerVerifier} inside a failed handshake, else what the failure says. */
  public static String explain(Throwable handshakeFailure) {
    for (Throwable cause = handshakeFailure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return String.valueOf(cause.getMessage());
      }
    }
    return String.valueOf(handshakeFailure.getMessage());
  }

  /** Releases what is kept for {@code identity}; used again it is built again. */
  public void forget(SpiffeId identity) {
    contexts.computeIfPresent(
        identity,
        (_, kept) -> {
          kept.release();
          return null;
        });
  }

  @Override
  public void close() {
    contexts.keySet().forEach(this::forget);
  }

  /**
   * Makes a handler while the contexts cannot be released: the engine inside takes a reference of
   * its own, which then outlives a renewal.
   */
  private SslHandler with(WorkloadCertificate own, Function<Contexts, SslHandler> make) {
    SslHandler[] made = new SslHandler[1];
    contexts.compute(
        own.identity(),
        (_, kept) -> {
          Contexts current = kept;
          if (current == null || current.certificate != own) {
            if (current != null) {
              current.release();
            }
            current = new Contexts(own);
          }
          made[0] = make.apply(current);
          return current;
        });
    made[0].setWrapDataSize(WRAP);
    if (revocations.watched()) {
      follow(made[0], own.roots());
    }
    return made[0];
  }

  /**
   * One finished handshake whose connection is open.
   *
   * @param client whether the peer is the client
   */
  private record Live(
      Channel channel, boolean client, List<X509Certificate> chain, List<X509Certificate> roots) {}

  private void follow(SslHandler handler, List<X509Certificate> roots) {
    handler
        .handshakeFuture()
        .addListener(done -> {
          if (done.isSuccess()) {
            Live connection =
                new Live(
                    (Channel) done.getNow(),
                    !handler.engine().getUseClientMode(),
                    chain(handler),
                    roots);
            live.add(connection);
            connection.channel().closeFuture().addListener(_ -> live.remove(connection));
            // After it was added: a list that came since the handshake is not missed.
            check(connection);
          }
        });
  }

  private static List<X509Certificate> chain(SslHandler handler) throws SSLPeerUnverifiedException {
    return Arrays.stream(handler.engine().getSession().getPeerCertificates())
        .map(X509Certificate.class::cast)
        .toList();
  }

  /**
   * Closes the open connections whose peers the revocation lists name now; how many. Any thread.
   */
  public int closeRevoked() {
    return (int) live.stream().filter(this::check).count();
  }

  private boolean check(Live connection) {
    X509Certificate revoked = revocations.revoked(connection.chain(), connection.roots());
    if (revoked == null || !live.remove(connection)) {
      return false;
    }
    revocations.count(connection.client());
    Channel channel = connection.channel();
    channel.attr(REVOKED).set(new RevocationLists.Revoked());
    LOG.warn(
        "connection closed: peer certificate revoked by CRL",
        "peer",
        String.valueOf(channel.remoteAddress()),
        "serial",
        revoked.getSerialNumber().toString(16));
    channel.close();
    return true;
  }

  /** The contexts of one certificate, each built when first needed. */
  private final class Contexts {
    private final WorkloadCertificate certificate;
    private final PeerVerifier verifier;
    private @Nullable SslContext client;
    private @Nullable SslContext server;

    private Contexts(WorkloadCertificate certificate) {
      this.certificate = certificate;
      this.verifier = new PeerVerifier(certificate, revocations);
    }

    private SslContext client() {
      if (client == null) {
        client = build(SslContextBuilder.forClient().keyManager(certificate.key(), chain()));
      }
      return client;
    }

    private SslContext server() {
      if (server == null) {
        server =
            build(
                SslContextBuilder.forServer(certificate.key(), chain())
                    .clientAuth(ClientAuth.REQUIRE));
      }
      return server;
    }

    private X509Certificate[] chain() {
      return certificate.chain().toArray(X509Certificate[]::new);
    }

    private SslContext build(SslContextBuilder builder) {
      boolean boring = engine == Engine.BORINGSSL;
      builder
          .sslProvider(boring ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
          .protocols("TLSv1.3")
          .applicationProtocolConfig(ALPN)
          .trustManager(verifier)
          // Netty 4.2 checks host names by default; identities are checked instead.
          .endpointIdentificationAlgorithm(null);
      if (boring) {
        builder.option(OpenSslContextOption.GROUPS, GROUPS);
      } else {
        builder
            .ciphers(List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"))
            // The JDK cannot switch its cache off; one entry that is never found again is least.
            .sessionCacheSize(1);
      }
      try {
        SslContext context = builder.build();
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
          // A resumed session would outlive its certificate and skip the verifier.
          sessions.setSessionCacheEnabled(false);
        }
        return context;
      } catch (SSLException unusable) {
        throw new Unusable(certificate.identity(), unusable);
      }
    }

    private void release() {
      ReferenceCountUtil.release(client);
      ReferenceCountUtil.release(server);
      client = null;
      server = null;
    }
  }

  /** A certificate no context can be built from. */
  public static final class Unusable extends RuntimeException {
    Unusable(SpiffeId identity, Throwable cause) {
      super("certificate of " + identity + " cannot be used: " + cause.getMessage(), cause);
    }
  }
}
