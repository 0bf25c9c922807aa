package dev.ambit.dataplane.xds.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.dataplane.controlplane.Bearer;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.TrustRoots;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.dataplane.identity.NodeIdentity;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.identity.wire.GrpcAuthority;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.MeshStore;
import dev.ambit.dataplane.xds.NodeInfo;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.proto.discovery.DeltaDiscoveryRequest;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.workload.Address;
import dev.ambit.proto.workload.TunnelProtocol;
import dev.ambit.proto.workload.Workload;
import io.grpc.Status;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our client of the control plane against a fake one, over real gRPC and TLS. */
final class ControlPlaneTest {
  private static final NodeInfo NODE =
      new NodeInfo(
          "ztunnel~1.1.1.1~zt.istio-system~istio-system.svc.cluster.local",
          Map.of("NODE_NAME", "node-a", "LABELS", Map.of("a", List.of(1, true, "x"))));
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");

  @TempDir Path folder;

  private final TestCa ca = TestCa.root("mesh");
  private final FakeControlPlane server = FakeControlPlane.start(ca);
  private final Readiness readiness = new Readiness();
  private final MeshStore store = new MeshStore(List.of());
  private final BlockingQueue<MeshView> views = new LinkedBlockingQueue<>();
  private final BlockingQueue<Duration> pauses = new LinkedBlockingQueue<>();
  private ControlPlaneChannel channel;
  private Thread running;

  @BeforeEach
  void write() throws Exception {
    Files.writeString(folder.resolve("root.pem"), ca.rootPem());
    Files.writeString(folder.resolve("token"), "first\n");
    store.mesh().follow(views::add);
  }

  @AfterEach
  void stop() throws Exception {
    if (running != null) {
      running.interrupt();
      assertThat(running.join(Duration.ofSeconds(10))).isTrue();
    }
    if (channel != null) {
      channel.close();
    }
    server.close();
  }

  private ControlPlaneSettings settings(URI address) {
    return new ControlPlaneSettings(
        address,
        new TrustRoots(folder.resolve("root.pem").toString()),
        Optional.empty(),
        Map.of("clusterid", "c1", "x-extra", "more"),
        new Bearer(folder.resolve("token").toString()));
  }

  private ControlPlaneChannel channel() {
    channel = new ControlPlaneChannel(settings(server.address()), ClientCredentials.NONE);
    return channel;
  }

  private void run(ControlPlaneChannel through) {
    DeltaStream stream =
        new DeltaStream(
            new GrpcControlPlane(through, NODE),
            store,
            new Metrics(),
            readiness.gate("state manager"),
            duration -> {
              pauses.add(duration);
              new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS);
            });
    running =
        Thread.ofVirtual()
            .start(() -> {
              try {
                stream.run();
              } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private MeshView nextView() throws Exception {
    MeshView view = views.poll(10, TimeUnit.SECONDS);
    assertThat(view).as("a new view").isNotNull();
    return view;
  }

  @Test
  @DisplayName("workload-xds 1, 2, 16: first requests, the recorded mesh, a NACK for what is bad")
  void the_recorded_mesh_arrives_over_the_wire() throws Exception {
    run(channel());
    FakeControlPlane.Stream stream = server.nextStream();
    assertThat(stream.caller().header("authorization")).isEqualTo("Bearer first");
    assertThat(stream.caller().header("clusterid")).isEqualTo("c1");
    assertThat(stream.caller().header("x-extra")).isEqualTo("more");
    for (String type : List.of(DeltaStream.ADDRESS, DeltaStream.AUTHORIZATION)) {
      DeltaDiscoveryRequest first = stream.nextRequest();
      assertThat(first.getTypeUrl()).isEqualTo(type);
      assertThat(first.getResourceNamesSubscribeList()).isEmpty();
      assertThat(first.getNode().getId()).isEqualTo(NODE.id());
      assertThat(first.getNode().getMetadata().getFieldsOrThrow("NODE_NAME").getStringValue())
          .isEqualTo("node-a");
    }
    stream.send(GoldenXds.addresses("n1"));
    assertThat(nextView().workloads()).hasSize(11);
    DeltaDiscoveryRequest ack = stream.nextRequest();
    assertThat(ack.getResponseNonce()).isEqualTo("n1");
    assertThat(ack.hasErrorDetail()).isFalse();
    assertThat(ack.hasNode()).isFalse();
    assertThat(readiness.ready()).isFalse();

    stream.send(
        GoldenXds.response("xds-authorization-strict.json", DeltaStream.AUTHORIZATION, "n2"));
    assertThat(nextView().policies()).hasSize(1);
    assertThat(stream.nextRequest().getResponseNonce()).isEqualTo("n2");
    // The answer is sent before the gate opens.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!readiness.ready()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }

    Workload legacy =
        Workload.newBuilder()
            .setUid("bad")
            .setNamespace("n")
            .setTunnelProtocol(TunnelProtocol.LEGACY_ISTIO_MTLS)
            .build();
    stream.send(
        DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(DeltaStream.ADDRESS)
            .setNonce("n3")
            .addResources(
                GoldenXds.resource("bad", "1", Address.newBuilder().setWorkload(legacy).build()))
            .build());
    DeltaDiscoveryRequest nack = stream.nextRequest();
    assertThat(nack.getErrorDetail().getMessage()).startsWith("bad: tunnel_protocol");
    assertThat(nack.getErrorDetail().getCode()).isZero();
  }

  @Test
  @DisplayName(
      "workload-xds 3, 20, 21: routine ends reconnect at once, with a new bearer and versions")
  void it_reconnects_with_what_it_holds() throws Exception {
    run(channel());
    FakeControlPlane.Stream first = server.nextStream();
    first.send(GoldenXds.addresses("n1"));
    nextView();
    Files.writeString(folder.resolve("token"), "second\n");
    first.end(Status.UNAVAILABLE.withDescription("closing: received prior goaway: max_age"));
    assertThat(pauses.poll(10, TimeUnit.SECONDS)).isEqualTo(Duration.ofMillis(10));
    FakeControlPlane.Stream second = server.nextStream();
    assertThat(second.caller().header("authorization")).isEqualTo("Bearer second");
    assertThat(second.nextRequest().getInitialResourceVersionsMap())
        .hasSize(20)
        .containsEntry("Kubernetes//Pod/demo/client-a", "7c94e8f09d94cfc1");
    assertThat(store.mesh().get().workloads()).hasSize(11);
  }

  @ParameterizedTest
  @CsvSource({
    "UNAUTHENTICATED, whatever, ERROR",
    "PERMISSION_DENIED, whatever, ERROR",
    "UNKNOWN, whatever, ROUTINE",
    "CANCELLED, whatever, ROUTINE",
    "DEADLINE_EXCEEDED, whatever, ROUTINE",
    "UNAVAILABLE, transport is closing, ROUTINE",
    "UNAVAILABLE, Connection closed after GOAWAY. HTTP/2 error code: NO_ERROR, ROUTINE",
    "UNAVAILABLE, io exception, CONNECTION"
  })
  void endings_follow_the_table(Status.Code code, String description, DeltaStream.Ending ending) {
    assertThat(GrpcControlPlane.ending(code.toStatus().withDescription(description)))
        .isEqualTo(ending);
  }

  @Test
  void a_control_plane_that_comes_later_is_found() throws Exception {
    int port = server.port();
    ControlPlaneChannel toNobody = channel();
    server.close();
    run(toNobody);
    assertThat(pauses.poll(10, TimeUnit.SECONDS)).isEqualTo(Duration.ofMillis(10));
    assertThat(pauses.poll(10, TimeUnit.SECONDS)).isEqualTo(Duration.ofMillis(20));
    try (FakeControlPlane late = FakeControlPlane.start(ca, ca.server("localhost"), port)) {
      late.nextStream().send(GoldenXds.addresses("n"));
      assertThat(nextView().workloads()).hasSize(11);
    }
  }

  @Test
  void a_server_of_another_name_is_refused_unless_it_is_the_alternative() throws Exception {
    try (FakeControlPlane other = FakeControlPlane.start(ca, ca.server("istiod.local"), 0)) {
      ControlPlaneSettings strict = settings(other.address());
      try (ControlPlaneChannel refused = new ControlPlaneChannel(strict, ClientCredentials.NONE)) {
        IstioCa source = ca(refused);
        assertThatThrownBy(() -> source.certify(CLIENT))
            .hasMessageContaining("UNAVAILABLE")
            .hasMessageContaining("No subject alternative DNS name matching localhost");
      }
      ControlPlaneSettings lenient =
          new ControlPlaneSettings(
              other.address(),
              strict.roots(),
              Optional.of("istiod.local"),
              strict.headers(),
              strict.token());
      try (ControlPlaneChannel accepted =
          new ControlPlaneChannel(lenient, ClientCredentials.NONE)) {
        assertThat(ca(accepted).certify(CLIENT).identity()).isEqualTo(CLIENT);
      }
    }
  }

  private static IstioCa ca(ControlPlaneChannel through) {
    return new IstioCa(
        new GrpcAuthority(through), Duration.ofHours(24), true, InstantSource.system());
  }

  @Test
  @DisplayName("ca 5, 15: the identity is impersonated, the token read anew for each call")
  void certificates_are_issued_with_the_token_of_the_moment() throws Exception {
    IstioCa source = ca(channel());
    WorkloadCertificate issued = source.certify(CLIENT);
    assertThat(issued.roots()).containsExactly(ca.certificate());
    FakeControlPlane.CertificateCall first = server.nextCertificateCall();
    assertThat(first.metadata()).containsExactly(Map.entry("ImpersonatedIdentity", "" + CLIENT));
    assertThat(first.validity()).isEqualTo(86_400);
    assertThat(first.caller().header("authorization")).isEqualTo("Bearer first");
    Files.writeString(folder.resolve("token"), "second");
    source.certify(CLIENT);
    assertThat(server.nextCertificateCall().caller().header("authorization"))
        .isEqualTo("Bearer second");
    Files.delete(folder.resolve("token"));
    assertThatThrownBy(() -> source.certify(CLIENT)).hasMessageContaining("AUTH_TOKEN");
  }

  @Test
  void a_refusal_of_the_ca_is_a_sentence() {
    server.refuse(Optional.of(Status.UNAUTHENTICATED.withDescription("request authenticate")));
    assertThatThrownBy(() -> ca(channel()).certify(CLIENT))
        .hasMessageContaining("answered UNAUTHENTICATED: request authenticate")
        .hasMessageContaining(server.address().toString());
  }

  @Test
  @DisplayName("ca 14: a root file swapped by symlink is used by the next call, a bad one is not")
  void swapped_roots_are_noticed() throws Exception {
    TestCa next = TestCa.root("next");
    Path link = folder.resolve("link.pem");
    Files.createSymbolicLink(link, folder.resolve("root.pem"));
    int port = server.port();
    ControlPlaneSettings settings =
        new ControlPlaneSettings(
            server.address(),
            new TrustRoots(link.toString()),
            Optional.empty(),
            Map.of(),
            Bearer.NONE);
    channel = new ControlPlaneChannel(settings, ClientCredentials.NONE);
    IstioCa source = ca(channel);
    source.certify(CLIENT);

    swap(link, "bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    source.certify(CLIENT);

    server.close();
    try (FakeControlPlane successor =
        FakeControlPlane.start(next, next.server("localhost"), port)) {
      assertThatThrownBy(() -> source.certify(CLIENT)).hasMessageContaining("UNAVAILABLE");
      swap(link, "next.pem", next.rootPem());
      assertThat(source.certify(CLIENT).roots()).containsExactly(next.certificate());
      assertThat(successor.nextCertificateCall().metadata()).hasSize(1);
    }
  }

  private void swap(Path link, String name, String text) throws Exception {
    Files.writeString(folder.resolve(name), text);
    Path fresh = folder.resolve(name + ".link");
    Files.createSymbolicLink(fresh, folder.resolve(name));
    Files.move(
        fresh,
        link,
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void a_joined_node_shows_its_certificate_and_no_token() throws Exception {
    ControlPlaneSettings plain = settings(server.address());
    try (ControlPlaneChannel joining =
        new ControlPlaneChannel(plain.withToken(new Bearer("join-me")), ClientCredentials.NONE)) {
      NodeIdentity node =
          new NodeIdentity(
              new NodeIdentity.Node(
                  "node-a", "cluster.local", folder.resolve("state"), plain.roots()),
              new GrpcAuthority(joining),
              Duration.ofHours(24),
              InstantSource.system());
      channel = new ControlPlaneChannel(plain.withToken(Bearer.NONE), node);
      run(channel);
      FakeControlPlane.CertificateCall join = server.nextCertificateCall();
      assertThat(join.caller().header("authorization")).isEqualTo("Bearer join-me");
      assertThat(join.metadata()).containsExactly(Map.entry("AmbitNode", "node-a"));
      assertThat(join.caller().certificate()).isEmpty();
      FakeControlPlane.Stream stream = server.nextStream();
      assertThat(stream.caller().header("authorization")).isNull();
      assertThat(uri(stream)).isEqualTo("spiffe://cluster.local/ambit/node/node-a");

      // A control plane that no longer knows the node makes it join anew.
      stream.end(Status.UNAUTHENTICATED);
      assertThat(server.nextCertificateCall().metadata()).containsKey("AmbitNode");
      FakeControlPlane.Stream again = server.nextStream();
      assertThat(again.caller().certificate()).isNotEqualTo(stream.caller().certificate());

      ca(channel).certify(CLIENT);
      assertThat(server.nextCertificateCall().caller().certificate())
          .isEqualTo(again.caller().certificate());
    }
  }

  private static String uri(FakeControlPlane.Stream stream) throws Exception {
    return String.valueOf(
        stream
            .caller()
            .certificate()
            .orElseThrow()
            .getSubjectAlternativeNames()
            .iterator()
            .next()
            .get(1));
  }
}
