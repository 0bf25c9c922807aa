package dev.ambit.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OriginalDestinationTest {
  @ParameterizedTest
  @CsvSource({
    "02001f900a4d00030000000000000000, true, 10.77.0.3, 8080",
    "0200ffff010203040000000000000000, true, 1.2.3.4, 65535",
    "0a0000500000000020010db8000000000000000000000001aabbccdd, false, 2001:db8::1, 80",
    "0a0000500000000000000000000000000000ffff0a4d000300000000, false, 10.77.0.3, 80"
  })
  void reads_what_the_kernel_says(String bytes, boolean ipv4, String ip, int port) {
    ByteBuffer answer = ByteBuffer.wrap(HexFormat.of().parseHex(bytes));
    assertThat(KernelOriginalDestination.decode(answer, ipv4))
        .isEqualTo(new InetSocketAddress(ip, port));
  }
}
