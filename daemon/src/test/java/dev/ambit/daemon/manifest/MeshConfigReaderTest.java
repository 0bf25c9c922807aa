package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.problems;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.object.ExtensionProvider.CheckedBody;
import dev.ambit.model.object.ExtensionProvider.Checking;
import dev.ambit.model.object.ExtensionProvider.LogFormat;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.MeshConfig.AccessLog;
import dev.ambit.model.object.MeshConfig.Defaults;
import dev.ambit.model.object.MeshConfig.Tracing;
import dev.ambit.model.object.VirtualService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshConfigReaderTest {
  private static final String HEAD =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: istio-system}
      data:
        meshNetworks: 'networks: {}'
        mesh: |-
      """;

  private static String mesh(String inner) {
    return HEAD + inner.indent(4);
  }

  @Test
  void the_config_map_that_istio_installs_is_read() {
    MeshConfig mesh =
        one(
            MeshConfig.class,
            mesh(
                """
                accessLogFile: /dev/stdout
                accessLogEncoding: JSON
                defaultConfig:
                  discoveryAddress: istiod.istio-system.svc:15012
                  tracing: {sampling: 12.5}
                defaultProviders:
                  metrics: [prometheus]
                  tracing: [otel]
                enablePrometheusMerge: true
                enableTracing: true
                rootNamespace: istio-system
                trustDomain: td1
                trustDomainAliases: [td2]
                pathNormalization: {normalization: MERGE_SLASHES}
                defaultHttpRetryPolicy: {attempts: 0}
                """));

    assertThat(mesh.kind()).isEqualTo("ConfigMap");
    assertThat(mesh.metadata().namespace()).isEqualTo("istio-system");
    assertThat(mesh.trustDomain()).isEqualTo("td1");
    assertThat(mesh.trustDomainAliases()).containsExactly("td2");
    assertThat(mesh.pathNormalization()).isEqualTo("MERGE_SLASHES");
    assertThat(mesh.accessLog()).isEqualTo(new AccessLog("/dev/stdout", true, ""));
    assertThat(mesh.tracing()).isEqualTo(new Tracing(true, 12.5));
    assertThat(mesh.defaults())
        .isEqualTo(new Defaults(List.of("prometheus"), List.of("otel"), List.of()));
    assertThat(mesh.retries())
        .isEqualTo(new VirtualService.Retries(0, null, "", null, true, false));
  }

  @Test
  void providers_that_decide_are_read() {
    MeshConfig mesh =
        one(
            MeshConfig.class,
            mesh(
                """
                extensionProviders:
                - name: grpc
                  envoyExtAuthzGrpc:
                    service: ext.foo.svc.cluster.local
                    port: 9000
                - name: http
                  envoyExtAuthzHttp:
                    service: foo/ext.foo.svc.cluster.local
                    port: 8000
                    timeout: 2s
                    pathPrefix: /check
                    failOpen: true
                    statusOnError: "503"
                    includeRequestHeadersInCheck: [X-Ext-Authz, x-a-*]
                    includeAdditionalHeadersInCheck: {X-Extra: one}
                    includeRequestBodyInCheck: {maxRequestBytes: 10, allowPartialMessage: true}
                    headersToUpstreamOnAllow: [x-user]
                    headersToDownstreamOnAllow: [x-seen]
                    headersToDownstreamOnDeny: [set-cookie]
                """));

    assertThat(mesh.providers())
        .containsExactly(
            new ExtensionProvider(
                "grpc",
                new ExtensionProvider.GrpcAuthorization(
                    new Backend("ext.foo.svc.cluster.local", 9000), Checking.USUAL)),
            new ExtensionProvider(
                "http",
                new ExtensionProvider.HttpAuthorization(
                    new Backend("foo/ext.foo.svc.cluster.local", 8000),
                    new Checking(
                        Duration.ofSeconds(2), true, 503, new CheckedBody(10, true, false)),
                    "/check",
                    List.of("x-ext-authz", "x-a-*"),
                    Map.of("x-extra", "one"),
                    new ExtensionProvider.Passing(
                        List.of("x-user"), List.of("x-seen"), List.of("set-cookie")))));
  }

  @Test
  void providers_that_are_told_are_read() {
    MeshConfig mesh =
        one(
            MeshConfig.class,
            mesh(
                """
                extensionProviders:
                - name: zip
                  zipkin: {service: zipkin.obs.svc.cluster.local, port: 9411}
                - name: otel
                  opentelemetry:
                    service: otel.obs.svc.cluster.local
                    port: 4318
                    http: {path: /v1/traces, timeout: 5s, headers: [{name: k, value: v}]}
                - name: als
                  envoyOtelAls: {service: otel.obs.svc.cluster.local, port: 4317, logFormat: {labels: {a: "%PROTOCOL%"}}}
                - name: file
                  envoyFileAccessLog: {path: /tmp/log, logFormat: {text: "%PROTOCOL%"}}
                - name: prometheus
                  prometheus: {}
                - name: sky
                  skywalking: {service: s.x.svc.cluster.local, port: 1}
                """));

    assertThat(mesh.providers())
        .containsExactly(
            new ExtensionProvider(
                "zip",
                new ExtensionProvider.Zipkin(
                    new Backend("zipkin.obs.svc.cluster.local", 9411), "")),
            new ExtensionProvider(
                "otel",
                new ExtensionProvider.OpenTelemetry(
                    new Backend("otel.obs.svc.cluster.local", 4318),
                    "/v1/traces",
                    Duration.ofSeconds(5),
                    Map.of("k", "v"))),
            new ExtensionProvider(
                "als",
                new ExtensionProvider.OtelAccessLog(
                    new Backend("otel.obs.svc.cluster.local", 4317),
                    "otel_envoy_accesslog",
                    new LogFormat("", Map.of("a", "%PROTOCOL%")))),
            new ExtensionProvider(
                "file",
                new ExtensionProvider.FileAccessLog(
                    "/tmp/log", new LogFormat("%PROTOCOL%", Map.of()))),
            new ExtensionProvider("prometheus", new ExtensionProvider.Prometheus()),
            new ExtensionProvider("sky", new ExtensionProvider.Other("skywalking")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          accessLogEncoding: XML | mesh.accessLogEncoding
          'extensionProviders: [{name: a}]' | mesh.extensionProviders[0].name
          'extensionProviders: [{name: a, prometheus: {}}, {name: a, prometheus: {}}]' | mesh.extensionProviders[1].name
          'extensionProviders: [{name: a, envoyExtAuthzGrpc: {port: 1}}]' | mesh.extensionProviders[0].envoyExtAuthzGrpc.service
          'extensionProviders: [{name: a, envoyExtAuthzGrpc: {service: b, port: 1, failopen: true}}]' | mesh.extensionProviders[0].envoyExtAuthzGrpc.failopen
          'extensionProviders: [{name: a, envoyExtAuthzHttp: {service: b, port: 1, pathPrefix: check}}]' | mesh.extensionProviders[0].envoyExtAuthzHttp.pathPrefix
          'extensionProviders: [{name: a, envoyExtAuthzHttp: {service: b, port: 1, statusOnError: "7"}}]' | mesh.extensionProviders[0].envoyExtAuthzHttp.statusOnError
          'pathNormalization: {normalization: SOME}' | mesh.pathNormalization.normalization
          '[a' | mesh
          """)
  void what_is_wrong_in_it_is_named_and_refuses_the_whole(String inner, String field) {
    ManifestReader.Content content = read(mesh(inner));

    assertThat(content.problems()).map(ManifestProblem::field).contains("data." + field);
    assertThat(content.objects()).isEmpty();
    assertThat(content.refused()).hasSize(1);
  }

  @Test
  void lines_of_problems_are_those_of_the_file() {
    assertThat(problems(mesh("trustDomain: td\naccessLogEncoding: XML")))
        .singleElement()
        .asString()
        .startsWith("a.yaml:8");
  }

  @Test
  void a_config_map_without_mesh_configuration_has_the_usual_one() {
    MeshConfig mesh =
        one(
            MeshConfig.class,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: n}\n");

    assertThat(mesh.pathNormalization()).isEqualTo("BASE");
    assertThat(mesh.accessLog()).isEqualTo(AccessLog.NONE);
    assertThat(mesh.tracing()).isEqualTo(Tracing.NONE);
    assertThat(mesh.retries()).isNull();
  }

  @Test
  void a_rate_limit_with_a_typing_error_is_named() {
    String head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: ";

    assertThat(read(head + "{ambit.dev/local-rate-limit: 100 per second}").problems())
        .map(ManifestProblem::field)
        .contains("metadata.annotations.ambit.dev/local-rate-limit");
    assertThat(read(head + "{ambit.dev/local-rate-limit-by: source}").problems())
        .map(ManifestProblem::field)
        .contains("metadata.annotations.ambit.dev/local-rate-limit-by");
    assertThat(read(head + "{ambit.dev/local-rate-limit: 100/s burst 5}").problems())
        .map(ManifestProblem::field)
        .noneMatch(field -> field.contains("annotations"));
  }
}
