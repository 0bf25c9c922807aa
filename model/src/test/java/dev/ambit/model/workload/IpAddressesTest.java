package dev.ambit.model.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpAddressesTest {
  private static InetAddress mapped() throws Exception {
    byte[] bytes = new byte[16];
    bytes[10] = -1;
    bytes[11] = -1;
    bytes[12] = 10;
    bytes[15] = 1;
    return Inet6Address.getByAddress(null, bytes, -1);
  }

  @Test
  void folds_mapped_addresses() throws Exception {
    assertThat(mapped()).isInstanceOf(Inet6Address.class);
    assertThat(IpAddresses.plain(mapped())).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
    assertThat(new NetworkAddress("", mapped()).address()).isInstanceOf(Inet4Address.class);
    assertThat(Cidr.parse("10.0.0.0/8").orElseThrow().contains(mapped())).isTrue();
    assertThat(Cidr.of(mapped().getAddress(), 120)).isEqualTo(Cidr.parse("10.0.0.1/24").get());
  }

  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "::1, ::1",
    "fd00:0:0:1::a, fd00:0:0:1::a",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "fe80:0:0:0:0:0:0:0, fe80::",
    "10.0.0.1, 10.0.0.1"
  })
  void prints_the_shortest_form(String from, String to) {
    assertThat(IpAddresses.parse(from).map(IpAddresses::print)).hasValue(to);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "10.1",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.1.2",
        "localhost",
        "a.b.c.d",
        ":"
      })
  void reads_literals_only(String text) {
    assertThat(IpAddresses.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8", "10.0.0.0/a"})
  void refuses_impossible_blocks(String text) {
    assertThat(Cidr.parse(text)).isEmpty();
  }

  @Test
  void says_what_is_wrong_with_bytes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.of(new byte[5], 8))
        .withMessageContaining("got 5 bytes, expected 4 or 16");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.of(new byte[4], 33))
        .withMessageContaining("got 33, expected 0 to 32");
  }

  @Test
  void keeps_families_apart() {
    assertThat(Cidr.parse("::/0").get().contains(InetAddress.ofLiteral("10.0.0.1"))).isFalse();
    assertThat(Cidr.parse("10.0.0.7").get().isSingle()).isTrue();
    assertThat(Cidr.parse("fd00::/9").get().contains(InetAddress.ofLiteral("fd7f::1"))).isTrue();
    assertThat(Cidr.parse("fd00::/9").get().contains(InetAddress.ofLiteral("fd80::1"))).isFalse();
  }
}
