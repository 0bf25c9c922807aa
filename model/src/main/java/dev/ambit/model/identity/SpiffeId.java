package dev.ambit.model.identity;

import java.util.Optional;

/**
 * The identity of a workload: {@code spiffe://<trust domain>/ns/<namespace>/sa/<service account>}
 * (spec: hbone §2.1).
 */
public record SpiffeId(String trustDomain, String namespace, String serviceAccount) {
  private static final String SCHEME = "spiffe://";

  /** The trust domain of a mesh that did not choose one. */
  public static final String DEFAULT_TRUST_DOMAIN = "cluster.local";

  public SpiffeId {
    requireSegment("trust domain", trustDomain);
    requireSegment("namespace", namespace);
    requireSegment("service account", serviceAccount);
  }

  private static void requireSegment(String what, String value) {
    if (value.isEmpty() || value.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          what + ": got \"" + value + "\", expected a non-empty name without '/'");
    }
  }

  /** Reads an identity URI; empty when {@code uri} has any other form. */
  public static Optional<SpiffeId> parse(String uri) {
    if (!uri.startsWith(SCHEME)) {
      return Optional.empty();
    }
    String[] parts = uri.substring(SCHEME.length()).split("/", -1);
    if (parts.length != 5
        || !parts[1].equals("ns")
        || !parts[3].equals("sa")
        || parts[0].isEmpty()
        || parts[2].isEmpty()
        || parts[4].isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new SpiffeId(parts[0], parts[2], parts[4]));
  }

  /** The form policies compare with: without the scheme (spec: l4-authorization §3.3). */
  public String principal() {
    return trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
  }

  @Override
  public String toString() {
    return SCHEME + principal();
  }
}
