package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Place;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.config.Snapshots;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.log.LogFormat;
import dev.ambit.waypoint.telemetry.metric.PolicyCounts;
import dev.ambit.waypoint.telemetry.metric.RequestMetrics;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import dev.ambit.waypoint.telemetry.trace.SpanWriter;
import dev.ambit.waypoint.telemetry.trace.Tracer;
import io.netty.channel.DefaultEventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A mesh with a client, two services and a recorder, for tests of what is told. */
final class Scene implements AutoCloseable {
  static final SpiffeId CLIENT = new SpiffeId("cluster.local", "shop", "captured");
  static final Instant NOON = Instant.parse("2026-11-25T12:00:00.123Z");
  private static final GatewayAddress WAYPOINT =
      new GatewayAddress(new GatewayAddress.ByHostname(key("wp")), 15008);

  final Metrics metrics = new Metrics();
  Instant now = NOON;
  final Map<String, AccessLogs.Target> logs = new HashMap<>();
  final Map<String, Tracer.Provider> tracing = new HashMap<>();
  final ConcurrentLinkedQueue<FinishedSpan> spans = new ConcurrentLinkedQueue<>();
  final MeshView mesh;
  final Snapshot snapshot;
  final RequestMetrics counted;
  final AccessLogs accessLogs;
  final MeshRecorder recorder;
  private final DefaultEventLoop loop = new DefaultEventLoop();

  /** With objects as YAML. */
  Scene(String... yaml) {
    mesh =
        MeshView.empty()
            .with(new MeshChange.ServicePut(service("svc", 1)))
            .with(new MeshChange.ServicePut(service("other", 2)))
            .with(new MeshChange.WorkloadPut(workload("shop", "captured", "10.244.0.9")))
            .with(new MeshChange.WorkloadPut(workload("demo", "svc", "10.244.0.1")));
    snapshot = Snapshots.of(mesh, objects(yaml), Place.of("demo", "wp"));
    logs.put("envoy", AccessLogs.Target.STDOUT);
    logs.put("json", new AccessLogs.Target("/dev/stdout", LogFormat.JSON));
    tracing.put("otel", new Tracer.Provider(false, -1, spans::add));
    tracing.put("zipkin", new Tracer.Provider(true, 100, spans::add));
    Self self = new Self("demo", "wp", "wp-0", "latest", "10.244.0.7", "Kubernetes", "m", "");
    InstantSource clock = () -> now;
    counted = new RequestMetrics(metrics, clock, () -> mesh, "", 20);
    accessLogs = new AccessLogs(metrics, () -> logs);
    recorder =
        new MeshRecorder(
            clock,
            counted,
            new PolicyCounts(metrics),
            accessLogs,
            new Tracer(() -> tracing, new SpanWriter(self, Map.of("HOME", "/root"))));
  }

  static ServiceKey key(String name) {
    return new ServiceKey("demo", name + ".demo.svc.cluster.local");
  }

  private static Service service(String name, int last) {
    return new Service(
        name,
        key(name),
        List.of(new NetworkAddress("", InetAddress.ofLiteral("10.96.0." + last))),
        List.of(),
        Map.of(80, new ServicePort(80, 8080, ServicePort.AppProtocol.HTTP11)),
        List.of(),
        WAYPOINT,
        List.of(),
        LoadBalancing.DEFAULT,
        Service.IpFamilies.AUTOMATIC,
        true,
        false,
        Service.Visibility.PUBLIC);
  }

  private static Workload workload(String namespace, String name, String ip) {
    return Workload.named("Kubernetes//Pod/" + namespace + "/" + name + "-1")
        .name(name + "-1")
        .namespace(namespace)
        .serviceAccount(name)
        .addresses(List.of(InetAddress.ofLiteral(ip)))
        .workloadName(name + "-v1")
        .canonicalName(name)
        .canonicalRevision("v1")
        .services(Map.of(key(name), Map.of(80, 8080)))
        .build();
  }

  private static List<ClusterObject> objects(String... yaml) {
    byte[] text = String.join("\n---\n", yaml).getBytes(StandardCharsets.UTF_8);
    ManifestReader.Content content = ManifestReader.read("test.yaml", text, NOON);
    if (!content.problems().isEmpty()) {
      throw new IllegalArgumentException(content.problems().toString());
    }
    return content.objects();
  }

  Destination destination(String service) {
    String authority = service.equals("svc") ? "10.96.0.1:80" : "10.96.0.2:80";
    return snapshot.destination(Authority.parse(authority).orElseThrow()).orElseThrow();
  }

  Caller caller(String service, String ip, SpiffeId peer) {
    return new Caller(
        destination(service),
        peer,
        new InetSocketAddress(InetAddress.ofLiteral(ip), 41000),
        new InetSocketAddress(
            InetAddress.ofLiteral(service.equals("svc") ? "10.96.0.1" : "10.96.0.2"), 80),
        null,
        NOON,
        loop);
  }

  Caller caller() {
    return caller("svc", "10.244.0.9", CLIENT);
  }

  static RequestHead head(String... headers) {
    HttpHeaders all = new DefaultHttpHeaders();
    for (int i = 0; i < headers.length; i += 2) {
      all.set(headers[i], headers[i + 1]);
    }
    return new RequestHead(
        "GET", "http", "svc", "/shop?q=1", all, "", RequestHead.Version.HTTP_1_1);
  }

  Told told(Caller caller, RequestHead head) {
    return new Told(caller, head, head.target(), 1_000_000_000L);
  }

  /** A request that {@code svc}'s endpoint answered, 12 ms after it came. */
  Told answered(int status, String... headers) {
    Told told = told(caller(), head(headers));
    recorder.begun(told);
    reached(told);
    told.status = status;
    told.details = "via_upstream";
    end(told);
    return told;
  }

  void reached(Told told) {
    told.cluster = new Cluster.Key(key("svc"), "", 80, "");
    told.endpoint = endpoint();
    told.firstUpstreamByteNanos = told.startNanos + 11_000_000;
    told.routeName = "default";
  }

  void end(Told told) {
    told.endNanos = told.startNanos + 12_400_000;
    told.bytesReceived = 3;
    told.bytesSent = 1200;
    recorder.ended(told);
  }

  Cluster.Endpoint endpoint() {
    Workload workload = mesh.workload("Kubernetes//Pod/demo/svc-1").orElseThrow();
    return new Cluster.Endpoint(workload, 8080, true);
  }

  /** Lines of the exposition that begin with {@code start}. */
  List<String> series(String start) {
    String text = new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
    return text.lines().filter(line -> line.startsWith(start)).toList();
  }

  /** The value of a label in a line of the exposition. */
  static @Nullable String label(String line, String name) {
    int at = line.indexOf(',' + name + "=\"");
    at = at < 0 ? line.indexOf('{' + name + "=\"") : at;
    if (at < 0) {
      return null;
    }
    int start = at + name.length() + 3;
    return line.substring(start, line.indexOf('"', start));
  }

  @Override
  public void close() {
    loop.shutdownGracefully();
  }
}
