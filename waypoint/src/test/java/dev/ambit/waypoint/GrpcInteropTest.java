package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * gRPC's own interop client and server, each a process with a class path of its own, through a
 * whole waypoint. Left out of their cases: all that need credentials of a cloud
 * (compute_engine_creds, compute_engine_channel_credentials, service_account_creds,
 * jwt_token_creds, oauth2_auth_token, per_rpc_creds, google_default_credentials); those that
 * grpc-java's client and server do not pass without anything between them either: cacheable_unary,
 * orca_per_rpc, orca_oob, and the probes of client_compressed_unary and _streaming, so these run
 * without a probe; pick_first_unary, which is about a client with several addresses.
 */
@Tag("peers")
@Timeout(180)
final class GrpcInteropTest {
  private static final Path JARS = Path.of("..", ".tools", "grpc-interop");
  private static final String PACKAGE = "io.grpc.testing.integration.";

  @TempDir private static Path work;
  private static LocalWaypoint waypoint;
  private static Peer server;
  private static int near;

  @BeforeAll
  static void open() throws Exception {
    Assumptions.assumeTrue(
        Files.isDirectory(JARS),
        "SKIPPED: needs grpc-interop-testing (Maven Central); ./dev test brings it");
    int port = Peer.freePort();
    server =
        Peer.start(work, program("TestServiceServer", "--port=" + port, "--use_tls=false"))
            .listening(port);
    waypoint = new LocalWaypoint();
    waypoint.service("interop", 1, AppProtocol.GRPC).backend(port, "interop");
    InetSocketAddress at = waypoint.near("10.96.0.1:80");
    near = at.getPort();
  }

  @AfterAll
  static void close() {
    if (server != null) {
      server.close();
    }
    if (waypoint != null) {
      waypoint.close();
    }
  }

  private static List<String> program(String main, String... arguments) throws IOException {
    String path;
    try (Stream<Path> jars = Files.list(JARS)) {
      path = jars.sorted().map(Path::toString).collect(Collectors.joining(":"));
    }
    Stream<String> java =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-cp",
            path,
            PACKAGE + main);
    return Stream.concat(java, Stream.of(arguments)).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "empty_unary",
        "large_unary",
        "client_compressed_unary_noprobe",
        "server_compressed_unary",
        "client_streaming",
        "client_compressed_streaming_noprobe",
        "server_streaming",
        "server_compressed_streaming",
        "ping_pong",
        "empty_stream",
        "custom_metadata",
        "status_code_and_message",
        "special_status_message",
        "unimplemented_method",
        "unimplemented_service",
        "cancel_after_begin",
        "cancel_after_first_response",
        "timeout_on_sleeping_server",
        "very_large_request",
        "rpc_soak",
        "channel_soak"
      })
  void passes(String name) throws Exception {
    String said =
        Peer.run(
            work,
            Duration.ofSeconds(120),
            program(
                "TestServiceClient",
                "--server_host=127.0.0.1",
                "--server_port=" + near,
                "--use_tls=false",
                "--test_case=" + name,
                "--soak_iterations=20"));
    assertThat(said).contains("Test completed.");
  }
}
