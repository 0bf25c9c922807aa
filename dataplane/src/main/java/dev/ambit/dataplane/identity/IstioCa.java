package dev.ambit.dataplane.identity;

import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * Gets workload certificates by Istio's CreateCertificate: a fresh key for each, and an answer that
 * is believed only after it was checked (spec: ca §1–§3). Blocking; any virtual thread.
 */
public final class IstioCa implements CertificateCache.Source {
  private static final String IMPERSONATED = "ImpersonatedIdentity";

  /** The remote procedure. Blocking. */
  public interface Authority {
    /**
     * Answers leaf, intermediates and last the roots, each as PEM. Throws, with a sentence an
     * operator understands, when there is no answer.
     *
     * @param request PKCS#10 as PEM
     * @param metadata what the CA is told beside the request
     */
    List<String> sign(String request, Duration validity, Map<String, String> metadata);
  }

  private final Authority authority;
  private final Duration validity;
  private final boolean shared;
  private final InstantSource clock;

  /**
   * @param shared whether this proxy asks in the name of many identities; else its token says whose
   */
  public IstioCa(Authority authority, Duration validity, boolean shared, InstantSource clock) {
    this.authority = authority;
    this.validity = validity;
    this.shared = shared;
    this.clock = clock;
  }

  @Override
  public WorkloadCertificate certify(SpiffeId identity) {
    SigningRequest request = SigningRequest.of(identity.toString());
    Map<String, String> metadata = shared ? Map.of(IMPERSONATED, identity.toString()) : Map.of();
    List<String> answer = authority.sign(request.pem(), validity, metadata);
    IssuedChain issued =
        IssuedChain.check(answer, identity.toString(), request.keys().getPublic(), clock.instant());
    return new WorkloadCertificate(
        identity, request.keys().getPrivate(), issued.chain(), issued.roots());
  }
}
