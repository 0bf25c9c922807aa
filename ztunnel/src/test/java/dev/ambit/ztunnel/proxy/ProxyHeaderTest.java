package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProxyHeaderTest {
  private static final SpiffeId A = new SpiffeId("t", "n", "a");

  /** {@code spiffe://t/ns/n/sa/a} as TLV 0xd0. */
  private static final String IDENTITY = "d000147370696666653a2f2f742f6e732f6e2f73612f61";

  @ParameterizedTest
  @CsvSource({
    "1.2.3.4, 5.6.7.8, 1100230102030405060708",
    "::1, ::2, 21003b00000000000000000000000000000001" + "00000000000000000000000000000002"
  })
  void same_family(String from, String to, String addresses) {
    byte[] header =
        ProxyHeader.of(new InetSocketAddress(from, 4711), new InetSocketAddress(to, 80), A);
    assertThat(HexFormat.of().formatHex(header))
        .isEqualTo("0d0a0d0a000d0a515549540a21" + addresses + "12670050" + IDENTITY);
  }

  @Test
  void different_families_leave_the_addresses_out() {
    byte[] header =
        ProxyHeader.of(new InetSocketAddress("1.2.3.4", 4711), new InetSocketAddress("::2", 80), A);
    assertThat(HexFormat.of().formatHex(header))
        .isEqualTo("0d0a0d0a000d0a515549540a21" + "000017" + IDENTITY);
  }
}
