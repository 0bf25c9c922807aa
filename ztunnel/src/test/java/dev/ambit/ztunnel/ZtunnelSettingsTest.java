package dev.ambit.ztunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.xds.NodeInfo;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.ztunnel.dns.DnsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings by the names operators know. */
final class ZtunnelSettingsTest {
  private static ZtunnelSettings read(Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(Map.of("NODE_NAME", "node-a"));
    environment.putAll(more);
    Settings settings = Settings.of(environment, new String[0]);
    ZtunnelSettings read = ZtunnelSettings.from(settings, environment);
    settings.finish();
    return read;
  }

  @Test
  void what_is_not_said_has_its_default() {
    ZtunnelSettings settings = read(Map.of());
    assertThat(settings.admin().admin().getPort()).isEqualTo(15_000);
    assertThat(settings.admin().admin().getAddress().isLoopbackAddress()).isTrue();
    assertThat(settings.admin().stats().getPort()).isEqualTo(15_020);
    assertThat(settings.admin().readiness().getPort()).isEqualTo(15_021);
    assertThat(settings.secretTtl()).isEqualTo(Duration.ofHours(24));
    assertThat(settings.inpodSocket()).isEqualTo(Path.of("/var/run/ztunnel/ztunnel.sock"));
    assertThat(settings.xds().address()).hasToString("https://localhost:15012");
    assertThat(settings.ca().roots().source()).isEqualTo("./var/run/secrets/istio/root-cert.pem");
    assertThat(settings.xds().token().source()).isEqualTo("./var/run/secrets/tokens/istio-token");
    assertThat(settings.xds().headers()).isEqualTo(Map.of("clusterid", "Kubernetes"));
    assertThat(settings.join()).isEmpty();
    assertThat(read(Map.of("KUBERNETES_SERVICE_HOST", "10.0.0.1")).ca().address())
        .hasToString("https://istiod.istio-system.svc:15012");
  }

  @Test
  void names_are_served_unless_switched_off() {
    assertThat(read(Map.of()).dns().orElseThrow().listen())
        .extracting(address -> address.getAddress().getHostAddress() + " " + address.getPort())
        .containsExactly("127.0.0.1 15053", "0:0:0:0:0:0:0:1 15053");
    assertThat(read(Map.of("IPV6_ENABLED", "false")).dns().orElseThrow().listen()).hasSize(1);
    assertThat(read(Map.of("DNS_CAPTURE", "false")).dns()).isEmpty();
    assertThat(read(Map.of("ISTIO_META_DNS_CAPTURE", "false")).dns()).isEmpty();
    Map<String, String> own =
        Map.of(
            "AMBIT_DNS_NAMESERVERS", "192.0.2.1, [2001:db8::1]:5353",
            "DNS_PROXY_ADDR", "127.0.0.1:5300",
            "PREFERED_SERVICE_NAMESPACE", "shop");
    DnsSettings dns = read(own).dns().orElseThrow();
    assertThat(dns.servers())
        .extracting(IpAddresses::print)
        .containsExactly("192.0.2.1:53", "[2001:db8::1]:5353");
    assertThat(dns.listen()).extracting(IpAddresses::print).containsExactly("127.0.0.1:5300");
    assertThat(dns.names().preferredNamespace()).isEqualTo("shop");
    assertThatThrownBy(() -> read(Map.of("AMBIT_DNS_NAMESERVERS", "resolver.example")))
        .hasMessageContaining("AMBIT_DNS_NAMESERVERS");
  }

  @Test
  @DisplayName("dns 25: the mesh on demand beside served names is an error at the start")
  void no_names_on_demand() {
    assertThatThrownBy(() -> read(Map.of("XDS_ON_DEMAND", "true")))
        .hasMessageContaining("XDS_ON_DEMAND");
  }

  @ParameterizedTest(name = "ztunnel-observability 20: grace {0}, explicit {1} gives {2} s")
  @CsvSource({"30,,25", "10,,9", "1,,1", ",,5", "30,3s,3", "11,,6"})
  void the_termination_deadline_leaves_the_supervisor_behind(
      String grace, String explicit, long seconds) {
    Map<String, String> environment = new HashMap<>();
    if (grace != null) {
      environment.put("TERMINATION_GRACE_PERIOD_SECONDS", grace);
    }
    if (explicit != null) {
      environment.put("CONNECTION_TERMINATION_DEADLINE", explicit);
    }
    assertThat(read(environment).terminationDeadline()).hasSeconds(seconds);
  }

  @ParameterizedTest(name = "ztunnel-observability 22: ZTUNNEL_WORKER_THREADS={0} is an error")
  @CsvSource({"0%", "101%", "x"})
  void impossible_thread_counts_are_mistakes(String threads) {
    assertThatThrownBy(() -> read(Map.of("ZTUNNEL_WORKER_THREADS", threads)))
        .isInstanceOf(Settings.BadSettings.class)
        .hasMessageContaining("ZTUNNEL_WORKER_THREADS: got " + threads);
  }

  @Test
  void every_mistake_is_listed_at_once() {
    assertThatThrownBy(() ->
            read(
                Map.of(
                    "NODE_NAME", "",
                    "XDS_ADDRESS", "ftp://x",
                    "PROXY_MODE", "dedicated",
                    "COMPLIANCE_POLICY", "fips",
                    "SECRET_TTL", "soon",
                    "ISTIO_METAJSON_X", "{")))
        .isInstanceOf(Settings.BadSettings.class)
        .message()
        .contains("NODE_NAME", "XDS_ADDRESS", "PROXY_MODE", "COMPLIANCE_POLICY", "SECRET_TTL")
        .contains("ISTIO_METAJSON_X");
  }

  @Test
  @DisplayName("workload-xds 1: the node says who it is")
  void the_node_says_who_it_is() {
    NodeInfo info =
        read(Map.of(
                "POD_NAME", "zt",
                "POD_NAMESPACE", "istio-system",
                "ISTIO_META_OWNER", "me",
                "ISTIO_METAJSON_LABELS", "{\"a\":[1,true,null,\"x\"]}"))
            .node()
            .info();
    assertThat(info.id())
        .isEqualTo("ztunnel~1.1.1.1~zt.istio-system~istio-system.svc.cluster.local");
    assertThat(info.metadata())
        .containsEntry("NODE_NAME", "node-a")
        .containsEntry("NAME", "zt")
        .containsEntry("NAMESPACE", "istio-system")
        .containsEntry("INSTANCE_IPS", "1.1.1.1")
        .containsEntry("CLUSTER_ID", "Kubernetes")
        .containsEntry("OWNER", "me");
    assertThat(info.metadata().get("LABELS")).hasToString("{a=[1.0, true, null, x]}");
  }

  @Test
  void headers_and_alternative_names_belong_to_their_service() {
    ZtunnelSettings settings =
        read(
            Map.of(
                "XDS_HEADER_X-One", "1",
                "CA_HEADER_TWO", "2",
                "ALT_XDS_HOSTNAME", "istiod.local",
                "CLUSTER_ID", "c2",
                "XDS_ADDRESS", "http://10.0.0.1:15010"));
    assertThat(settings.xds().headers()).isEqualTo(Map.of("clusterid", "c2", "x-one", "1"));
    assertThat(settings.ca().headers()).isEqualTo(Map.of("clusterid", "c2", "two", "2"));
    assertThat(settings.xds().alternativeName()).contains("istiod.local");
    assertThat(settings.ca().alternativeName()).isEmpty();
    assertThat(settings.xds().tls()).isFalse();
  }

  @Test
  void a_join_token_is_a_file_wherever_it_is_named() {
    ZtunnelSettings settings = read(Map.of("AMBIT_JOIN_TOKEN", "token", "AMBIT_STATE", "/s"));
    assertThat(settings.join().orElseThrow().token().source()).endsWith("/token");
    assertThat(settings.join().orElseThrow().state()).isEqualTo(Path.of("/s"));
  }
}
