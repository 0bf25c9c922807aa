package dev.ambit.waypoint.auth.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.jwt.JwtAuthentication.Accepted;
import dev.ambit.model.jwt.JwtAuthentication.NoToken;
import dev.ambit.model.jwt.JwtAuthentication.Outcome;
import dev.ambit.model.jwt.JwtAuthentication.Rejected;
import dev.ambit.model.jwt.JwtAuthentication.Signature;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.object.RequestAuthentication.Output;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class JwtTokensTest {
  private static final Issuer OLD = new Issuer("secp256r1", "old");
  private static final Issuer NEW = new Issuer("secp256r1", "new");
  private static final String PAYLOAD = "{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":2000}";
  private static final String URI_TEXT = "https://i/keys";

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.ofEpochSecond(1000));
  private final AtomicReference<String> served = new AtomicReference<>("");
  private final AtomicInteger fetches = new AtomicInteger();
  private final Metrics metrics = new Metrics();
  private final JwtTokens tokens =
      new JwtTokens(settings(Duration.ofMillis(5)), this::fetch, metrics);

  private TokenSettings settings(Duration retry) {
    return new TokenSettings(
        Duration.ofHours(1),
        retry,
        retry.multipliedBy(2),
        Duration.ofHours(24),
        Duration.ofSeconds(30),
        now::get);
  }

  /** The issuer: down while it serves nothing. */
  private byte[] fetch(URI uri, Duration timeout) throws IOException {
    fetches.incrementAndGet();
    if (served.get().isEmpty()) {
      throw new IOException("got connection refused");
    }
    return served.get().getBytes(StandardCharsets.UTF_8);
  }

  @AfterEach
  void close() {
    tokens.close();
  }

  private static JwtRule rule(String jwks, String uri) {
    return new JwtRule(
        "https://i",
        List.of(),
        jwks,
        uri,
        List.of(),
        new Output(false, "", Map.of(), List.of()),
        Duration.ofSeconds(5));
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private Outcome decide(JwtRule rule, String token) {
    HttpAttributes request =
        new HttpAttributes(
            "GET",
            "http",
            "a",
            "/",
            "",
            name -> name.equals("authorization") && !token.isEmpty() ? "Bearer " + token : null);
    return new JwtAuthentication(List.of(rule), tokens).decide(request, now.get());
  }

  @DisplayName("l7-authorization 15: no token passes, a good one passes, expired and foreign 401")
  @Test
  void vector15() {
    JwtRule inline = rule(Issuer.set(OLD), "");

    assertThat(decide(inline, "")).isInstanceOf(NoToken.class);
    assertThat(decide(inline, OLD.token("ES256", PAYLOAD))).isInstanceOf(Accepted.class);
    assertThat(decide(inline, NEW.token("ES256", PAYLOAD)))
        .isEqualTo(new Rejected(401, "Jwt verification fails"));
    assertThat(decide(inline, OLD.token("ES256", PAYLOAD.replace("https://i", "https://j"))))
        .isEqualTo(new Rejected(401, "Jwt issuer is not configured"));
    now.set(Instant.ofEpochSecond(2061));
    assertThat(decide(inline, OLD.token("ES256", PAYLOAD)))
        .isEqualTo(new Rejected(401, "Jwt is expired"));
  }

  @DisplayName("SEC-077: keys that are down at the start refuse, and are used as soon as they come")
  @Test
  void down_at_start() {
    JwtRule remote = rule("", URI_TEXT);
    String token = OLD.token("ES256", PAYLOAD);

    assertThat(decide(remote, token)).isEqualTo(new Rejected(401, "Jwks remote fetch is failed"));
    await(() -> fetches.get() >= 3);
    assertThat(decide(remote, token)).isEqualTo(new Rejected(401, "Jwks remote fetch is failed"));
    assertThat(tokens.rows())
        .containsExactly(new JwtTokens.Row(URI_TEXT, 0, "got connection refused"));

    served.set(Issuer.set(OLD));
    await(() -> decide(remote, token) instanceof Accepted);
  }

  @Test
  void a_rule_is_fetched_when_it_is_programmed_before_any_request() {
    served.set(Issuer.set(OLD));
    JwtRule remote = rule("", URI_TEXT);
    JwtAuthentication programmed = new JwtAuthentication(List.of(remote), tokens);

    await(() -> !tokens.rows().isEmpty() && tokens.rows().getFirst().keys() == 1);
    assertThat(programmed).isNotNull();
  }

  @DisplayName("threat-model: last good keys until their age, then tokens are refused")
  @Test
  void down_later() {
    served.set(Issuer.set(OLD));
    JwtRule remote = rule("", URI_TEXT);
    String token = OLD.token("ES256", PAYLOAD);
    await(() -> tokens.verify(remote, token) == Signature.GOOD);
    served.set("");

    now.set(now.get().plus(Duration.ofHours(23)));
    assertThat(tokens.verify(remote, token)).isEqualTo(Signature.GOOD);
    now.set(now.get().plus(Duration.ofHours(2)));
    assertThat(tokens.verify(remote, token)).isEqualTo(Signature.NO_KEYS);
  }

  @DisplayName("SEC-077: an unknown key makes one early refresh in 30 s, and garbage keeps the old")
  @Test
  void rotation() {
    served.set(Issuer.set(OLD));
    JwtRule remote = rule("", URI_TEXT);
    String old = OLD.token("ES256", PAYLOAD);
    String fresh = NEW.token("ES256", PAYLOAD);
    await(() -> tokens.verify(remote, old) == Signature.GOOD);
    assertThat(fetches).hasValue(1);

    for (int i = 0; i < 100; i++) {
      assertThat(tokens.verify(remote, fresh)).isEqualTo(Signature.BAD);
    }
    await(() -> fetches.get() == 2);
    served.set(Issuer.set(OLD, NEW));
    assertThat(tokens.verify(remote, fresh)).isEqualTo(Signature.BAD);
    now.set(now.get().plusSeconds(31));
    await(() -> tokens.verify(remote, fresh) == Signature.GOOD);
    assertThat(fetches).hasValue(3);
    assertThat(tokens.verify(remote, old)).isEqualTo(Signature.GOOD);

    served.set(Issuer.set(NEW));
    now.set(now.get().plusSeconds(31));
    tokens.verify(remote, OLD.signed("ES256", "{\"alg\":\"ES256\",\"kid\":\"?\"}", PAYLOAD));
    await(() -> tokens.verify(remote, old) == Signature.BAD);

    served.set("<html>sorry</html>");
    now.set(now.get().plusSeconds(62));
    int before = fetches.get();
    tokens.verify(remote, old);
    await(() -> fetches.get() > before);
    assertThat(tokens.verify(remote, fresh)).isEqualTo(Signature.GOOD);
  }

  @Test
  void a_verified_token_is_known_until_the_keys_change() {
    served.set(Issuer.set(OLD));
    JwtRule remote = rule("", URI_TEXT);
    String token = OLD.token("ES256", PAYLOAD);
    await(() -> tokens.verify(remote, token) == Signature.GOOD);
    assertThat(tokens.verify(remote, token)).isEqualTo(Signature.GOOD);

    assertThat(
            metrics
                .registry()
                .get("ambit_waypoint_jwt_checks")
                .tag("result", "cached")
                .counter()
                .count())
        .isEqualTo(1);
    String torn = token.substring(0, token.length() - 1) + (token.endsWith("A") ? "B" : "A");
    assertThat(tokens.parse(torn) == null || tokens.verify(remote, torn) == Signature.BAD).isTrue();
  }

  @Test
  void inline_keys_that_cannot_be_read_refuse() {
    assertThat(tokens.verify(rule("not json", ""), OLD.token("ES256", PAYLOAD)))
        .isEqualTo(Signature.NO_KEYS);
  }

  @Test
  void a_source_that_nobody_holds_any_more_is_given_up() {
    JwtTokens fast = new JwtTokens(settings(Duration.ofMillis(1)), this::fetch, new Metrics());
    fast.wanted(rule("", URI_TEXT));
    await(() -> fetches.get() > 0);

    await(() -> {
      System.gc();
      return fast.rows().isEmpty();
    });
    fast.close();
  }

  @DisplayName("l7-authorization §6: without jwks and jwksUri the issuer says where its keys are")
  @Test
  void discovery() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    answer(server, "/.well-known/openid-configuration", 200, "{\"jwks_uri\":\"" + base + "/k\"}");
    answer(server, "/k", 200, Issuer.set(OLD));
    server.start();
    try (WebFetch web = new WebFetch(new WebFetch.Allowed(true, true));
        JwtTokens over = new JwtTokens(settings(Duration.ofMillis(5)), web, new Metrics())) {
      JwtRule discovered =
          new JwtRule(
              base + "/",
              List.of(),
              "",
              "",
              List.of(),
              new Output(false, "", Map.of(), List.of()),
              Duration.ofSeconds(5));
      over.wanted(discovered);
      await(() -> over.verify(discovered, OLD.token("ES256", PAYLOAD)) == Signature.GOOD);
    } finally {
      server.stop(0);
    }
  }

  private static void answer(HttpServer server, String path, int status, String body) {
    server.createContext(
        path,
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("location", "/k");
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  @DisplayName("SEC-078: redirects, other statuses, large, slow and local answers are refused")
  @Test
  void web_fetch() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(command -> Thread.ofVirtual().start(command));
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    CountDownLatch end = new CountDownLatch(1);
    answer(server, "/k", 200, "{}");
    answer(server, "/moved", 302, "{}");
    answer(server, "/broken", 500, "{}");
    answer(server, "/large", 200, "x".repeat(KeySet.MOST_BYTES + 1));
    server.createContext(
        "/slow",
        exchange -> {
          exchange.sendResponseHeaders(200, 10);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    server.start();
    Duration second = Duration.ofSeconds(5);
    try (WebFetch web = new WebFetch(new WebFetch.Allowed(true, true))) {
      assertThat(web.fetch(URI.create(base + "/k"), second)).hasSize(2);
      for (String path : List.of("/moved", "/broken", "/large")) {
        assertThatThrownBy(() -> web.fetch(URI.create(base + path), second))
            .as(path)
            .isInstanceOf(IOException.class);
      }
      assertThatThrownBy(() -> web.fetch(URI.create(base + "/slow"), Duration.ofMillis(100)))
          .hasMessageContaining("within");
    } finally {
      end.countDown();
      server.stop(0);
    }
  }

  @DisplayName("SEC-078: this machine, its link and plain HTTP are refused unless allowed")
  @Test
  void addresses_of_the_web() {
    Duration second = Duration.ofSeconds(5);
    String base = "http://127.0.0.1:1";
    try (WebFetch strict = new WebFetch(new WebFetch.Allowed(false, false));
        WebFetch plain = new WebFetch(new WebFetch.Allowed(true, false))) {
      assertThatThrownBy(() -> strict.fetch(URI.create(base + "/k"), second))
          .hasMessageContaining("https");
      for (String local :
          List.of(
              base,
              "http://localhost:1",
              "http://[::1]:1",
              "http://0.0.0.0:1",
              "http://169.254.169.254",
              "http://[fe80::1]:1",
              "http://[fd00:ec2::254]",
              "http://[::ffff:127.0.0.1]:1")) {
        assertThatThrownBy(() -> plain.fetch(URI.create(local + "/k"), second))
            .as(local)
            .hasMessageContaining("expected none of this machine");
      }
      for (String odd :
          List.of("file:///etc/passwd", "ftp://a/b", "https:///k", "http://u:p@a/k")) {
        assertThatThrownBy(() -> plain.fetch(URI.create(odd), second))
            .as(odd)
            .isInstanceOf(IOException.class);
      }
    }
  }
}
