package dev.ambit.controller.translate;

import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The secrets that DestinationRules name (spec: traffic-policy §7). Pure. */
final class Credentials {
  private static final String SYSTEM = "system";

  private Credentials() {}

  static Set<String> of(DestinationRule rule) {
    List<TrafficPolicy> policies = new ArrayList<>(List.of(rule.policy()));
    rule.subsets().forEach(each -> policies.add(each.policy()));
    for (TrafficPolicy each : List.copyOf(policies)) {
      policies.addAll(each.ports().values());
    }
    Set<String> names = new TreeSet<>();
    for (TrafficPolicy each : policies) {
      ClientTls tls = each.tls();
      if (tls != null && !tls.credentialName().isEmpty() && !tls.credentialName().equals(SYSTEM)) {
        names.add(tls.credentialName());
      }
    }
    return names;
  }
}
