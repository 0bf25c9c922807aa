package dev.ambit.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What openssl and curl are told by the tunnel port (spec: hbone §2, §7). */
@Tag("peers")
final class TlsRefusalTest {
  private static final SpiffeId OURS = new SpiffeId("cluster.local", "demo", "ours");
  private static final SpiffeId CALLER = new SpiffeId("cluster.local", "demo", "caller");
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  @TempDir private Path work;
  private MeshCa ca;
  private OurTunnel ours;
  private int port;

  @BeforeEach
  void start() {
    ca = MeshCa.start(work.resolve("mesh"), OURS, CALLER);
    ours = new OurTunnel(ca.certificate(OURS));
    port = ours.inbound();
  }

  @AfterEach
  void stop() {
    ours.close();
    ca.close();
  }

  @Test
  void openssl_with_a_certificate_of_the_mesh_speaks_tls13_and_h2() {
    String seen = openssl(ca.files(CALLER), "-alpn", "h2", "-tls1_3");
    assertThat(seen)
        .contains("New, TLSv1.3", "ALPN protocol: h2", "Verify return code: 0 (ok)")
        .contains("Server Temp Key: X25519");
  }

  @Test
  void openssl_is_shown_one_spiffe_name_and_no_subject() {
    String script =
        "openssl s_client -connect 127.0.0.1:%d -cert %s -key %s -alpn h2 </dev/null 2>/dev/null"
            + " | openssl x509 -noout -subject -ext subjectAltName";
    PemFiles files = ca.files(CALLER);
    String seen =
        ForeignProgram.run(
            work,
            PATIENCE,
            List.of("bash", "-c", script.formatted(port, files.chain(), files.key())));
    assertThat(seen).contains("URI:" + OURS, "critical").containsOnlyOnce("URI:");
  }

  @Test
  void openssl_without_a_certificate_is_refused() throws InterruptedException {
    String seen = openssl(null, "-alpn", "h2");
    assertThat(seen).contains("certificate required");
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("TLS handshake failed");
  }

  @Test
  void openssl_with_a_certificate_of_another_root_is_refused() throws InterruptedException {
    String seen;
    try (MeshCa strangers = MeshCa.start(work.resolve("strangers"), CALLER)) {
      seen = openssl(strangers.files(CALLER), "-alpn", "h2");
    }
    // BoringSSL through tcnative has no word of its own for what a trust manager of ours refuses.
    assertThat(seen).contains("alert internal error");
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("TLS handshake failed");
  }

  @Test
  void openssl_of_another_trust_domain_is_refused() throws InterruptedException {
    String seen = openssl(ca.forged("spiffe://other.domain/ns/demo/sa/caller"), "-alpn", "h2");
    assertThat(seen).contains("alert");
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("other.domain");
  }

  @Test
  void openssl_with_tls12_is_refused() {
    String seen = openssl(ca.files(CALLER), "-alpn", "h2", "-tls1_2");
    assertThat(seen).contains("alert protocol version").contains("Cipher is (NONE)");
  }

  @Test
  void openssl_that_offers_only_http11_gets_no_http_answer() throws InterruptedException {
    String seen = openssl(ca.files(CALLER), "-alpn", "http/1.1");
    assertThat(seen).doesNotContain("HTTP/1.1 ").doesNotContain("ALPN protocol: http/1.1");
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void curl_in_plain_text_gets_no_http_answer() {
    assertThat(curl("http", null, "--http1.1")).contains("status 000");
  }

  @Test
  void curl_without_a_certificate_is_refused() {
    assertThat(curl("https", null, "--http2")).contains("status 000");
    assertThat(ours.callers).isEmpty();
  }

  @Test
  void curl_with_http11_gets_no_http_answer() {
    assertThat(curl("https", ca.files(CALLER), "--http1.1")).contains("status 000");
  }

  @Test
  void curl_that_gets_instead_of_connecting_is_answered_400() {
    assertThat(curl("https", ca.files(CALLER), "--http2")).contains("status 400");
  }

  /** What {@code openssl s_client} prints when it sends a request and waits for an answer. */
  private String openssl(@Nullable PemFiles files, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ForeignProgram.ofSystem("openssl", "Debian openssl").toString(),
                "s_client",
                "-connect",
                "127.0.0.1:" + port,
                "-CAfile",
                ca.files(CALLER).roots().toString()));
    if (files != null) {
      command.addAll(List.of("-cert", files.chain().toString(), "-key", files.key().toString()));
    }
    command.addAll(List.of(options));
    // -quiet would hide what was agreed on; a pipe that stays open keeps s_client waiting.
    String line =
        "(printf '%s'; timeout 3 tail -f /dev/null) | timeout 10 "
                .formatted(REQUEST.replace("\r\n", "\\r\\n"))
            + String.join(" ", command);
    return ForeignProgram.run(work, PATIENCE, List.of("bash", "-c", line));
  }

  private String curl(String scheme, @Nullable PemFiles files, String version) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ForeignProgram.ofSystem("curl", "Debian curl").toString(),
                "--silent",
                "--show-error",
                "--insecure",
                "--max-time",
                "10",
                version,
                "--write-out",
                "status %{http_code}"));
    if (files != null) {
      command.addAll(List.of("--cert", files.chain().toString(), "--key", files.key().toString()));
    }
    command.add(scheme + "://127.0.0.1:" + port + "/");
    return ForeignProgram.run(work, PATIENCE, command);
  }
}
