package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.ServiceEntry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntryReaderTest {
  private static ManifestReader.Content read(String text) {
    return ManifestReader.read(
        "test.yaml", text.getBytes(StandardCharsets.UTF_8), Instant.parse("2026-01-01T00:00:00Z"));
  }

  private static String entry(String spec) {
    return """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: e, namespace: demo}
    spec: {%s}
    """
        .formatted(spec);
  }

  @Test
  void an_entry_as_people_write_it() {
    ManifestReader.Content content =
        read(
            entry(
                "hosts: [API.example.com], location: MESH_INTERNAL, resolution: STATIC,"
                    + " addresses: [10.0.0.0/8],"
                    + " ports: [{number: 443, name: tls, protocol: https, targetPort: 8443}],"
                    + " endpoints: [{address: 10.1.1.1, ports: {tls: 9443}, labels: {v: \"1\"},"
                    + " locality: r/z, weight: 2, network: n, serviceAccount: sa}],"
                    + " exportTo: [\".\"], subjectAltNames: [a]"));
    assertThat(content.problems()).isEmpty();
    ServiceEntry entry = (ServiceEntry) content.objects().getFirst();
    assertThat(entry.hosts()).containsExactly("api.example.com");
    assertThat(entry.external()).isFalse();
    assertThat(entry.ownNamespaceOnly()).isTrue();
    assertThat(entry.ports()).containsExactly(new ServiceEntry.Port("tls", 443, "HTTPS", 8443));
    assertThat(entry.endpoints().getFirst().ports()).containsEntry("tls", 9443);
    assertThat(entry.endpoints().getFirst().weight()).isEqualTo(2);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @DisplayName("control-plane §9: entries that would send traffic where nobody means it to")
  @CsvSource(
      delimiter = '|',
      value = {
        "ports: []|spec.hosts",
        "hosts: [a], ports: [{name: x, number: 1}, {name: x, number: 2}]|spec.ports[1].name",
        "hosts: [a], ports: [{name: x, number: 1}, {name: y, number: 1}]|spec.ports[1].number",
        "hosts: [\"*.a\"], resolution: DNS|spec.hosts",
        "hosts: [a], resolution: DNS, addresses: [10.0.0.0/8]|spec.addresses",
        "hosts: [a], resolution: DYNAMIC_DNS|spec.hosts",
        "hosts: [\"*.a\"], resolution: DYNAMIC_DNS, location: MESH_INTERNAL|spec.location",
        "hosts: [a], resolution: STATIC, endpoints: [{address: b}]|spec.endpoints",
        "hosts: [a], endpoints: [{address: 1.1.1.1}], workloadSelector: {labels: {a: b}}"
            + "|spec.workloadSelector",
        "hosts: [a], endpoint: []|spec.endpoint",
        "hosts: [a], resolution: SOMEHOW|spec.resolution",
        "hosts: [a], addresses: [x]|spec.addresses[0]",
      })
  void mistakes(String spec, String field) {
    ManifestReader.Content content = read(entry(spec));
    assertThat(content.objects()).isEmpty();
    assertThat(content.problems()).extracting(ManifestProblem::field).contains(field);
  }

  @Test
  void of_a_secret_no_problem_shows_what_is_in_it() {
    String text =
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        data: {tls.key: "aGlkZGVu!?%", ca.crt: [hidden]}
        """;
    ManifestReader.Content content = read(text);
    assertThat(content.problems()).isNotEmpty();
    assertThat(content.problems().toString()).doesNotContain("hidden").doesNotContain("aGlkZGVu");
    ManifestReader.Content other =
        read("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: \"?\"}\n");
    assertThat(other.problems()).isEmpty();
    assertThat(other.loaded().getFirst().toString()).doesNotContain("password");
  }
}
