package dev.ambit.dataplane.xds.wire;

import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.proto.ca.IstioCertificateRequest;
import dev.ambit.proto.ca.IstioCertificateResponse;
import dev.ambit.proto.ca.IstioCertificateServiceGrpc;
import dev.ambit.proto.discovery.AggregatedDiscoveryServiceGrpc;
import dev.ambit.proto.discovery.DeltaDiscoveryRequest;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** A control plane of our own over real TLS, that does what a test says. */
public final class FakeControlPlane implements AutoCloseable {
  private static final Context.Key<Caller> CALLER = Context.key("caller");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final TestCa ca;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Server server;
  private final int port;
  private final BlockingQueue<Stream> streams = new LinkedBlockingQueue<>();
  private final BlockingQueue<CertificateCall> certificateCalls = new LinkedBlockingQueue<>();
  private final Map<String, DeltaDiscoveryResponse> automatic = new ConcurrentHashMap<>();
  private volatile Optional<Status> refusal = Optional.empty();
  private volatile Duration life = Duration.ofHours(24);

  /** Who called: metadata, and the client certificate when there was one. */
  public record Caller(Metadata metadata, Optional<X509Certificate> certificate) {
    public String header(String name) {
      return metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
  }

  /** A CreateCertificate call, after it was answered. */
  public record CertificateCall(Caller caller, Map<String, String> metadata, long validity) {}

  private FakeControlPlane(TestCa ca, TestCa.ServerCertificate certificate, int wanted) {
    this.ca = ca;
    try {
      this.server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted))
              .bossEventLoopGroup(loop)
              .workerEventLoopGroup(loop)
              .channelType(NioServerSocketChannel.class)
              .sslContext(
                  GrpcSslContexts.configure(
                          SslContextBuilder.forServer(
                              certificate.keys().getPrivate(),
                              certificate.chain().toArray(new X509Certificate[0])),
                          SslProvider.OPENSSL)
                      .trustManager(ca.rootCertificate())
                      .clientAuth(ClientAuth.OPTIONAL)
                      .build())
              .intercept(new Callers())
              .addService(new Discovery())
              .addService(new Authority())
              .build()
              .start();
      this.port = server.getPort();
    } catch (SSLException e) {
      throw new AssertionError(e);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** With certificates of {@code ca}, for localhost. */
  public static FakeControlPlane start(TestCa ca) {
    return new FakeControlPlane(ca, ca.server("localhost", "127.0.0.1"), 0);
  }

  /** With a certificate of its own choice. */
  public static FakeControlPlane start(TestCa ca, TestCa.ServerCertificate shown, int port) {
    return new FakeControlPlane(ca, shown, port);
  }

  public URI address() {
    return URI.create("https://localhost:" + port);
  }

  public int port() {
    return port;
  }

  /** Answers the first request of the response's type on every stream with it. */
  public void serve(DeltaDiscoveryResponse response) {
    automatic.put(response.getTypeUrl(), response);
  }

  /** Calls and streams from now on are refused; empty serves again. */
  public void refuse(Optional<Status> with) {
    refusal = with;
  }

  /** How long issued certificates live. */
  public void certificateLife(Duration of) {
    life = of;
  }

  /** The next stream somebody opened. */
  public Stream nextStream() throws Exception {
    return next(streams, "a stream");
  }

  /** The next CreateCertificate call. */
  public CertificateCall nextCertificateCall() throws Exception {
    return next(certificateCalls, "a CreateCertificate call");
  }

  private static <T> T next(BlockingQueue<T> queue, String what) throws Exception {
    T next = queue.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (next == null) {
      throw new TimeoutException("expected " + what + " within " + PATIENCE);
    }
    return next;
  }

  @Override
  public void close() {
    server.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** One delta stream, from the server's side. */
  public static final class Stream {
    private final BlockingQueue<DeltaDiscoveryRequest> requests = new LinkedBlockingQueue<>();
    private final StreamObserver<DeltaDiscoveryResponse> out;
    private final Caller caller;

    private Stream(Caller caller, StreamObserver<DeltaDiscoveryResponse> out) {
      this.caller = caller;
      this.out = out;
    }

    public Caller caller() {
      return caller;
    }

    public DeltaDiscoveryRequest nextRequest() throws Exception {
      return next(requests, "a request");
    }

    public void send(DeltaDiscoveryResponse response) {
      synchronized (out) {
        out.onNext(response);
      }
    }

    public void end(Status status) {
      out.onError(status.asRuntimeException());
    }
  }

  private final class Discovery
      extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase {
    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
        StreamObserver<DeltaDiscoveryResponse> out) {
      Stream stream = new Stream(CALLER.get(), out);
      if (refusal.isPresent()) {
        stream.end(refusal.get());
      }
      streams.add(stream);
      return new StreamObserver<>() {
        @Override
        public void onNext(DeltaDiscoveryRequest request) {
          stream.requests.add(request);
          DeltaDiscoveryResponse prepared = automatic.get(request.getTypeUrl());
          if (prepared != null && request.getResponseNonce().isEmpty() && refusal.isEmpty()) {
            stream.send(prepared);
          }
        }

        @Override
        public void onError(Throwable gone) {}

        @Override
        public void onCompleted() {
          out.onCompleted();
        }
      };
    }
  }

  private final class Authority
      extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
    @Override
    public void createCertificate(
        IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> out) {
      Map<String, String> metadata = new java.util.TreeMap<>();
      request
          .getMetadata()
          .getFieldsMap()
          .forEach((name, value) -> metadata.put(name, value.getStringValue()));
      Caller caller = CALLER.get();
      if (refusal.isPresent()) {
        out.onError(refusal.get().asRuntimeException());
      } else {
        String uri =
            metadata.containsKey("AmbitNode")
                ? "spiffe://cluster.local/ambit/node/" + metadata.get("AmbitNode")
                : metadata.getOrDefault(
                    "ImpersonatedIdentity", "spiffe://cluster.local/ns/own/sa/own");
        Instant now = Instant.now();
        X509Certificate leaf =
            ca.leaf(key(request.getCsr()), now.minusSeconds(1), now.plus(life), List.of(uri));
        out.onNext(
            IstioCertificateResponse.newBuilder()
                .addCertChain(Pem.encode(List.of(leaf)))
                .addCertChain(ca.rootPem())
                .build());
        out.onCompleted();
      }
      certificateCalls.add(new CertificateCall(caller, metadata, request.getValidityDuration()));
    }
  }

  /** The public key in a request, found by the form every P-256 key has. */
  private static PublicKey key(String request) {
    byte[] der = Base64.getDecoder().decode(request.replaceAll("-----[A-Z ]+-----|\\s", ""));
    byte[] head = Arrays.copyOf(TestCa.newKeys().getPublic().getEncoded(), 27);
    for (int at = 0; at + 91 <= der.length; at++) {
      if (Arrays.equals(der, at, at + head.length, head, 0, head.length)) {
        try {
          return KeyFactory.getInstance("EC")
              .generatePublic(new X509EncodedKeySpec(Arrays.copyOfRange(der, at, at + 91)));
        } catch (GeneralSecurityException e) {
          throw new AssertionError(e);
        }
      }
    }
    throw new AssertionError("no P-256 key in " + request);
  }

  private static final class Callers implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
      Optional<X509Certificate> certificate = Optional.empty();
      try {
        Certificate[] chain = session.getPeerCertificates();
        certificate = Optional.of((X509Certificate) chain[0]);
      } catch (SSLPeerUnverifiedException none) {
        // A caller without a certificate.
      }
      Context context = Context.current().withValue(CALLER, new Caller(headers, certificate));
      return Contexts.interceptCall(context, call, headers, next);
    }
  }
}
