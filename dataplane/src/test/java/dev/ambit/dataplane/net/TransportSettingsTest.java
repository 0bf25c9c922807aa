package dev.ambit.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TransportSettingsTest {
  @ParameterizedTest
  @CsvSource({
    // asked, cores, limit, request, loops
    "'', 2, 0, 0, 2",
    "'', 16, 0, 0, 4",
    "'', 17, 0, 0, 5",
    "'', 16, 0, 6, 6",
    "'', 16, 3, 0, 3",
    "'', 1, 0, 0, 2",
    "4, 2, 0, 0, 4",
    "0, 8, 0, 0, 8",
    "50%, 8, 0, 0, 4",
    "1%, 8, 0, 0, 1",
    "100%, 8, 0, 0, 8",
    "101%, 8, 0, 0, 0",
    "0%, 8, 0, 0, 0",
    "many, 8, 0, 0, 0",
    "-1, 8, 0, 0, 0",
    "%, 8, 0, 0, 0"
  })
  void number_of_loops(String asked, int cores, int limit, int request, int loops) {
    assertThat(TransportSettings.loops(asked, cores, limit, request)).isEqualTo(loops);
  }

  @Test
  void defaults() {
    TransportSettings read = TransportSettings.from(new Settings(Map.of()));
    assertThat(read.kind()).isEqualTo(Transport.Kind.AUTO);
    assertThat(read.sockets()).isEqualTo(TransportSettings.SocketSettings.DEFAULT);
  }

  @Test
  void keep_alive_can_be_switched_off() {
    TransportSettings read =
        TransportSettings.from(new Settings(Map.of("KEEPALIVE_ENABLED", "false")));
    assertThat(read.sockets().keepAliveTime()).isZero();
  }

  @Test
  void transport_is_chosen_by_name() {
    assertThat(TransportSettings.from(new Settings(Map.of("AMBIT_TRANSPORT", "io_uring"))).kind())
        .isEqualTo(Transport.Kind.IO_URING);
  }
}
