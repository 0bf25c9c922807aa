package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.RouteFilter.HeaderChange;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.VirtualService.Text;
import dev.ambit.model.object.VirtualService.TextKind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VirtualServiceReaderTest {
  private static final String SERVICE =
      """
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: v, namespace: demo}
      spec:
        hosts: [echo]
        http:
        - match:
          - uri: {prefix: /a}
            method: {exact: GET}
            headers: {X-One: {regex: a.*}, x-two: {}}
            port: 80
          route:
          - destination: {host: echo, subset: v1, port: {number: 80}}
            weight: 90
            headers: {request: {set: {X-Set: a}}}
          - destination: {host: echo, subset: v2}
            weight: 10
          timeout: 1.5s
          retries: {attempts: 3, perTryTimeout: 100ms, retryOn: "5xx,418"}
          mirror: {host: copy}
          mirrorPercentage: {value: 12.5}
          fault:
            delay: {fixedDelay: 2s, percentage: {value: 0.1}}
            abort: {grpcStatus: UNAVAILABLE}
          corsPolicy:
            allowOrigins: [{exact: https://a.example}]
            maxAge: 24h
        - redirect: {uri: /n, redirectCode: 302}
        - directResponse: {status: 418, body: {string: tea}}
        tcp:
        - match: [{port: 3306}]
          route: [{destination: {host: db}}]
      """;

  @Test
  void a_virtual_service_is_read() {
    VirtualService service = one(VirtualService.class, SERVICE);

    VirtualService.Rule first = service.http().getFirst();
    VirtualService.Match match = first.matches().getFirst();
    assertThat(match.uri()).isEqualTo(new Text(TextKind.PREFIX, "/a"));
    assertThat(match.headers())
        .isEqualTo(
            Map.of(
                ":method", new Text(TextKind.EXACT, "GET"),
                "x-one", new Text(TextKind.REGEX, "a.*"),
                "x-two", new Text(TextKind.PRESENT, "")));
    assertThat(match.where().port()).isEqualTo(80);
    VirtualService.Forward forward = (VirtualService.Forward) first.action();
    HeaderChange none = new HeaderChange(Map.of(), Map.of(), List.of());
    assertThat(forward.destinations())
        .containsExactly(
            new VirtualService.Destination(
                "echo",
                "v1",
                80,
                90,
                new HeaderChange(Map.of("x-set", "a"), Map.of(), List.of()),
                none),
            new VirtualService.Destination("echo", "v2", 0, 10, none, none));
    assertThat(forward.timeout()).isEqualTo(Duration.ofMillis(1500));
    assertThat(forward.retries())
        .isEqualTo(
            new VirtualService.Retries(3, Duration.ofMillis(100), "5xx,418", null, true, false));
    assertThat(forward.mirrors().getFirst().percent()).isEqualTo(12.5);
    assertThat(first.extras().fault())
        .isEqualTo(new VirtualService.Fault(Duration.ofSeconds(2), 0.1, 0, 14, 100));
    assertThat(first.extras().cors()).isNotNull();
    assertThat(first.extras().cors().forwardsOthers()).isTrue();
    assertThat(service.http().get(1).action())
        .isEqualTo(new VirtualService.Redirect("", "", "/n", -1, 302));
    assertThat(service.http().get(2).action()).isEqualTo(new VirtualService.Respond(418, "tea"));
    assertThat(service.tcp().getFirst().ports()).containsExactly(3306);
    assertThat(service.tcp().getFirst().destinations().getFirst().weight()).isEqualTo(100);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hosts: [echo]|hosts: [Echo]|5|spec.hosts[0]",
        "timeout: 1.5s|timeout: 1.5|18|spec.http[0].timeout",
        "{prefix: /a}|{prefix: /a, exact: /b}|8|spec.http[0].match[0].uri",
        "mirrorPercentage|mirrorPercent|21|spec.http[0].mirrorPercent",
        "grpcStatus: UNAVAILABLE|grpcStatus: GONE|24|spec.http[0].fault.abort.grpcStatus",
        "- redirect:|- delegate: {name: x}\\n    redirect:|28|spec.http[1].delegate",
        "status: 418|status: 99|29|spec.http[2].directResponse.status",
      })
  void a_wrong_virtual_service_is_refused_with_its_line(
      String from, String to, int line, String field) {
    assertThat(read(SERVICE.replace(from, to.replace("\\n", "\n"))).problems())
        .anySatisfy(problem -> {
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.field()).isEqualTo(field);
        });
  }
}
