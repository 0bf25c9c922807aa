package dev.ambit.ztunnel.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.IpAddresses;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UpstreamsTest {
  @Test
  void reads_what_it_needs_of_a_resolver_file() {
    Upstreams read =
        Upstreams.read(
            """
            # nameserver 192.0.2.9
            search shop.svc.cluster.local svc.cluster.local
            nameserver 192.0.2.1
            nameserver fe80::1%eth0
            nameserver 2001:db8::1
            nameserver
            nameserver 192.0.2.3
            nameserver 192.0.2.4
            options ndots:5 timeout:2 attempts:99 rotate
            """);
    assertThat(read.servers())
        .extracting(IpAddresses::print)
        .containsExactly("192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53");
    assertThat(read.timeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(read.attempts()).isEqualTo(5);
  }

  @Test
  void an_empty_file_has_the_defaults() {
    assertThat(Upstreams.read("")).isEqualTo(Upstreams.of(java.util.List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1:53",
    "192.0.2.1:5353, 192.0.2.1:5353",
    "2001:db8::1, [2001:db8::1]:53",
    "[2001:db8::1]:54, [2001:db8::1]:54",
    "192.0.2.1:0,",
    "192.0.2.1:65536,",
    "resolver,",
    "'',"
  })
  void reads_a_server(String text, String expected) {
    assertThat(Upstreams.server(text).map(IpAddresses::print).orElse(null)).isEqualTo(expected);
  }
}
