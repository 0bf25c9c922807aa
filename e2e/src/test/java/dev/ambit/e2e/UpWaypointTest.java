package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.AmbitCli;
import dev.ambit.cni.CniMain;
import dev.ambit.controller.ControllerMain;
import dev.ambit.daemon.Json;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.ztunnel.ZtunnelMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code ambit up} as the runtime of waypoints: real namespaces and daemons, and in the place of a
 * waypoint a script that says when it runs and when it is told to end.
 */
@Tag("kernel")
class UpWaypointTest {
  private static final String MESH =
      """
      apiVersion: v1
      kind: Namespace
      metadata: {name: demo, labels: {istio.io/dataplane-mode: ambient}}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: idle, namespace: demo}
      spec: {nodeName: node-a, containers: [{name: idle, command: [sleep, infinity]}]}
      status: {podIPs: [{ip: 10.88.1.10}, {ip: "fd88:1::a"}]}
      """;
  private static final String GATEWAY =
      """
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: wp, namespace: demo, annotations: {ambit.dev/restartedAt: "%s"}}
      spec:
        gatewayClassName: ambit-waypoint
        listeners: [{name: mesh, port: 15008, protocol: HBONE}]
      """;

  /** Answers readiness, keeps what it was given, and takes a moment to end. */
  private static final String STUB =
      """
      echo "begins $POD_NAME $GATEWAY_NAME $XDS_ADDRESS" >> "$AMBIT_STATE.log"
      cut -c1-9 "$AMBIT_JOIN_TOKEN" >> "$AMBIT_STATE.log"
      head -1 "$XDS_ROOT_CA" >> "$AMBIT_STATE.log"
      trap 'echo ends >> "$AMBIT_STATE.log"; sleep 0.3; kill $server; exit 0' TERM
      cat > /tmp/answer <<'END'
      #!/bin/bash
      while read -r line && [ "${line%$'\r'}" ]; do :; done
      printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
      END
      socat TCP4-LISTEN:15021,fork,reuseaddr EXEC:"bash /tmp/answer" & server=$!
      while :; do wait; done
      """;

  private Path home;
  private Path folder;
  private Path state;
  private Process up;

  @BeforeEach
  void start() throws Exception {
    MeshFixture.assumeRoot();
    // Not a temporary folder: pods have one of their own and would not see it.
    home =
        Files.createTempDirectory(Files.createDirectories(Path.of("target")), "up")
            .toAbsolutePath();
    folder = Files.createDirectory(home.resolve("manifests"));
    state = home.resolve("state");
    Files.writeString(folder.resolve("mesh.yaml"), MESH);
    Path launcher = Files.createDirectories(home.resolve("bin")).resolve("ambit");
    Files.writeString(launcher, launcher());
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    var builder =
        new ProcessBuilder(
            launcher.toString(), "up", "-f", folder.toString(), "--state", state.toString());
    builder.redirectErrorStream(true).redirectOutput(home.resolve("up.log").toFile());
    up = builder.start();
  }

  private String launcher() {
    return """
    #!/bin/bash
    set -eu
    export AMBIT_HOME=%s PATH=$PATH:/usr/sbin:/sbin
    case "${1:-}" in
      controller) main=%s; shift;;
      cni) main=%s; shift;;
      ztunnel) main=%s; shift;;
      waypoint) exec bash -c '%s';;
      *) main=%s;;
    esac
    exec %s/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx128m \\
      --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \\
      -Dio.netty.machineId=02:00:00:00:00:01:00:01 -cp %s $main "$@"
    """
        .formatted(
            home,
            ControllerMain.class.getName(),
            CniMain.class.getName(),
            ZtunnelMain.class.getName(),
            STUB.replace("'", "'\\''"),
            AmbitCli.class.getName(),
            System.getProperty("java.home"),
            System.getProperty("java.class.path"));
  }

  @AfterEach
  void stop() throws Exception {
    if (up == null) {
      return;
    }
    up.destroy();
    assertThat(up.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(home.resolve("up.log"));
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
    assertThat(said).doesNotContain("namespace /run/netns", "left: process", "mount /");
  }

  private String text(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return "";
    }
  }

  private String log(String pod) {
    return text(state.resolve("run/demo." + pod + "/state.log"));
  }

  private String facts() {
    return text(state.resolve("facts/pods/up.json"));
  }

  private void until(String what, java.util.function.BooleanSupplier holds) {
    Until.holds(
        what,
        () -> text(home.resolve("up.log")) + facts() + log("wp-1") + log("wp-2"),
        holds::getAsBoolean);
  }

  @Test
  void a_gateway_brings_a_waypoint_up_replaces_it_and_takes_it_away() throws Exception {
    until("the mesh", () -> Files.exists(state.resolve("mesh.json")));
    Files.writeString(folder.resolve("wp.yaml"), GATEWAY.formatted("1"));
    until("a waypoint that is ready", () -> facts().contains("\"demo/wp-1\" : \"ready\""));
    assertThat(log("wp-1"))
        .contains("begins wp-1 wp https://100.127.0.1:15012")
        .contains("ambit-pod", "BEGIN CERTIFICATE")
        .doesNotContain("ends");
    until("the mesh file", () -> text(state.resolve("mesh.json")).contains("demo/wp-1"));
    var entry =
        Json.read(Files.readAllBytes(state.resolve("mesh.json")))
            .path("waypoints")
            .path("demo/wp-1");
    assertThat(entry.path("gateway").asString("")).isEqualTo("wp");
    assertThat(entry.path("admin").asString(""))
        .isEqualTo(state.resolve("run/demo.wp-1/admin.sock").toString());

    // Its file system is the pod's own but for its folder.
    assertThat(run("sh", "-c", "ls /run; touch /x 2>&1 || echo read-only").lines())
        .contains("read-only");

    Files.writeString(folder.resolve("wp.yaml"), GATEWAY.formatted("2"));
    until("its follower", () -> facts().contains("\"demo/wp-2\" : \"ready\""));
    until("the end of the first", () -> !facts().contains("demo/wp-1"));
    assertThat(log("wp-1")).contains("ends");
    assertThat(log("wp-2")).doesNotContain("ends");

    Files.delete(folder.resolve("wp.yaml"));
    until("the end of all", () -> !facts().contains("demo/wp"));
    assertThat(log("wp-2")).contains("ends");
    assertThat(text(state.resolve("mesh.json"))).doesNotContain("demo/wp");
  }

  private String run(String... command) throws Exception {
    var all = new java.util.ArrayList<>(List.of(home.resolve("bin/ambit").toString(), "exec"));
    all.addAll(List.of("--state", state.toString(), "demo/wp-1", "--"));
    all.addAll(List.of(command));
    Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).as(said).isTrue();
    return said;
  }
}
