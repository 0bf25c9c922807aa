package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class YamlJsonTest {
  private static final Instant DAY = Instant.parse("2026-01-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a: 1 | {"a":1}
          a: '1' | {"a":"1"}
          a: true | {"a":true}
          a: ~ | {"a":null}
          a: x y | {"a":"x y"}
          a: 0x1f | {"a":"0x1f"}
          a: -1.5e3 | {"a":-1.5e3}
          a: [b, {c: 2}] | {"a":["b",{"c":2}]}
          """)
  void scalars_keep_their_meaning(String yaml, String json) throws Exception {
    assertThat(YamlJson.of(YamlReader.read(yaml).getFirst())).contains(json);
  }

  @Test
  void a_bomb_of_aliases_is_refused_not_expanded() {
    StringBuilder yaml = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 25; i++) {
      yaml.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    assertThat(read(yaml.toString())).isEmpty();
  }

  private static java.util.Optional<String> read(String yaml) {
    try {
      return YamlJson.of(YamlReader.read(yaml).getFirst());
    } catch (Yaml.Malformed e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void an_object_reads_back_from_its_json() {
    String yaml =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: echo, namespace: demo}
        spec:
          parentRefs: [{group: "", kind: Service, name: echo, port: 80}]
          rules:
          - matches:
            - path: {type: RegularExpression, value: "/a\\\\.b\\u00e9\\t"}
              headers: [{name: x, value: "1"}]
            timeouts: {request: 10s}
            backendRefs: [{name: v2, port: 80, weight: 3}]
        """;
    ManifestReader.Content first = content(yaml);
    ManifestReader.Loaded loaded = first.loaded().getFirst();
    String json =
        """
        {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",\
        "metadata":{"name":"echo","namespace":"demo"},"spec":%s}
        """
            .formatted(loaded.spec());
    ManifestReader.Content second = content(json);
    assertThat(second.problems()).isEmpty();
    assertThat(second.objects().getFirst().withMetadata(loaded.object().metadata()))
        .isEqualTo(loaded.object());
  }

  private static ManifestReader.Content content(String text) {
    return ManifestReader.read("f.yaml", text.getBytes(StandardCharsets.UTF_8), DAY);
  }
}
