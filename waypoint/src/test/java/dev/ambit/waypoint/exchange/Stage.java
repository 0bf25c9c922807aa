package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.route.Authority;
import dev.ambit.model.traffic.DestinationRules;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The waypoint of service {@code echo} in namespace {@code demo}, programmed by YAML, without
 * sockets and with a clock that stands still until a test moves it.
 */
final class Stage implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  static final String OWN = "spiffe://cluster.local/ns/demo/sa/waypoint";

  final EmbeddedChannel clock = new EmbeddedChannel();
  final ScriptedUpstreams upstreams = new ScriptedUpstreams(clock.eventLoop());
  final Book book = new Book();
  final ScriptedAuthorizer external = new ScriptedAuthorizer(clock.eventLoop());
  final Map<String, Cluster> clusters = new HashMap<>();
  final List<ScriptedStream> clients = new ArrayList<>();
  boolean tellsCallers;
  Exchanges.RateLimits limits = Exchanges.RateLimits.NONE;
  ExchangeSettings settings = ExchangeSettings.DEFAULT;
  JwtAuthentication.Tokens tokens = new ScriptedTokens();
  private final Random random = new Random(1);
  private Destination destination;
  private int port = 80;

  Stage(String... yaml) {
    clock.freezeTime();
    for (String name : List.of("echo", "echo-v1", "echo-v2", "echo-v3")) {
      clusters.put(host(name), cluster(name));
    }
    destination = programmed(yaml);
  }

  static String host(String name) {
    return name.indexOf('.') < 0 ? name + ".demo.svc.cluster.local" : name;
  }

  /** A rule of an HTTPRoute of echo, in YAML of eight spaces. */
  static String route(String rules) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: r, namespace: demo}
    spec:
      parentRefs: [{group: "", kind: Service, name: echo}]
      rules:
    """
        + rules.indent(2);
  }

  static Cluster cluster(String name) {
    List<Cluster.Endpoint> endpoints = new ArrayList<>();
    for (String each : List.of("a", "b")) {
      Workload pod = Workload.named(name + "-" + each).build();
      endpoints.add(new Cluster.Endpoint(pod, 8080, true));
    }
    return new Cluster(
        new Cluster.Key(new ServiceKey("demo", host(name)), "", 80, ""),
        Cluster.Protocol.AS_CLIENT,
        endpoints,
        DestinationRules.Merged.NONE.at(80, "").orElseThrow(),
        "");
  }

  /** From here on this holds. */
  void program(String... yaml) {
    destination = programmed(yaml);
  }

  void onPort(int other, String... yaml) {
    port = other;
    destination = programmed(yaml);
  }

  private Destination programmed(String... yaml) {
    List<ClusterObject> objects = new ArrayList<>();
    for (String each : yaml) {
      ManifestReader.Content content =
          ManifestReader.read("test.yaml", each.getBytes(StandardCharsets.UTF_8), NOW);
      assertThat(content.problems()).isEmpty();
      objects.addAll(content.objects());
    }
    HttpAuthorizer.Mesh mesh =
        new HttpAuthorizer.Mesh(Set.of("cluster.local"), Set.of("checker"), false);
    List<AuthorizationPolicy> policies = only(objects, AuthorizationPolicy.class);
    Service echo = Service.of("echo", new ServiceKey("demo", host("echo")), List.of(), Map.of());
    return new Destination(
        echo,
        null,
        port,
        Destination.Protocol.HTTP,
        Routes.of(objects, port),
        Routes.streams(objects, port),
        HttpAuthorizer.of(policies, mesh, HttpAuthorizer.Chain.HTTP),
        HttpAuthorizer.of(policies, mesh, HttpAuthorizer.Chain.TCP),
        JwtAuthentication.of(only(objects, RequestAuthentication.class), tokens),
        Destination.Telemetry.DEFAULT);
  }

  static <T> List<T> only(List<ClusterObject> objects, Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  Exchanges.Parts parts() {
    return new Exchanges.Parts(
        () -> new Programmed(destination),
        _ -> upstreams,
        external,
        (caller, route, request) -> limits.refuse(caller, route, request),
        book,
        InstantSource.fixed(NOW),
        random);
  }

  private final class Programmed implements Snapshot {
    private final Destination current;

    Programmed(Destination current) {
      this.current = current;
    }

    @Override
    public MeshView mesh() {
      return MeshView.empty();
    }

    @Override
    public Optional<MeshConfig> meshConfig() {
      return Optional.empty();
    }

    @Override
    public boolean tellsCallers() {
      return tellsCallers;
    }

    @Override
    public Optional<Destination> destination(Authority authority) {
      return Optional.of(current);
    }

    @Override
    public Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked) {
      return Optional.ofNullable(clusters.get(named.service().hostname()));
    }

    @Override
    public Optional<Cluster> backend(String host, int port) {
      return Optional.empty();
    }
  }

  Caller caller() {
    return new Caller(
        destination,
        SpiffeId.parse("spiffe://cluster.local/ns/demo/sa/client").orElseThrow(),
        new InetSocketAddress("10.0.0.1", 4711),
        new InetSocketAddress("10.1.0.1", port),
        null,
        NOW,
        clock.eventLoop());
  }

  /** A request without a body. */
  ScriptedStream get(String target, String... headers) {
    return sends("GET", target, true, headers);
  }

  /** A request whose body is still to come. */
  ScriptedStream post(String target, String... headers) {
    return sends("POST", target, false, headers);
  }

  ScriptedStream sends(String method, String target, boolean ended, String... headers) {
    return sends(
        new RequestHead(
            method,
            "http",
            "echo",
            target,
            ScriptedStream.headers(headers),
            "",
            RequestHead.Version.HTTP_1_1),
        ended);
  }

  ScriptedStream sends(RequestHead head, boolean ended) {
    ScriptedStream client = new ScriptedStream(clock.eventLoop());
    clients.add(client);
    new Exchanges(parts(), settings).serve(caller(), head, ended, client);
    return client;
  }

  /** Where a request without a body goes; "" when it is not sent on. */
  String backend(String target, String... headers) {
    int before = upstreams.clusters.size();
    ScriptedStream client = get(target, headers);
    if (upstreams.clusters.size() == before) {
      return client.response == null ? "" : String.valueOf(client.response.status());
    }
    upstreams.last().stream.answersAll(200);
    String host = upstreams.clusters.getLast();
    return host.substring(0, host.indexOf('.'));
  }

  void pass(Duration time) {
    clock.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    clock.runScheduledPendingTasks();
    clock.runPendingTasks();
  }

  void run() {
    clock.runPendingTasks();
  }

  /** Everything that was begun is over and was told once, and every buffer was let go. */
  @Override
  public void close() {
    clock.runPendingTasks();
    clients.forEach(ScriptedStream::assertNothingLeaked);
    upstreams.tries.forEach(each -> each.stream.assertNothingLeaked());
    assertThat(upstreams.tries).allSatisfy(each -> assertThat(each.over).as("over").isTrue());
    assertThat(upstreams.retriesUnderWay).isZero();
    assertThat(book.begun).isEqualTo(book.ended.size());
    assertThat(clock.runScheduledPendingTasks()).as("no timer is left").isEqualTo(-1);
    clock.close();
  }
}
