package dev.ambit.controller.ca.node;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Says which node or pod calls, from its certificate or its token; the first that proves something
 * counts (spec: ca §7). A pod's token proves nothing once the pod is gone. Thread-safe.
 */
public final class CallerProof {
  private static final int URI = 6;

  private final String nodePrefix;
  private final JoinTokens tokens;
  private final PodTokens podTokens;
  private final NodeAuthorizer pods;

  public CallerProof(String trustDomain, JoinTokens tokens, NodeAuthorizer pods) {
    this.nodePrefix = nodePrefix(trustDomain);
    this.tokens = tokens;
    this.podTokens = new PodTokens(tokens);
    this.pods = pods;
  }

  /** What the URI of every node certificate begins with; never a workload's identity. */
  public static String nodePrefix(String trustDomain) {
    return "spiffe://" + trustDomain + "/ambit/node/";
  }

  /**
   * @param chain the client certificate that TLS has verified, leaf first; empty without one
   * @param bearer the token, "" without one
   * @return empty when neither proves a node or a pod that is there
   */
  public Optional<Caller> prove(List<X509Certificate> chain, String bearer, String address) {
    if (!chain.isEmpty()) {
      Optional<String> node = node(chain.getFirst());
      if (node.isPresent()) {
        return Optional.of(new Caller(node.get(), Caller.Proof.NODE_CERTIFICATE, address));
      }
    }
    Optional<Caller> node =
        tokens
            .verify(bearer)
            .map(joined -> new Caller(joined.node(), Caller.Proof.JOIN_TOKEN, address));
    return node.isPresent() ? node : pod(bearer, address);
  }

  private Optional<Caller> pod(String bearer, String address) {
    return podTokens
        .verify(bearer)
        .flatMap(proven ->
            pods.nodeOf(proven.pod())
                .map(node -> new Caller(node, Caller.Proof.POD_TOKEN, address, proven.pod())));
  }

  /** The node a certificate names; a certificate with several names proves nothing. */
  private Optional<String> node(X509Certificate leaf) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = leaf.getSubjectAlternativeNames();
      if (all == null) {
        return Optional.empty();
      }
      for (List<?> name : all) {
        if (!Integer.valueOf(URI).equals(name.getFirst())) {
          return Optional.empty();
        }
        names.add(name.getLast().toString());
      }
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
    if (names.size() != 1 || !names.getFirst().startsWith(nodePrefix)) {
      return Optional.empty();
    }
    String node = names.getFirst().substring(nodePrefix.length());
    return JoinTokens.validNode(node) ? Optional.of(node) : Optional.empty();
  }
}
