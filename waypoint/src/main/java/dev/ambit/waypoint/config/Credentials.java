package dev.ambit.waypoint.config;

import dev.ambit.model.object.Secret;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.traffic.DestinationRules.Effective;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts what a Secret says in the place of its name (spec: traffic-policy §7). A name without a
 * secret stays, and whoever is to connect with it fails.
 */
final class Credentials {
  private static final String SYSTEM = "system";

  private Credentials() {}

  static Effective in(Effective policy, ObjectIndex objects) {
    TrafficPolicy all = policy.policy();
    ClientTls tls = all.tls();
    if (tls == null || tls.credentialName().isEmpty() || tls.credentialName().equals(SYSTEM)) {
      return policy;
    }
    Secret secret = objects.secret(tls.credentialName());
    Secret authority = objects.secret(tls.credentialName() + Secret.AUTHORITY);
    if (secret == null && authority == null) {
      return policy;
    }
    ClientTls known =
        new ClientTls(
            tls.mode(),
            text(secret, "tls.crt", "cert"),
            text(secret, "tls.key", "key"),
            text(authority == null ? secret : authority, "ca.crt", "cacert"),
            "",
            tls.subjectAltNames(),
            tls.sni(),
            tls.insecureSkipVerify());
    return new Effective(
        new TrafficPolicy(
            all.loadBalancer(),
            all.connectionPool(),
            all.outlierDetection(),
            known,
            all.proxyProtocol(),
            all.retryBudget(),
            all.ports()),
        policy.labels());
  }

  /** As Secrets of type TLS call it, or as Istio's own do. */
  private static String text(@Nullable Secret secret, String key, String otherwise) {
    Map<String, String> data = secret == null ? Map.of() : secret.data();
    return data.getOrDefault(key, data.getOrDefault(otherwise, ""));
  }
}
