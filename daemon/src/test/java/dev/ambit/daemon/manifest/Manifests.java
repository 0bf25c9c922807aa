package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.ClusterObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** Manifests for tests, and reading them as the file {@code a.yaml}. */
final class Manifests {
  static final Instant MODIFIED = Instant.parse("2026-11-24T01:02:03Z");
  static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: echo-a
        namespace: demo
        labels: {app: echo}
        annotations:
          ambit.dev/netns: /run/netns/x
      spec:
        nodeName: a
        serviceAccountName: echo
        containers:
        - name: web
          image: nginx
          command: ["nginx", "-g"]
          args: ["daemon off;"]
          env:
          - {name: PORT, value: "8080"}
          - {name: FROM, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
          ports:
          - {name: http, containerPort: 8080}
          - {containerPort: 9090}
      status:
        podIPs:
        - ip: 10.244.1.11
        - ip: fd44:0:0:1::11
      """;

  private Manifests() {}

  static Content read(String text) {
    return ManifestReader.read("a.yaml", text.getBytes(StandardCharsets.UTF_8), MODIFIED);
  }

  static <T extends ClusterObject> T one(Class<T> type, String text) {
    Content content = read(text);
    assertThat(content.problems()).isEmpty();
    assertThat(content.objects()).hasSize(1);
    return type.cast(content.objects().getFirst());
  }

  static List<String> problems(String text) {
    return read(text).problems().stream().map(ManifestProblem::toString).toList();
  }
}
