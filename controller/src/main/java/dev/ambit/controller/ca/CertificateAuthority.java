package dev.ambit.controller.ca;

import dev.ambit.controller.ca.node.Caller;
import dev.ambit.controller.ca.node.CallerProof;
import dev.ambit.controller.ca.node.NodeAuthorizer;
import dev.ambit.controller.ca.node.PodName;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.model.identity.SpiffeId;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * Answers requests for certificates (spec: ca §1, §6): who asks is proven before, what they may
 * have is decided here, the reason of a refusal goes to the log and not to the asker. Thread-safe.
 */
public final class CertificateAuthority {
  private static final Log LOG = Log.scope("ca");

  /** Signing is all computing: it must leave a processor to everything else. */
  private static final int AT_ONCE = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);

  private static final Duration MOST_WAIT = Duration.ofSeconds(2);

  private final String trustDomain;
  private final String nodePrefix;
  private final NodeAuthorizer authorizer;
  private final Signer signer;
  private final Lifetimes lifetimes;
  private final Consumer<Outcome> events;
  private final RateLimit rate;
  private final Semaphore places = new Semaphore(AT_ONCE, true);

  /** How long certificates live. */
  public record Lifetimes(Duration usual, Duration most) {
    public static final Lifetimes DEFAULT =
        new Lifetimes(Duration.ofHours(24), Duration.ofDays(90));

    public static Lifetimes from(Settings settings) {
      return new Lifetimes(
          settings.duration("DEFAULT_WORKLOAD_CERT_TTL", DEFAULT.usual()),
          settings.duration("MAX_WORKLOAD_CERT_TTL", DEFAULT.most()));
    }
  }

  /**
   * What is asked.
   *
   * @param ttlSeconds 0 or less for the usual
   * @param impersonated the SPIFFE identity of a workload; empty when none is named
   * @param joining the node that asks for its own certificate; empty when none does
   */
  public record Request(
      String csrPem, long ttlSeconds, Optional<String> impersonated, Optional<String> joining) {}

  /** How a request ended. */
  public enum Outcome {
    ISSUED,
    NOT_AUTHORIZED,
    BAD_CSR,
    TTL_TOO_LONG,
    TOO_MANY,
    CANNOT_SIGN
  }

  /**
   * The answer.
   *
   * @param chain leaf, intermediates, and last the bundle of roots; empty unless issued
   */
  public record Answer(Outcome outcome, List<String> chain) {
    private static Answer refused(Outcome outcome) {
      return new Answer(outcome, List.of());
    }
  }

  public CertificateAuthority(
      String trustDomain,
      NodeAuthorizer authorizer,
      Signer signer,
      Lifetimes lifetimes,
      Consumer<Outcome> events) {
    this.trustDomain = trustDomain;
    this.nodePrefix = CallerProof.nodePrefix(trustDomain);
    this.authorizer = authorizer;
    this.signer = signer;
    this.lifetimes = lifetimes;
    this.events = events;
    this.rate = new RateLimit(signer.clock());
  }

  /** Decides and signs; blocks for at most a few milliseconds. */
  public Answer issue(Caller caller, Request request) {
    Answer answer = answer(caller, request);
    events.accept(answer.outcome());
    return answer;
  }

  private Answer answer(Caller caller, Request request) {
    if (!rate.take(caller.account())) {
      return refuse(Outcome.TOO_MANY, caller, "too many requests of this node");
    }
    try {
      if (!places.tryAcquire(MOST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        return refuse(Outcome.TOO_MANY, caller, "too many requests at once");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return refuse(Outcome.TOO_MANY, caller, "interrupted while waiting");
    }
    try {
      return decide(caller, request);
    } finally {
      places.release();
    }
  }

  private Answer decide(Caller caller, Request request) {
    if (caller.pod() != null) {
      return decideForPod(caller, caller.pod(), request);
    }
    if (request.joining().isPresent()) {
      String node = request.joining().get();
      return node.equals(caller.node())
          ? sign(caller, request, nodePrefix + node, Signer.Purpose.NODE)
          : refuse(
              Outcome.NOT_AUTHORIZED,
              caller,
              "node certificate: got a request for " + node + ", expected the caller's own");
    }
    if (request.impersonated().isEmpty()) {
      return refuse(
          Outcome.NOT_AUTHORIZED,
          caller,
          "got neither ImpersonatedIdentity nor AmbitNode; a node has no workload identity");
    }
    Optional<SpiffeId> identity = SpiffeId.parse(request.impersonated().get());
    if (identity.isEmpty()) {
      return refuse(
          Outcome.NOT_AUTHORIZED,
          caller,
          "ImpersonatedIdentity: got \""
              + request.impersonated().get()
              + "\", expected spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT");
    }
    Optional<String> objection = authorizer.objection(caller.node(), identity.get());
    return objection.isPresent()
        ? refuse(Outcome.NOT_AUTHORIZED, caller, objection.get())
        : sign(caller, request, identity.get().toString(), Signer.Purpose.WORKLOAD);
  }

  /** A pod has its own identity, whether it names it or not, and no other. */
  private Answer decideForPod(Caller caller, PodName pod, Request request) {
    SpiffeId own = new SpiffeId(trustDomain, pod.namespace(), pod.serviceAccount());
    String asked =
        request
            .joining()
            .map(node -> nodePrefix + node)
            .or(request::impersonated)
            .orElse(own.toString());
    if (!asked.equals(own.toString())) {
      return refuse(
          Outcome.NOT_AUTHORIZED,
          caller,
          "pod " + pod.fullName() + ": got a request for " + asked + ", expected its own " + own);
    }
    Optional<String> objection = authorizer.objection(caller.node(), own);
    return objection.isPresent()
        ? refuse(Outcome.NOT_AUTHORIZED, caller, objection.get())
        : sign(caller, request, own.toString(), Signer.Purpose.WORKLOAD);
  }

  private Answer sign(Caller caller, Request request, String uri, Signer.Purpose purpose) {
    Duration ttl =
        request.ttlSeconds() <= 0 ? lifetimes.usual() : Duration.ofSeconds(request.ttlSeconds());
    if (ttl.compareTo(lifetimes.most()) > 0) {
      return refuse(
          Outcome.TTL_TOO_LONG,
          caller,
          "validity: got " + ttl.toSeconds() + " s, expected at most " + lifetimes.most());
    }
    try {
      PublicKey key = signer.keyOf(request.csrPem());
      X509Certificate leaf =
          signer.sign(
              key,
              List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)),
              ttl,
              purpose);
      LOG.info(
          "issued",
          "identity",
          uri,
          "node",
          caller.node(),
          "serial",
          leaf.getSerialNumber().toString(16),
          "until",
          leaf.getNotAfter().toInstant());
      return new Answer(Outcome.ISSUED, chain(leaf));
    } catch (Signer.RefusedRequest e) {
      return refuse(Outcome.BAD_CSR, caller, String.valueOf(e.getMessage()));
    } catch (Signer.CannotSign e) {
      return refuse(Outcome.CANNOT_SIGN, caller, String.valueOf(e.getMessage()));
    }
  }

  private List<String> chain(X509Certificate leaf) {
    List<String> chain = new ArrayList<>();
    chain.add(Pem.certificate(leaf));
    signer.roots().intermediates().forEach(each -> chain.add(Pem.certificate(each)));
    chain.add(signer.roots().bundle());
    return chain;
  }

  private static Answer refuse(Outcome outcome, Caller caller, String detail) {
    LOG.warn(
        "refused",
        "reason",
        outcome,
        "detail",
        detail,
        "node",
        caller.node(),
        "proof",
        caller.proof(),
        "from",
        caller.address());
    return Answer.refused(outcome);
  }
}
