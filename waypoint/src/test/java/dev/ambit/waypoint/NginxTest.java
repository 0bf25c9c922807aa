package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** curl through a whole waypoint to nginx, in each version of HTTP. */
@Tag("peers")
@Timeout(120)
final class NginxTest {
  private static final Path NGINX = Path.of("/usr/sbin/nginx");
  private static final Path CURL = Path.of("/usr/bin/curl");
  private static final int LARGE = 30_000_000;

  private @Nullable LocalWaypoint waypoint;
  private @Nullable Process nginx;
  private String url = "";

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    boolean there = Files.isExecutable(NGINX) && Files.isExecutable(CURL);
    Assumptions.assumeTrue(there, "SKIPPED: needs nginx and curl");
    int port = freePort();
    Files.createDirectories(folder.resolve("www"));
    Files.writeString(folder.resolve("www/hello"), "hello\n");
    Path config = Files.writeString(folder.resolve("nginx.conf"), config(folder, port));
    nginx =
        new ProcessBuilder(NGINX.toString(), "-c", config.toString(), "-p", folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    LocalWaypoint opened = new LocalWaypoint();
    waypoint = opened;
    opened.service("echo", 1, AppProtocol.HTTP11).backend(port, "echo");
    InetSocketAddress near = opened.near("10.96.0.1:80");
    url = "http://127.0.0.1:" + near.getPort();
    awaitPort(port);
  }

  private static String config(Path folder, int port) {
    return """
    daemon off;
    user root;
    master_process off;
    pid %1$s/pid;
    error_log %1$s/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path %1$s/body;
      client_max_body_size 0;
      server {
        listen 0.0.0.0:%2$d;
        root %1$s/www;
        location / { dav_methods PUT DELETE; }
        location /headers { return 200 "$http_x_one|$http_host|$server_protocol"; }
      }
    }
    """
        .formatted(folder, port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void awaitPort(int port) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (true) {
      try {
        new Socket("127.0.0.1", port).close();
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }
  }

  @AfterEach
  void close() throws Exception {
    if (nginx != null) {
      nginx.destroy();
      nginx.waitFor(10, TimeUnit.SECONDS);
    }
    if (waypoint != null) {
      waypoint.close();
    }
  }

  private String curl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(CURL.toString(), "-sS", "-m", "60"));
    command.addAll(Arrays.asList(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void a_page(String version) throws Exception {
    assertThat(curl(version, url + "/hello")).isEqualTo("hello\n");
    assertThat(curl(version, "-o", "/dev/null", "-w", "%{http_code}", url + "/missing"))
        .isEqualTo("404");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void headers_and_host(String version) throws Exception {
    String said = curl(version, "-H", "X-One: 1", "-H", "Host: a.example", url + "/headers");
    assertThat(said).isEqualTo("1|a.example|HTTP/1.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void head_and_range(String version) throws Exception {
    assertThat(curl(version, "-I", url + "/hello")).containsIgnoringCase("content-length: 6");
    assertThat(curl(version, "-r", "1-2", url + "/hello")).isEqualTo("el");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void a_large_file_goes_up_and_comes_down(String version, @TempDir Path files) throws Exception {
    byte[] large = new byte[LARGE];
    new Random(2).nextBytes(large);
    Path up = Files.write(files.resolve("up"), large);
    Path down = files.resolve("down");
    // With a length, for which curl waits for 100 (Continue), and in chunks.
    for (String framing : List.of("Expect: 100-continue", "Transfer-Encoding: chunked")) {
      boolean two = version.equals("--http2-prior-knowledge");
      String header = two ? "X-None: 1" : framing;
      assertThat(
              curl(
                  version,
                  "-H",
                  header,
                  "-T",
                  up.toString(),
                  "-o",
                  "/dev/null",
                  "-w",
                  "%{http_code}",
                  url + "/file"))
          .startsWith("20");
      curl(version, "-o", down.toString(), url + "/file");
      assertThat(Files.mismatch(up, down)).isEqualTo(-1);
    }
  }

  @Test
  void many_requests_on_one_connection() throws Exception {
    String[] arguments = new String[201];
    Arrays.fill(arguments, url + "/hello");
    arguments[0] = "--http1.1";
    assertThat(curl(arguments)).isEqualTo("hello\n".repeat(200));
  }
}
