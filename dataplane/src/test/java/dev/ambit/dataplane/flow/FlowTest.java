package dev.ambit.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.dataplane.identity.ManualTime;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a connection leaves in metrics and log. */
final class FlowTest {
  private static final Workload CLIENT =
      Workload.named("Kubernetes//Pod/demo/client-a")
          .name("client-a")
          .namespace("demo")
          .serviceAccount("client")
          .workloadName("client-a")
          .canonicalName("client")
          .canonicalRevision("v1")
          .locality(new Locality("r1", "za", ""))
          .build();
  private static final Workload ECHO =
      Workload.named("Kubernetes//Pod/demo/echo-b")
          .name("echo-b")
          .namespace("demo")
          .serviceAccount("echo")
          .workloadName("echo-b")
          .canonicalName("echo")
          .canonicalRevision("v1")
          .locality(new Locality("r1", "zb", ""))
          .build();
  private static final Service SERVICE =
      Service.of(
          "echo", new ServiceKey("demo", "echo.demo.svc.cluster.local"), List.of(), Map.of());
  private static final InetSocketAddress FROM = at("10.244.1.10", 29268);
  private static final InetSocketAddress TO = at("10.244.2.11", 15008);

  private final ManualTime time = new ManualTime(Instant.parse("2026-11-24T12:00:00Z"));
  private final Metrics metrics = new Metrics();
  private final FlowRecorder recorder = new FlowRecorder(metrics, time);
  private final EmbeddedChannel loop = new EmbeddedChannel();
  private final List<String> lines = new ArrayList<>();
  private final Runnable unfollow = Log.follow(lines::add);

  @AfterEach
  void stop() {
    unfollow.run();
    loop.close();
  }

  static InetSocketAddress at(String ip, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(ip), port);
  }

  private Flow begin(Flow.Direction direction) {
    return recorder.begin(direction, loop.eventLoop(), FROM, TO);
  }

  /** A connection through the tunnel, with everything known. */
  private Flow tunnelled(Flow.Direction direction) {
    Flow flow = begin(direction);
    flow.source(CLIENT);
    flow.destination(ECHO);
    flow.service(SERVICE);
    flow.authority("10.244.2.11:8080");
    flow.mutualTls(CLIENT.identity(), ECHO.identity());
    return flow;
  }

  private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  /** One line of an exposition. */
  private record Sample(String name, Map<String, String> labels, double value) {
    static List<Sample> all(String exposition) {
      List<Sample> samples = new ArrayList<>();
      for (String line : exposition.split("\n", -1)) {
        Matcher sample = SAMPLE.matcher(line);
        if (!line.startsWith("#") && sample.matches()) {
          Map<String, String> labels = new LinkedHashMap<>();
          Matcher label = LABEL.matcher(Objects.requireNonNullElse(sample.group(2), ""));
          while (label.find()) {
            labels.put(label.group(1), label.group(2));
          }
          samples.add(new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3))));
        }
      }
      return samples;
    }
  }

  private List<Sample> samples(String name) {
    String text = new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
    return Sample.all(text).stream().filter(sample -> sample.name.equals(name)).toList();
  }

  private Sample sample(String name) {
    assertThat(samples(name)).hasSize(1);
    return samples(name).getFirst();
  }

  private String accessLine() {
    return lines.stream().filter(line -> line.contains("\taccess\t")).toList().getLast();
  }

  static String golden(String file) {
    try (InputStream in = FlowTest.class.getResourceAsStream("/golden/" + file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName(
      "ztunnel-observability 1: bytes mean the same for both reporters, the log its own app")
  void bytes_are_counted_in_the_known_direction() {
    for (Flow.Direction direction : Flow.Direction.values()) {
      Flow flow = tunnelled(direction);
      flow.opened();
      flow.toServer(11);
      flow.toClient(22);
      assertThat(samples("istio_tcp_received_bytes_total"))
          .last()
          .extracting(Sample::value)
          .as("live")
          .isEqualTo(11.0);
      flow.closed();
      assertThat(accessLine())
          .contains(
              direction == Flow.Direction.OUTBOUND
                  ? "bytes_sent=11 bytes_recv=22"
                  : "bytes_sent=22 bytes_recv=11");
    }
    assertThat(samples("istio_tcp_received_bytes_total"))
        .extracting(Sample::value)
        .containsExactly(11.0, 11.0);
    assertThat(samples("istio_tcp_sent_bytes_total"))
        .extracting(Sample::value)
        .containsExactly(22.0, 22.0);
  }

  @Test
  @DisplayName("ztunnel-observability 2: one tunnelled connection is opened 1 and closed 1")
  void a_tunnelled_connection_names_both_principals() {
    Flow flow = tunnelled(Flow.Direction.INBOUND);
    flow.opened();
    flow.closed();
    flow.closed();
    for (String name :
        List.of("istio_tcp_connections_opened_total", "istio_tcp_connections_closed_total")) {
      Sample sample = sample(name);
      assertThat(sample.value()).isEqualTo(1);
      assertThat(sample.labels())
          .containsEntry("connection_security_policy", "mutual_tls")
          .containsEntry("source_principal", "spiffe://cluster.local/ns/demo/sa/client")
          .containsEntry("destination_principal", "spiffe://cluster.local/ns/demo/sa/echo")
          .containsEntry("response_flags", "-");
    }
    assertThat(samples("istio_tcp_connections_failed_total")).isEmpty();
  }

  @Test
  @DisplayName("ztunnel-observability 3, 27: of a stranger everything is unknown")
  void a_plaintext_stranger_is_unknown() {
    Flow flow = begin(Flow.Direction.INBOUND);
    flow.destination(ECHO);
    flow.opened();
    flow.closed();
    Sample known = sample("istio_tcp_connections_opened_total");
    assertThat(known.labels())
        .containsEntry("source_workload", "unknown")
        .containsEntry("source_principal", "unknown")
        .containsEntry("source_cluster", "unknown")
        .containsEntry("connection_security_policy", "unknown")
        .containsEntry("source_region", "unknown")
        .containsEntry("destination_zone", "zb");
    assertThat(accessLine()).doesNotContain("src.identity").doesNotContain("src.workload");
  }

  @Test
  @DisplayName("ztunnel-observability 27: no locality label when neither workload is known")
  void localities_are_left_out_when_nobody_is_known() {
    Flow unknown = begin(Flow.Direction.OUTBOUND);
    unknown.opened();
    unknown.closed();
    assertThat(sample("istio_tcp_connections_opened_total").labels())
        .doesNotContainKeys(
            "source_region", "source_zone", "destination_region", "destination_zone");
    Flow known = begin(Flow.Direction.OUTBOUND);
    known.source(CLIENT);
    known.opened();
    assertThat(samples("istio_tcp_connections_opened_total"))
        .extracting(sample -> sample.labels().get("destination_zone"))
        .containsExactlyInAnyOrder(null, "unknown");
  }

  @Test
  @DisplayName("ztunnel-observability 4: a denied connection is closed and failed with DENY")
  void a_denial_names_the_policy() {
    Flow flow = tunnelled(Flow.Direction.INBOUND);
    flow.opened();
    flow.failed(
        Failure.POLICY_DENIED,
        "connection closed due to policy rejection: explicitly denied by: demo/no");
    assertThat(sample("istio_tcp_connections_opened_total").labels())
        .containsEntry("response_flags", "-");
    assertThat(sample("istio_tcp_connections_closed_total").labels())
        .containsEntry("response_flags", "DENY");
    assertThat(sample("istio_tcp_connections_failed_total").labels())
        .containsEntry("response_flags", "DENY");
    assertThat(accessLine())
        .contains("\terror\taccess\tconnection complete\t")
        .endsWith(
            "error=\"connection closed due to policy rejection: explicitly denied by: demo/no\"");
  }

  @Test
  @DisplayName("ztunnel-observability 5: an early refusal is one WARN line and no series")
  void an_early_refusal_has_no_series() {
    Flow flow = begin(Flow.Direction.INBOUND);
    flow.refusedEarly(Failure.WRONG_DESTINATION, "ip mismatch: 10.244.2.11 != 8.8.8.8");
    assertThat(samples("istio_tcp_connections_opened_total")).isEmpty();
    assertThat(samples("istio_tcp_connections_closed_total")).isEmpty();
    assertThat(accessLine())
        .endsWith(
            "\twarn\taccess\tconnection failed\tsrc.addr=10.244.1.10:29268"
                + " dst.addr=10.244.2.11:15008 direction=\"inbound\""
                + " error=\"ip mismatch: 10.244.2.11 != 8.8.8.8\"");
  }

  @ParameterizedTest(name = "ztunnel-observability 6-9: {0} has the flag of the table")
  @MethodSource("flags")
  void failures_have_flags(Failure failure, String flag) {
    Flow flow = tunnelled(Flow.Direction.OUTBOUND);
    flow.opened();
    flow.failed(failure, failure.advice());
    assertThat(sample("istio_tcp_connections_failed_total").labels())
        .containsEntry("response_flags", flag);
  }

  static List<Object[]> flags() {
    return List.of(
        new Object[] {Failure.UNREACHABLE, "CONNECT"},
        new Object[] {Failure.TLS, "TLS_FAILURE"},
        new Object[] {Failure.BLOCKED_TUNNEL_PORT, "NETWORK_POLICY"},
        new Object[] {Failure.NO_CERTIFICATE, "IDENTITY_ERROR"},
        new Object[] {Failure.HTTP2, "H2_HANDSHAKE_FAILURE"},
        new Object[] {Failure.REVOKED, "CERT_REVOKED"});
  }

  @Test
  @DisplayName("ztunnel-observability 11: names and ordered labels are those of the real ztunnel")
  void names_and_labels_are_those_of_istio() {
    Flow flow = tunnelled(Flow.Direction.INBOUND);
    flow.opened();
    flow.failed(Failure.BROKEN, "x");
    String text = new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
    Map<String, List<String>> ours = labelNames(text);
    Map<String, List<String>> theirs = labelNames(golden("metrics-node-b.txt"));
    theirs.keySet().removeIf(name -> !name.startsWith("istio_tcp"));
    assertThat(theirs).isNotEmpty();
    assertThat(ours).containsAllEntriesOf(theirs);
    assertThat(text)
        .contains("# TYPE istio_tcp_received_bytes counter")
        .contains("# TYPE istio_tcp_sockets_open gauge");
  }

  private static Map<String, List<String>> labelNames(String exposition) {
    Map<String, List<String>> names = new TreeMap<>();
    for (Sample sample : Sample.all(exposition)) {
      names.put(sample.name(), List.copyOf(sample.labels().keySet()));
    }
    return names;
  }

  @Test
  @DisplayName("ztunnel-observability 23: the gauge of open sockets comes back to 0")
  void open_sockets_come_back_to_none() {
    Flow first = tunnelled(Flow.Direction.INBOUND);
    Flow second = begin(Flow.Direction.INBOUND);
    Flow third = tunnelled(Flow.Direction.INBOUND);
    assertThat(socketsOpen("destination")).isEqualTo(3);
    assertThat(socketsOpen("source")).isZero();
    first.opened();
    first.closed();
    second.refusedEarly(Failure.BAD_REQUEST, "x");
    third.opened();
    third.failed(Failure.DRAINED, "connection closed due to connection drain");
    assertThat(socketsOpen("destination")).isZero();
  }

  private double socketsOpen(String reporter) {
    return samples("istio_tcp_sockets_open").stream()
        .filter(sample -> sample.labels().containsValue(reporter))
        .mapToDouble(Sample::value)
        .sum();
  }

  @Test
  void baggage_describes_a_source_nobody_knows() {
    Flow flow = begin(Flow.Direction.INBOUND);
    flow.baggage(
        "k8s.cluster.name=C,k8s.namespace.name=N,k8s.deployment.name=D,service.name=S,"
            + "service.version=V,cloud.region=R,other=x,cloud.availability_zone=Z");
    flow.mutualTls(new SpiffeId("td", "N", "A"), ECHO.identity());
    flow.destination(ECHO);
    flow.opened();
    assertThat(sample("istio_tcp_connections_opened_total").labels())
        .containsEntry("source_workload", "D")
        .containsEntry("source_app", "D")
        .containsEntry("source_canonical_service", "S")
        .containsEntry("source_version", "V")
        .containsEntry("source_workload_namespace", "N")
        .containsEntry("source_cluster", "C")
        .containsEntry("source_region", "R")
        .containsEntry("source_zone", "Z")
        .containsEntry("source_principal", "spiffe://td/ns/N/sa/A");
  }

  @Test
  void baggage_yields_to_the_workload_and_garbage_is_none() {
    Flow flow = tunnelled(Flow.Direction.INBOUND);
    flow.baggage("k8s.pod.name=");
    flow.opened();
    Flow garbage = begin(Flow.Direction.INBOUND);
    garbage.baggage("k8s.pod.name=\u0001");
    garbage.opened();
    assertThat(samples("istio_tcp_connections_opened_total"))
        .extracting(sample -> sample.labels().get("source_workload"))
        .containsExactlyInAnyOrder("client-a", "unknown");
  }

  @Test
  void a_series_nobody_used_for_an_hour_goes_and_one_in_use_stays() {
    Flow live = tunnelled(Flow.Direction.OUTBOUND);
    live.opened();
    Flow done = tunnelled(Flow.Direction.INBOUND);
    done.opened();
    done.closed();
    time.advance(Duration.ofMinutes(59));
    recorder.forgetIdleSeries();
    loop.runPendingTasks();
    assertThat(samples("istio_tcp_connections_opened_total")).hasSize(2);
    time.advance(Duration.ofMinutes(2));
    recorder.forgetIdleSeries();
    loop.runPendingTasks();
    assertThat(sample("istio_tcp_connections_opened_total").labels())
        .containsEntry("reporter", "source");
    live.toServer(5);
    assertThat(sample("istio_tcp_received_bytes_total").value()).isEqualTo(5);
  }

  @Test
  void label_sets_beyond_the_limit_are_counted_as_unknown() {
    Metrics few = new Metrics();
    FlowRecorder small = new FlowRecorder(few, time, 2);
    for (int i = 0; i < 5; i++) {
      Flow flow = small.begin(Flow.Direction.INBOUND, loop.eventLoop(), FROM, TO);
      flow.destination(Workload.named("w" + i).namespace("n").workloadName("w" + i).build());
      flow.opened();
      flow.closed();
    }
    List<Sample> opened =
        Sample.all(new String(few.scrape("").body(), StandardCharsets.UTF_8)).stream()
            .filter(sample -> sample.name().equals("istio_tcp_connections_opened_total"))
            .toList();
    assertThat(opened).hasSize(3);
    assertThat(opened.stream().mapToDouble(Sample::value).sum()).isEqualTo(5);
  }
}
