package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.AdminServer.Page;
import dev.ambit.daemon.AdminServer.Reply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminServerTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Path socket;
  private AdminServer server;
  private final CountDownLatch hang = new CountDownLatch(1);

  @BeforeEach
  void start() {
    socket = folder.resolve("admin.sock");
    Map<String, Page> pages =
        Map.of(
            "/echo", request -> Reply.text(200, request.method() + " " + request.query()),
            "/big", request -> Reply.text(200, "x".repeat(100_000)),
            "/broken",
                request -> {
                  throw new IllegalStateException("scripted");
                },
            "/hang",
                request -> {
                  hang.await();
                  return Reply.text(200, "");
                });
    server = AdminServer.start("test", ANY_PORT, socket, pages);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private byte[] raw(String request) throws IOException {
    try (Socket client = new Socket(server.address().getAddress(), server.address().getPort())) {
      client.setSoTimeout(10_000);
      client.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return client.getInputStream().readAllBytes();
    }
  }

  private String ask(String request) throws IOException {
    return new String(raw(request), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /echo?level=a%3Db&reset HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n|200|GET {level=[a=b], reset=[]}",
        "POST /echo HTTP/1.1\\r\\nHost: localhost:15000\\r\\n\\r\\n|200|POST {}",
        "POST /echo HTTP/1.1\\r\\nHost: [::1]:15000\\r\\nContent-Length: 3\\r\\n\\r\\nabc|200|POST {}",
        "POST /echo HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n|403|Host: got evil.example",
        "POST /echo HTTP/1.1\\r\\nHost: localhost.evil.example\\r\\n\\r\\n|403|Host: got",
        "POST /echo HTTP/1.1\\r\\n\\r\\n|403|Host: got",
        "GET /nothing HTTP/1.1\\r\\n\\r\\n|404|Not Found",
        "GET /broken HTTP/1.1\\r\\n\\r\\n|500|scripted",
        "GET echo HTTP/1.1\\r\\n\\r\\n|400|request line",
        "GET /echo HTTP/2.0\\r\\n\\r\\n|400|request line",
        "GET /echo?a=%zz HTTP/1.1\\r\\n\\r\\n|400|query",
        "GET /echo HTTP/1.1\\r\\nbroken\\r\\n\\r\\n|400|header",
        "POST /echo HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n|411|body",
        "POST /echo HTTP/1.1\\r\\nContent-Length: 70000\\r\\n\\r\\n|413|body",
        "\\x16\\x03\\x01garbage\\r\\n\\r\\n|400|request line",
      })
  void answers(String request, int status, String body) throws IOException {
    assertThat(ask(request.replace("\\r\\n", "\r\n")))
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("connection: close\r\n")
        .contains(body);
  }

  @Test
  @DisplayName("threat-model limits: a request head has 8 KiB")
  void a_long_head_is_refused() throws IOException {
    assertThat(ask("GET /echo?" + "a".repeat(9000))).startsWith("HTTP/1.1 431 ");
  }

  @Test
  @DisplayName("ztunnel-observability §3: a request head has 2 s")
  void a_slow_head_is_cut() throws IOException {
    long began = System.nanoTime();
    assertThat(raw("GET /echo HTTP/1.1\r\n")).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isBetween(Duration.ofMillis(1900), Duration.ofSeconds(8));
  }

  @Test
  @DisplayName("ztunnel-observability 10: gzip is honoured")
  void zips_on_demand() throws IOException {
    byte[] answer = raw("GET /big HTTP/1.1\r\nAccept-Encoding: br, gzip;q=0.8\r\n\r\n");
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    int body = text.indexOf("\r\n\r\n") + 4;

    assertThat(text).contains("content-encoding: gzip\r\n");
    assertThat(answer).hasSizeLessThan(2000);
    try (var unzipped =
        new GZIPInputStream(new ByteArrayInputStream(answer, body, answer.length - body))) {
      assertThat(unzipped.readAllBytes()).hasSize(100_000);
    }
    assertThat(ask("GET /big HTTP/1.1\r\nAccept-Encoding: gzip;q=0\r\n\r\n"))
        .doesNotContain("content-encoding")
        .contains("content-length: 100000\r\n");
  }

  @Test
  void head_has_no_body() throws IOException {
    assertThat(ask("HEAD /big HTTP/1.1\r\n\r\n"))
        .contains("content-length: 100000\r\n")
        .endsWith("\r\n\r\n");
  }

  @Test
  void the_unix_socket_has_the_same_pages_for_its_owner_only() throws IOException {
    assertThat(new String(AdminClient.get(socket, "/echo?a=1", TIMEOUT), StandardCharsets.UTF_8))
        .isEqualTo("GET {a=[1]}");
    assertThat(new String(AdminClient.post(socket, "/echo", TIMEOUT), StandardCharsets.UTF_8))
        .isEqualTo("POST {}");
    assertThat(AdminClient.get(socket, "/big", TIMEOUT)).hasSize(100_000);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(socket);
    }
  }

  @Test
  void the_client_says_what_went_wrong() {
    assertThatThrownBy(() -> AdminClient.get(socket, "/nothing", TIMEOUT))
        .hasMessage("GET /nothing of " + socket + ": got status 404, expected 200: Not Found");
    assertThatThrownBy(() -> AdminClient.get(folder.resolve("absent"), "/", TIMEOUT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("absent");
    assertThatThrownBy(() -> AdminClient.get(socket, "/hang", Duration.ofMillis(50)))
        .hasMessageContaining("got no answer within 50 ms");
    hang.countDown();
  }

  @Test
  void a_successor_takes_the_socket_over_and_keeps_it() throws IOException {
    try (AdminServer successor =
        AdminServer.start(
            "next", ANY_PORT, socket, Map.of("/echo", request -> Reply.text(200, "next")))) {
      server.close();
      assertThat(AdminClient.get(socket, "/echo", TIMEOUT)).asString().isEqualTo("next");
      assertThat(successor.address().getPort()).isPositive();
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void an_address_in_use_is_named() {
    assertThatThrownBy(() -> AdminServer.start("second", server.address(), null, Map.of()))
        .hasMessageContaining("listen on /127.0.0.1:" + server.address().getPort())
        .hasMessageContaining("expected a free address");
    Path far = folder.resolve("x".repeat(120));
    assertThatThrownBy(() -> AdminServer.start("far", ANY_PORT, far, Map.of()))
        .hasMessageContaining("expected a path of at most 106 bytes");
  }

  @Test
  @DisplayName("threat-model limits: 64 connections; the 65th waits")
  void connections_are_bounded() throws Exception {
    List<Socket> stalled = new ArrayList<>();
    try {
      for (int i = 0; i < 64; i++) {
        Socket client = new Socket(server.address().getAddress(), server.address().getPort());
        client.getOutputStream().write("GET /hang HTTP/1.1\r\n\r\n".getBytes());
        stalled.add(client);
      }
      var late = Thread.ofVirtual().start(() -> assertThat(askQuietly()).contains("200"));
      hang.countDown();
      assertThat(late.join(TIMEOUT)).isTrue();
    } finally {
      for (Socket client : stalled) {
        client.close();
      }
    }
  }

  private String askQuietly() {
    try {
      return ask("GET /echo HTTP/1.1\r\n\r\n");
    } catch (IOException e) {
      return e.toString();
    }
  }
}
