package dev.ambit.waypoint.auth;

import static dev.ambit.waypoint.auth.ProviderStream.answer;
import static dev.ambit.waypoint.auth.ProviderStream.headers;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.object.ExtensionProvider.CheckedBody;
import dev.ambit.model.object.ExtensionProvider.Checking;
import dev.ambit.model.object.ExtensionProvider.GrpcAuthorization;
import dev.ambit.model.object.ExtensionProvider.HttpAuthorization;
import dev.ambit.model.object.ExtensionProvider.Passing;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Checked;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.auth.ProviderStream.Script;
import dev.ambit.waypoint.auth.wire.Checks;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(20)
class ProviderAuthorizerTest {
  private static final Backend BACKEND = new Backend(Provider.SERVICE.toString(), 9000);
  private static final HttpHeaders GOOD = headers("grpc-status", "0");
  private static final HttpHeaders NONE = EmptyHttpHeaders.INSTANCE;

  private final EventLoop loop = new DefaultEventLoop();
  private final ProviderStream stream = new ProviderStream(loop);
  private final Provider provider = new Provider(loop, stream);
  private final List<ExtensionProvider> mesh = new ArrayList<>();
  private final Metrics metrics = new Metrics();
  private final Caller caller = Provider.caller(loop);
  private final RequestHead head =
      new RequestHead(
          "PUT",
          "http",
          "echo.demo:80",
          "/a?b=c",
          headers(
              "authorization",
              "Basic x",
              "x-a",
              "1",
              "x-a",
              "2",
              "x-role",
              "user",
              "content-length",
              "5"),
          "",
          RequestHead.Version.HTTP_1_1);
  private final ProviderAuthorizer authorizer =
      new ProviderAuthorizer(
          new ProviderAuthorizer.Setting(
              () -> mesh, () -> "spiffe://cluster.local/ns/demo/sa/waypoint", () -> Instant.EPOCH),
          new Outcall(provider, _ -> provider),
          metrics);

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private static Checking checking(boolean failOpen, CheckedBody... body) {
    return new Checking(Duration.ofMillis(200), failOpen, 403, body.length == 0 ? null : body[0]);
  }

  private void grpc(Checking checking) {
    mesh.add(new ExtensionProvider("p", new GrpcAuthorization(BACKEND, checking)));
  }

  private void http(Checking checking, Passing passing) {
    mesh.add(
        new ExtensionProvider(
            "p",
            new HttpAuthorization(
                BACKEND, checking, "/check", List.of("x-a"), Map.of("x-extra", "e"), passing)));
  }

  private Checked check(String... body) {
    HttpSubject subject =
        new HttpSubject(
            Provider.attributes(head),
            caller.peer(),
            caller.source().getAddress(),
            caller.source().getAddress(),
            caller.local(),
            "",
            null);
    ByteBuf bytes =
        body.length == 0 ? null : Unpooled.copiedBuffer(body[0], StandardCharsets.UTF_8);
    Future<Checked> checked =
        loop.submit(() -> authorizer.check(List.of("p"), subject, head, bytes, caller))
            .syncUninterruptibly()
            .getNow();
    return Objects.requireNonNull(checked.syncUninterruptibly().getNow());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private double counted(String result) {
    return metrics
        .registry()
        .get("ambit_waypoint_ext_authz")
        .tags("provider", "p", "result", result)
        .counter()
        .count();
  }

  @DisplayName("l7-authorization §2: a gRPC provider sees the request and its two ends")
  @Test
  void grpc_request() throws InvalidProtocolBufferException {
    grpc(checking(false, new CheckedBody(3, true, false)));
    stream.script = answer(200, Checks.ok(), NONE, GOOD);

    assertThat(authorizer.bodyWanted(List.of("p"))).isEqualTo(4);
    assertThat(check("hell")).isInstanceOf(Passed.class);

    assertThat(stream.asked().method()).isEqualTo("POST");
    assertThat(stream.asked().target()).isEqualTo("/envoy.service.auth.v3.Authorization/Check");
    assertThat(stream.asked().headers().get("content-type")).isEqualTo("application/grpc");
    assertThat(Objects.requireNonNull(provider.chosen).protocol())
        .isEqualTo(Cluster.Protocol.HTTP_2);
    byte[] framed = stream.body.toByteArray();
    assertThat(Arrays.copyOf(framed, 4))
        .isEqualTo(new byte[] {0, 0, 0, (byte) ((framed.length - 5) >> 8)});
    assertThat(Checks.described(Arrays.copyOfRange(framed, 5, framed.length)))
        .isEqualTo(
            "10.0.0.1:4711 spiffe://cluster.local/ns/demo/sa/client ->"
                + " 10.96.0.1:80 spiffe://cluster.local/ns/demo/sa/waypoint"
                + " PUT http echo.demo:80 /a?b=c HTTP/1.1 5 body=hel x-a=1,2 partial=true");
    assertThat(provider.overs).isEqualTo(1);
    assertThat(counted("ok")).isEqualTo(1);
  }

  @DisplayName("l7-authorization §4: a pass changes headers, a refusal answers with its own")
  @Test
  void grpc_answers() {
    grpc(checking(false));
    stream.script = answer(200, Checks.okWithHeaders(), NONE, GOOD);
    Passed passed = (Passed) check();
    assertThat(passed.set().getAll("x-user")).containsExactly("ann");
    assertThat(passed.set().getAll("x-a")).containsExactly("1", "2", "3");
    assertThat(passed.set().contains("x-role")).as("absent only").isFalse();
    assertThat(passed.set().contains("x-nobody")).as("there only").isFalse();
    assertThat(passed.set().contains("host")).isFalse();
    assertThat(passed.set().contains("content-length")).isFalse();
    assertThat(passed.remove()).containsExactly("x-secret");
    assertThat(passed.onResponse().get("x-seen")).isEqualTo("yes");

    stream.script = answer(200, Checks.denied(401, "who are you"), NONE, GOOD);
    Refused refused = (Refused) check();
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.body()).isEqualTo(bytes("who are you"));
    assertThat(refused.headers().get("x-why")).isEqualTo("nobody");
    assertThat(refused.headers().contains("transfer-encoding")).isFalse();

    stream.script = answer(200, Checks.denied(0, ""), NONE, GOOD);
    assertThat(((Refused) check()).status()).isEqualTo(403);
    assertThat(counted("denied")).isEqualTo(2);
  }

  @DisplayName("l7-authorization §4: an HTTP provider sees what is asked for, 200 passes")
  @Test
  void http_answers() {
    http(
        checking(false, new CheckedBody(100, false, false)),
        new Passing(List.of("x-user*"), List.of("x-seen"), List.of("x-why")));
    stream.script =
        answer(
            200, bytes("ignored"), headers("x-user-id", "7", "x-seen", "1", "x-other", "2"), NONE);

    Passed passed = (Passed) check("hello");
    assertThat(passed.set())
        .map(each -> each.getKey() + each.getValue())
        .containsExactly("x-user-id7");
    assertThat(passed.onResponse()).map(Map.Entry::getKey).containsExactly("x-seen");
    RequestHead asked = stream.asked();
    assertThat(asked.method()).isEqualTo("PUT");
    assertThat(asked.target()).isEqualTo("/check/a?b=c");
    assertThat(asked.authority()).isEqualTo("echo.demo:80");
    assertThat(asked.headers().getAll("x-a")).containsExactly("1", "2");
    assertThat(asked.headers().get("authorization")).isEqualTo("Basic x");
    assertThat(asked.headers().get("x-extra")).isEqualTo("e");
    assertThat(asked.headers().contains("x-role")).isFalse();
    assertThat(asked.headers().getAll("content-length")).containsExactly("5");
    assertThat(stream.body.toString(StandardCharsets.UTF_8)).isEqualTo("hello");

    stream.script =
        answer(302, bytes("go"), headers("location", "/in", "x-why", "w", "x-other", "2"), NONE);
    Refused refused = (Refused) check("hello");
    assertThat(refused.status()).isEqualTo(302);
    assertThat(refused.body()).isEqualTo(bytes("go"));
    assertThat(refused.headers().names()).containsExactlyInAnyOrder("location", "x-why");
  }

  @Test
  void all_headers_of_an_http_refusal_go_back_when_none_are_named() {
    http(checking(false), new Passing(List.of(), List.of(), List.of()));
    stream.script =
        answer(403, bytes("no"), headers("x-any", "1", "set-cookie", "a", "connection", "x"), NONE);

    assertThat(((Refused) check()).headers().names())
        .containsExactlyInAnyOrder("x-any", "set-cookie");
  }

  @Test
  void a_body_that_may_not_be_cut_is_refused_with_413() {
    grpc(checking(true, new CheckedBody(3, false, false)));
    stream.script = answer(200, Checks.ok(), NONE, GOOD);

    assertThat(((Refused) check("hell")).status()).isEqualTo(413);
    assertThat(check("hel")).isInstanceOf(Passed.class);
  }

  static Stream<Arguments> broken() {
    byte[] ok = Checks.ok();
    return Stream.of(
        Arguments.of("no answer within its time", null),
        Arguments.of("reset", (Script) to -> to.onReset(HttpStream.Reason.RESET, "x")),
        Arguments.of("an end only", (Script) to -> to.onFinish(NONE)),
        Arguments.of(
            "a head only, then nothing", (Script) to -> to.onResponse(new ResponseHead(200, NONE))),
        Arguments.of("status 500", answer(500, ok, NONE, GOOD)),
        Arguments.of("grpc-status 14", answer(200, ok, NONE, headers("grpc-status", "14"))),
        Arguments.of("no grpc-status", answer(200, ok, NONE, NONE)),
        Arguments.of("no message", answer(200, new byte[0], NONE, GOOD)),
        Arguments.of("garbage", answer(200, bytes("<html>sorry</html>"), NONE, GOOD)),
        Arguments.of("a cut message", answer(200, Arrays.copyOf(ok, ok.length - 1), NONE, GOOD)),
        Arguments.of("a message inside that is none", answer(200, Checks.garbage(), NONE, GOOD)),
        Arguments.of("compressed", answer(200, Checks.compressed(), NONE, GOOD)),
        Arguments.of("two in one", answer(200, Checks.contradiction(), NONE, GOOD)),
        Arguments.of("queries to change", answer(200, Checks.query(), NONE, GOOD)),
        Arguments.of("a header with a line break", answer(200, Checks.split(), NONE, GOOD)),
        Arguments.of("too much", answer(200, new byte[64 * 1024 + 1], NONE, GOOD)));
  }

  @DisplayName("l7-authorization 16: a provider that does not decide refuses, or lets pass")
  @ParameterizedTest(name = "{0}")
  @MethodSource("broken")
  void broken(String what, Script script) {
    grpc(checking(false));
    stream.script = script;
    Refused refused = (Refused) check();
    assertThat(refused.status()).as(what).isEqualTo(403);
    assertThat(refused.why()).startsWith("ext_authz_error: p: ");
    assertThat(provider.overs).isEqualTo(1);

    mesh.clear();
    grpc(checking(true));
    assertThat(check()).as(what).isInstanceOf(Passed.class);
    assertThat(counted("failure_mode_allowed")).isEqualTo(1);
  }

  @DisplayName("l7-authorization 16: a provider that is down or unknown refuses")
  @Test
  void down() {
    assertThat(((Refused) check()).status()).as("unknown").isEqualTo(403);
    mesh.add(new ExtensionProvider("p", new ExtensionProvider.Prometheus()));
    assertThat(((Refused) check()).status()).as("of another kind").isEqualTo(403);

    mesh.clear();
    grpc(new Checking(Duration.ofSeconds(1), false, 503, null));
    provider.isReachable = false;
    assertThat(((Refused) check()).status()).as("statusOnError").isEqualTo(503);
    assertThat(provider.failures).isEqualTo(1);
    provider.isThere = false;
    assertThat(((Refused) check()).why()).contains("expected one of the mesh");
  }
}
