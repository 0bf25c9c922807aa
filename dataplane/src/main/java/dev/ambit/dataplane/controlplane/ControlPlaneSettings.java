package dev.ambit.dataplane.controlplane;

import dev.ambit.daemon.Settings;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How one service of the control plane is reached (spec: workload-xds §1, ca §1).
 *
 * @param address {@code https://HOST:PORT}; the scheme http switches TLS off
 * @param alternativeName a DNS name the server may show instead of the host of {@code address}
 * @param headers metadata of every call, {@code clusterid} among them
 */
public record ControlPlaneSettings(
    URI address,
    TrustRoots roots,
    Optional<String> alternativeName,
    Map<String, String> headers,
    Bearer token) {
  private static final String ROOT = "./var/run/secrets/istio/root-cert.pem";
  private static final String TOKEN = "./var/run/secrets/tokens/istio-token";

  public ControlPlaneSettings {
    headers = Map.copyOf(headers);
  }

  /**
   * Reads {@code SERVICE_ADDRESS}, {@code SERVICE_ROOT_CA}, {@code ALT_SERVICE_HOSTNAME} and {@code
   * SERVICE_HEADER_NAME}.
   *
   * @param service {@code XDS} or {@code CA}
   */
  public static ControlPlaneSettings from(
      Settings settings, Map<String, String> environment, String service) {
    String fallback =
        environment.containsKey("KUBERNETES_SERVICE_HOST")
            ? "https://istiod.istio-system.svc:15012"
            : "https://localhost:15012";
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("clusterid", settings.text("CLUSTER_ID", "Kubernetes"));
    String prefix = service + "_HEADER_";
    environment.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        headers.put(name.substring(prefix.length()).toLowerCase(java.util.Locale.ROOT), value);
      }
    });
    return new ControlPlaneSettings(
        address(settings, service + "_ADDRESS", fallback),
        new TrustRoots(settings.text(service + "_ROOT_CA", ROOT)),
        settings.text("ALT_" + service + "_HOSTNAME"),
        headers,
        new Bearer(settings.text("AUTH_TOKEN", TOKEN)));
  }

  private static URI address(Settings settings, String name, String fallback) {
    String text = settings.text(name, fallback);
    try {
      URI address = URI.create(text.contains("://") ? text : "https://" + text);
      if (address.getHost() != null && address.getPort() > 0 && schemeKnown(address)) {
        return address;
      }
    } catch (IllegalArgumentException malformed) {
      // Reported below, like any other address that cannot be used.
    }
    settings.mistake(name, text, "https://HOST:PORT or http://HOST:PORT");
    return URI.create(fallback);
  }

  private static boolean schemeKnown(URI address) {
    return address.getScheme().equals("https") || address.getScheme().equals("http");
  }

  public boolean tls() {
    return address.getScheme().equals("https");
  }

  /** The same service, asked in the name of {@code other}. */
  public ControlPlaneSettings withToken(Bearer other) {
    return new ControlPlaneSettings(address, roots, alternativeName, headers, other);
  }
}
