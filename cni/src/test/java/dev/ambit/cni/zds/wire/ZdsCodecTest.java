package dev.ambit.cni.zds.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ZdsCodecTest {
  @Test
  @DisplayName("cni-socket 1: the bytes of each message")
  void bytes() {
    ZdsCodec.hello(hex("0801"));
    assertThat(ZdsCodec.answer(hex("0a00"))).isEmpty();
    assertThat(ZdsCodec.answer(hex("0a030a0178"))).isEqualTo("x");
    assertThat(ZdsCodec.snapshotSent()).isEqualTo(hex("1a00"));
    assertThat(ZdsCodec.del("u", Duration.ZERO)).isEqualTo(hex("1203120175"));
    assertThat(ZdsCodec.keep("u")).isEqualTo(hex("2a030a0175"));
    assertThat(ZdsCodec.add("u", "s", "n", "a")).isEqualTo(hex("0a0e0a017512090a016e1201731a0161"));
  }

  @Test
  void the_drain_time_travels_in_a_field_that_others_skip() {
    assertThat(ZdsCodec.del("u", Duration.ofSeconds(10))).isEqualTo(hex("1207120175c03e904e"));
  }

  @Test
  void other_packets_are_refused() {
    assertThatThrownBy(() -> ZdsCodec.hello(hex("0800"))).hasMessageContaining("expected V1");
    assertThatThrownBy(() -> ZdsCodec.hello(hex("ff"))).isInstanceOf(ZdsCodec.Malformed.class);
    assertThatThrownBy(() -> ZdsCodec.answer(hex(""))).isInstanceOf(ZdsCodec.Malformed.class);
    assertThatThrownBy(() -> ZdsCodec.answer(hex("0aff"))).isInstanceOf(ZdsCodec.Malformed.class);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
