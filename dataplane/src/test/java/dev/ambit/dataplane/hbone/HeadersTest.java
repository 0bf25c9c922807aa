package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.Workload;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.net.InetSocketAddress;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The headers of a tunnel request and its answer (spec: hbone §4). */
final class HeadersTest {
  private static final String VALID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final Workload CLIENT =
      Workload.named("Kubernetes//Pod/demo/client-0")
          .namespace("demo")
          .clusterId("Kubernetes")
          .type(Workload.Type.DEPLOYMENT)
          .workloadName("client")
          .canonicalName("client")
          .canonicalRevision("v1")
          .locality(new Locality("r1", "z1", ""))
          .build();

  @Test
  @DisplayName("hbone 38: a traceparent of length 54 is replaced, one of 55 kept")
  void traceparent() {
    assertThat(Traceparent.parse(VALID, new Random(1)).header()).isEqualTo(VALID);
    String replaced = Traceparent.parse(VALID.substring(1), new Random(1)).header();
    assertThat(replaced).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00x0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      })
  @DisplayName("hbone 38: a traceparent of another form is replaced")
  void other_traceparents(String header) {
    assertThat(Traceparent.parse(header, new Random(1)).header()).hasSize(55).isNotEqualTo(header);
  }

  @Test
  void fresh_traces_differ() {
    Random random = new Random(1);
    assertThat(Traceparent.fresh(random)).isNotEqualTo(Traceparent.fresh(random));
  }

  @ParameterizedTest
  @DisplayName("hbone 39: the host of a forwarded header")
  @CsvSource(
      quoteCharacter = '\'',
      delimiter = '|',
      value = {
        "for=\"1.2.3.4:80\";host=a.b.c | a.b.c",
        "for=\"1.2.3.4:80\"; host=\"a.b.c\" | a.b.c",
        "for=\"[::1]:80\" | ''",
        "host= | ''",
        "'' | ''",
        "for=\"1.2.3.4:80\";host=ä.b | ''"
      })
  void forwarded(String header, String host) {
    assertThat(Forwarded.host(header)).isEqualTo(host);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1.2.3.4 | a.b.c | for=\"1.2.3.4:80\";host=a.b.c",
        "::1 | '' | for=\"[::1]:80\"",
        "fd77:0:0:0:0:0:0:2 | x | for=\"[fd77::2]:80\";host=x"
      })
  void prints_forwarded(String ip, String host, String header) {
    assertThat(new Forwarded(new InetSocketAddress(ip, 80), host).print())
        .isEqualTo(header.replace("\\\"", "\""));
  }

  @Test
  @DisplayName("hbone 37: baggage in the order of the spec, absent parts left out")
  void baggage() {
    assertThat(Baggage.of(CLIENT))
        .isEqualTo(
            "k8s.cluster.name=Kubernetes,k8s.namespace.name=demo,k8s.deployment.name=client,"
                + "service.name=client,service.version=v1,"
                + "cloud.region=r1,cloud.availability_zone=z1");
    assertThat(Baggage.of(Workload.named("x").namespace("n").clusterId("").build()))
        .isEqualTo("k8s.namespace.name=n");
    assertThat(Baggage.of(Workload.named("x").namespace("a,b=c").clusterId("").build())).isEmpty();
  }

  @Test
  void a_request_survives_the_wire() {
    ConnectRequest request =
        ConnectRequest.of("10.0.0.2:8080", new InetSocketAddress("10.0.0.1", 4711), "h.x", CLIENT);
    ConnectRequest read = ConnectRequest.read(request.print());
    assertThat(read).isEqualTo(request);
    assertThat(read.isConnect()).isTrue();
    assertThat(request.print().path()).isNull();
    assertThat(request.print().scheme()).isNull();
  }

  @Test
  void a_request_without_anything_is_read_as_such() {
    ConnectRequest read = ConnectRequest.read(new DefaultHttp2Headers());
    assertThat(read.isConnect()).isFalse();
    assertThat(read.authority()).isNull();
    assertThat(read.traceparent()).hasSize(55);
  }

  @Test
  void baggage_over_several_lines_is_joined() {
    var headers = new DefaultHttp2Headers().method("CONNECT").authority("a:1");
    headers.add("baggage", "k8s.namespace.name=n").add("baggage", "service.name=s");
    assertThat(ConnectRequest.read(headers).baggage())
        .isEqualTo("k8s.namespace.name=n,service.name=s");
  }

  @ParameterizedTest
  @CsvSource({"200, 200", "401, 401", "20x, 0", "'', 0"})
  void reads_a_status(String status, int read) {
    assertThat(ConnectReply.read(new DefaultHttp2Headers(false).status(status)).status())
        .isEqualTo(read);
  }
}
