package dev.ambit.daemon.manifest;

import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.DestinationRule.Subset;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import dev.ambit.model.object.TrafficPolicy.RetryBudget;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a DestinationRule (spec: traffic-policy); pools and balancers in their own readers. */
final class DestinationRuleReader {
  private static final Set<String> POLICY =
      Set.of(
          "loadBalancer",
          "connectionPool",
          "outlierDetection",
          "tls",
          "portLevelSettings",
          "tunnel",
          "proxyProtocol",
          "retryBudget");
  private static final Set<String> PORT_POLICY =
      Set.of("port", "loadBalancer", "connectionPool", "outlierDetection", "tls");
  private static final Map<String, TlsMode> TLS =
      Map.of(
          "DISABLE", TlsMode.DISABLE,
          "SIMPLE", TlsMode.SIMPLE,
          "MUTUAL", TlsMode.MUTUAL,
          "ISTIO_MUTUAL", TlsMode.ISTIO_MUTUAL);
  private static final Map<String, ProxyProtocol> PROXY =
      Map.of("V1", ProxyProtocol.V1, "V2", ProxyProtocol.V2);

  private DestinationRuleReader() {}

  static DestinationRule read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(
            fields, Set.of("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"));
    List<Subset> subsets = new ArrayList<>();
    for (FieldReader subset : spec.mappings("subsets")) {
      subset.strictly(Set.of("name", "labels", "trafficPolicy"));
      subsets.add(
          new Subset(
              subset.required("name", Forms.NAME, Forms::name),
              subset.textMap("labels"),
              policy(subset)));
    }
    FieldReader selector = spec.mappingOrEmpty("workloadSelector");
    selector.strictly(Set.of("matchLabels"));
    return new DestinationRule(
        metadata,
        spec.required("host", "the name of a host", DestinationRuleReader::host),
        policy(spec),
        subsets,
        spec.texts("exportTo", "., *, or the name of a namespace", text -> !text.isEmpty()),
        selector.textMap("matchLabels"));
  }

  /** A hostname, perhaps with {@code *} in front. */
  static boolean host(String text) {
    String rest = text.startsWith("*.") ? text.substring(2) : text;
    return text.equals("*") || Forms.name(rest);
  }

  private static TrafficPolicy policy(FieldReader parent) {
    FieldReader policy = parent.mapping("trafficPolicy").orElse(null);
    if (policy == null) {
      return TrafficPolicy.NONE;
    }
    policy.strictly(POLICY);
    if (policy.has("tunnel")) {
      policy.problem("tunnel", "a tunnel", "none: Ambit does not support it");
    }
    Map<Integer, TrafficPolicy> ports = new LinkedHashMap<>();
    for (FieldReader setting : policy.mappings("portLevelSettings")) {
      setting.strictly(PORT_POLICY);
      FieldReader port = setting.mappingOrEmpty("port");
      port.strictly(Set.of("number"));
      ports.putIfAbsent(port.requiredPort("number"), blocks(setting, Map.of()));
    }
    return blocks(policy, ports);
  }

  private static TrafficPolicy blocks(FieldReader policy, Map<Integer, TrafficPolicy> ports) {
    return new TrafficPolicy(
        LoadBalancerReader.read(policy),
        ConnectionPoolReader.read(policy),
        outlierDetection(policy),
        tls(policy),
        proxyProtocol(policy),
        retryBudget(policy),
        ports);
  }

  private static @Nullable OutlierDetection outlierDetection(FieldReader policy) {
    FieldReader block = policy.mapping("outlierDetection").orElse(null);
    if (block == null) {
      return null;
    }
    block.strictly(
        Set.of(
            "consecutiveErrors",
            "consecutive5xxErrors",
            "consecutiveGatewayErrors",
            "consecutiveLocalOriginFailures",
            "splitExternalLocalOriginErrors",
            "interval",
            "baseEjectionTime",
            "maxEjectionPercent",
            "minHealthPercent"));
    OutlierDetection usual = OutlierDetection.DEFAULT;
    // The deprecated name of Istio before 1.5 counted gateway errors.
    int gateway = count(block, "consecutiveErrors", usual.consecutiveGatewayErrors());
    Duration interval = block.duration("interval");
    Duration ejection = block.duration("baseEjectionTime");
    return new OutlierDetection(
        count(block, "consecutive5xxErrors", usual.consecutive5xx()),
        count(block, "consecutiveGatewayErrors", gateway),
        count(block, "consecutiveLocalOriginFailures", usual.consecutiveLocalFailures()),
        block.flag("splitExternalLocalOriginErrors", false),
        interval == null || interval.isZero() ? usual.interval() : interval,
        ejection == null || ejection.isZero() ? usual.baseEjectionTime() : ejection,
        percent(block, "maxEjectionPercent", usual.maxEjectionPercent()),
        (int) block.whole("minHealthPercent", 0, 100, usual.minHealthPercent()));
  }

  private static int count(FieldReader block, String name, int otherwise) {
    return (int) block.whole(name, 0, Integer.MAX_VALUE, otherwise);
  }

  private static int percent(FieldReader block, String name, int otherwise) {
    int percent = (int) block.whole(name, 0, 100, otherwise);
    return percent == 0 ? otherwise : percent;
  }

  private static @Nullable ClientTls tls(FieldReader policy) {
    FieldReader tls = policy.mapping("tls").orElse(null);
    if (tls == null) {
      return null;
    }
    tls.strictly(
        Set.of(
            "mode",
            "clientCertificate",
            "privateKey",
            "caCertificates",
            "credentialName",
            "subjectAltNames",
            "sni",
            "insecureSkipVerify"));
    return new ClientTls(
        tls.choice("mode", TLS, TlsMode.DISABLE),
        tls.text("clientCertificate", ""),
        tls.text("privateKey", ""),
        tls.text("caCertificates", ""),
        tls.text("credentialName", ""),
        tls.texts("subjectAltNames"),
        tls.text("sni", ""),
        tls.flag("insecureSkipVerify", false));
  }

  private static @Nullable ProxyProtocol proxyProtocol(FieldReader policy) {
    FieldReader protocol = policy.mapping("proxyProtocol").orElse(null);
    if (protocol == null) {
      return null;
    }
    protocol.strictly(Set.of("version"));
    return protocol.choice("version", PROXY, ProxyProtocol.V1);
  }

  private static @Nullable RetryBudget retryBudget(FieldReader policy) {
    FieldReader budget = policy.mapping("retryBudget").orElse(null);
    if (budget == null) {
      return null;
    }
    budget.strictly(Set.of("percent", "minRetryConcurrency", "budgetInterval"));
    Duration interval = budget.duration("budgetInterval");
    return new RetryBudget(
        budget.number("percent", 0, 100, 20),
        (int) budget.whole("minRetryConcurrency", 0, Integer.MAX_VALUE, 3),
        interval == null ? Duration.ZERO : interval);
  }
}
