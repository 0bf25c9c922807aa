package dev.ambit.controller.ca.wire;

import dev.ambit.controller.ca.node.Caller;
import dev.ambit.controller.ca.node.CallerProof;
import dev.ambit.daemon.Log;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * Lets in only callers that prove to be a node, before a byte of their message is read; to others
 * it says nothing but no (spec: ca §6).
 */
public final class Callers implements ServerInterceptor {
  /** All that a refused caller is told. */
  public static final String OPAQUE = "request authenticate failure";

  private static final Log LOG = Log.scope("rpc");
  private static final Context.Key<Caller> CALLER = Context.key("caller");
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String BEARER = "Bearer ";

  private final CallerProof proof;
  private final Runnable onRefusal;

  public Callers(CallerProof proof, Runnable onRefusal) {
    this.proof = proof;
    this.onRefusal = onRefusal;
  }

  /** Who calls, within a call that was let in. */
  public static Caller current() {
    Caller caller = CALLER.get();
    if (caller == null) {
      throw new IllegalStateException("no caller: this runs outside a call that was let in");
    }
    return caller;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String address = address(call.getAttributes());
    Optional<Caller> caller =
        proof.prove(certificates(call.getAttributes()), bearer(headers), address);
    if (caller.isEmpty()) {
      onRefusal.run();
      LOG.warn(
          "refused",
          "method",
          call.getMethodDescriptor().getFullMethodName(),
          "from",
          address,
          "reason",
          "neither a node certificate nor a join token proves a node");
      call.close(Status.UNAUTHENTICATED.withDescription(OPAQUE), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return Contexts.interceptCall(
        Context.current().withValue(CALLER, caller.get()), call, headers, next);
  }

  private static String bearer(Metadata headers) {
    String value = headers.get(AUTHORIZATION);
    return value == null || !value.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? ""
        : value.substring(BEARER.length()).strip();
  }

  private static String address(Attributes attributes) {
    SocketAddress remote = attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return remote == null ? "" : remote.toString().replaceFirst("^.*/", "");
  }

  private static List<X509Certificate> certificates(Attributes attributes) {
    SSLSession session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null) {
      return List.of();
    }
    List<X509Certificate> chain = new ArrayList<>();
    try {
      for (Certificate each : session.getPeerCertificates()) {
        if (each instanceof X509Certificate certificate) {
          chain.add(certificate);
        }
      }
    } catch (SSLPeerUnverifiedException e) {
      // No client certificate, as usual for a caller that has a token.
      return List.of();
    }
    return chain;
  }
}
