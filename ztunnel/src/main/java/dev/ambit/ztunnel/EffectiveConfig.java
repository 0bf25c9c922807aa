package dev.ambit.ztunnel;

import dev.ambit.daemon.Json;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.TrustRoots;
import dev.ambit.dataplane.net.TransportSettings.OriginalSource;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.ztunnel.dns.DnsSettings;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The settings in use, under the keys the real ztunnel shows them (spec: ztunnel-observability
 * §3.1). Keys of abilities we lack say so: they are off, or null. Tokens are never shown.
 */
final class EffectiveConfig {
  private final ZtunnelSettings settings;
  private final ObjectNode json = Json.object();

  private EffectiveConfig(ZtunnelSettings settings) {
    this.settings = settings;
  }

  static JsonNode of(ZtunnelSettings settings) {
    EffectiveConfig config = new EffectiveConfig(settings);
    config.windows();
    config.sockets();
    config.addresses();
    config.identity();
    config.controlPlane();
    config.names();
    config.absent();
    return config.json;
  }

  private void windows() {
    json.put("windowSize", settings.proxy().hbone().streamWindow());
    json.put("connectionWindowSize", settings.proxy().hbone().connectionWindow());
    json.put("frameSize", settings.proxy().hbone().frameSize());
    json.put("poolMaxStreamsPerConn", settings.proxy().hbone().streamsPerTunnel());
    json.set("poolUnusedReleaseTimeout", seconds(settings.proxy().hbone().unusedRelease()));
    json.put("numWorkerThreads", settings.transport().loops());
    json.put("transport", settings.transport().kind().name().toLowerCase(java.util.Locale.ROOT));
    json.set("selfTerminationDeadline", seconds(settings.terminationDeadline()));
  }

  private void sockets() {
    SocketSettings sockets = settings.transport().sockets();
    ObjectNode config = json.putObject("socketConfig");
    config.set("keepaliveTime", seconds(Duration.ofSeconds(sockets.keepAliveTime())));
    config.set("keepaliveInterval", seconds(Duration.ofSeconds(sockets.keepAliveInterval())));
    config.put("keepaliveRetries", sockets.keepAliveProbes());
    config.put("keepaliveEnabled", sockets.keepAliveTime() > 0);
    config.put("userTimeoutEnabled", sockets.userTimeout());
    json.put("ipv6Enabled", sockets.ipv6());
    json.put("packetMark", sockets.mark());
    json.put("inpodPortReuse", sockets.reusePort());
    if (sockets.originalSource() == OriginalSource.PROBE) {
      json.putNull("requireOriginalSource");
    } else {
      json.put("requireOriginalSource", sockets.originalSource() == OriginalSource.TRUE);
    }
    json.put("localhostAppTunnel", true);
  }

  private void addresses() {
    String any = settings.transport().sockets().ipv6() ? "[::]" : "0.0.0.0";
    json.put("inboundAddr", any + ":15008");
    json.put("inboundPlaintextAddr", any + ":15006");
    json.put("outboundAddr", any + ":15001");
    json.putArray("illegalPorts").add(15008).add(15001).add(15006);
    json.putObject("adminAddr")
        .putArray("Localhost")
        .add(settings.transport().sockets().ipv6())
        .add(settings.admin().admin().getPort());
    json.putObject("statsAddr").put("SocketAddr", any + port(settings.admin().stats()));
    json.putObject("readinessAddr").put("SocketAddr", any + port(settings.admin().readiness()));
    json.put("inpodUds", settings.inpodSocket().toString());
  }

  private static String port(InetSocketAddress address) {
    return ":" + address.getPort();
  }

  private void identity() {
    NodeSettings node = settings.node();
    json.put("localNode", node.name());
    json.put("network", node.network());
    json.put("clusterId", node.clusterId());
    json.put("clusterDomain", node.clusterDomain());
    json.put("proxyMode", "Shared");
    json.put("proxy", true);
    json.put("proxyArgs", "proxy ztunnel");
    json.putNull("proxyWorkloadInformation");
    json.put(
        "ztunnelIdentity",
        "spiffe://"
            + node.trustDomain()
            + "/ns/"
            + node.podNamespace()
            + "/sa/"
            + node.serviceAccount());
    json.putObject("ztunnelWorkload")
        .put("name", node.podName())
        .put("namespace", node.podNamespace())
        .put("serviceAccount", node.serviceAccount());
    ObjectNode metadata = json.putObject("proxyMetadata");
    new TreeMap<>(node.metadata())
        .forEach((name, value) -> metadata.put(name, String.valueOf(value)));
    json.set("secretTtl", seconds(settings.secretTtl()));
  }

  private void controlPlane() {
    service("xds", "altXdsHostname", "xdsRootCert", settings.xds());
    service("ca", "altCaHostname", "caRootCert", settings.ca());
    json.put("nodeJoin", settings.join().isPresent());
  }

  private void service(
      String prefix, String alternative, String rootKey, ControlPlaneSettings service) {
    json.put(prefix + "Address", service.address().toString());
    json.put(alternative, service.alternativeName().orElse(null));
    TrustRoots roots = service.roots();
    if (roots.file()) {
      json.putObject(rootKey).put("File", roots.describe());
    } else {
      json.put(rootKey, roots.describe());
    }
    var headers = json.putArray(prefix + "Headers");
    service.headers().keySet().stream()
        .filter(name -> !name.equals("clusterid"))
        .sorted()
        .forEach(headers::add);
  }

  private void names() {
    json.put("dnsProxy", settings.dns().isPresent());
    if (settings.dns().isEmpty()) {
      json.putNull("dnsProxyAddr").putNull("dnsResolverCfg").putNull("preferedServiceNamespace");
    } else {
      DnsSettings dns = settings.dns().get();
      json.put("dnsProxyAddr", IpAddresses.print(dns.listen().getFirst()));
      var servers = json.putObject("dnsResolverCfg").putArray("name_servers");
      dns.servers().forEach(server -> servers.add(IpAddresses.print(server)));
      String preferred = dns.names().preferredNamespace();
      json.put("preferedServiceNamespace", preferred.isEmpty() ? null : preferred);
    }
    json.putNull("dnsResolverOpts");
  }

  private void absent() {
    json.putNull("socks5Addr");
    if (settings.revocationLists().isPresent()) {
      json.put("crlPath", settings.revocationLists().get().toString());
    } else {
      json.putNull("crlPath");
    }
    json.put("xdsOnDemand", false);
    json.put("fakeCa", false);
    json.put("fakeSelfInbound", false);
    json.put("enableEnhancedBaggage", true);
  }

  private static ObjectNode seconds(Duration duration) {
    return Json.object().put("nanos", duration.getNano()).put("secs", duration.getSeconds());
  }
}
