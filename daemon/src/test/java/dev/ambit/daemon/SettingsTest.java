package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.Settings.BadSettings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  enum Transport {
    AUTO,
    IO_URING
  }

  @Test
  void values_that_are_not_set_or_empty_have_their_default() {
    Settings settings = new Settings(Map.of("EMPTY", ""));

    assertThat(settings.text("EMPTY", "x")).isEqualTo("x");
    assertThat(settings.text("ABSENT")).isEmpty();
    assertThat(settings.flag("ABSENT", true)).isTrue();
    assertThat(settings.number("ABSENT", 7, 0, 9)).isEqualTo(7);
    assertThat(settings.duration("ABSENT", Duration.ofMinutes(5))).hasMinutes(5);
    assertThat(settings.choice("ABSENT", Transport.class, Transport.AUTO))
        .isEqualTo(Transport.AUTO);
    settings.finish();
  }

  @ParameterizedTest
  @CsvSource({"100ms,100", "10s,10000", "5m,300000", "24h,86400000"})
  void durations_have_units(String text, long millis) {
    Settings settings = new Settings(Map.of("D", text));

    assertThat(settings.duration("D", Duration.ZERO)).hasMillis(millis);
    settings.finish();
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "s", "-1s", "1 s", "1d", "9999999999s"})
  void a_bad_duration_is_a_mistake(String text) {
    Settings settings = new Settings(Map.of("D", text));
    settings.duration("D", Duration.ZERO);

    assertThatThrownBy(settings::finish)
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining("D: got " + text + ", expected a duration such as 100ms");
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0:15012,0.0.0.0,15012", "[::1]:0,::1,0", "ca.example:443,ca.example,443"})
  void addresses_are_host_and_port(String text, String host, int port) {
    Settings settings = new Settings(Map.of("A", text));
    InetSocketAddress address = settings.address("A", "0.0.0.0:1");

    assertThat(address.getHostString()).isEqualTo(host);
    assertThat(address.getPort()).isEqualTo(port);
    settings.finish();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "x:", ":1", "::1:80", "x:65536", "x:-1", "x:y"})
  void a_bad_address_is_a_mistake(String text) {
    Settings settings = new Settings(Map.of("A", text));
    settings.address("A", "0.0.0.0:1");

    assertThatThrownBy(settings::finish).hasMessageContaining("A: got " + text);
  }

  @Test
  void every_mistake_is_listed_at_once() {
    Settings settings =
        new Settings(Map.of("N", "10", "F", "yes", "T", "kqueue", "M", "x", "OK", "1"));
    settings.number("N", 1, 0, 9);
    settings.flag("F", false);
    settings.choice("T", Transport.class, Transport.AUTO);
    settings.number("M", 1, 0, 9);
    settings.number("OK", 0, 0, 9);
    settings.mistake("X and Y", "both", "one of them");

    assertThatThrownBy(settings::finish)
        .hasMessage(
            """
            settings that cannot be used:
              N: got 10, expected a whole number from 0 to 9
              F: got yes, expected true or false
              T: got kqueue, expected one of auto, io_uring
              M: got x, expected a whole number from 0 to 9
              X and Y: got both, expected one of them
            """);
  }

  @Test
  void the_command_line_overrides_the_environment() {
    Settings settings =
        Settings.of(
            Map.of("AMBIT_STATE", "/env", "NODE_NAME", "a"),
            new String[] {"--state", "/option", "--admin-port=0"});

    assertThat(settings.path("AMBIT_STATE", Path.of("/"))).isEqualTo(Path.of("/option"));
    assertThat(settings.number("AMBIT_ADMIN_PORT", 15000, 0, 65535)).isZero();
    assertThat(settings.text("NODE_NAME", "")).isEqualTo("a");
    settings.finish();
    assertThat(settings.effective())
        .containsExactly(
            Map.entry("AMBIT_STATE", "/option"),
            Map.entry("AMBIT_ADMIN_PORT", "0"),
            Map.entry("NODE_NAME", "a"));
  }

  @Test
  void what_the_command_line_says_in_vain_is_a_mistake() {
    Settings settings = Settings.of(Map.of(), new String[] {"stray", "--unknown", "1", "--last"});

    assertThatThrownBy(settings::finish)
        .hasMessageContaining("got stray, expected --some-name VALUE")
        .hasMessageContaining("--unknown: got an option that is not known here")
        .hasMessageContaining("--last: got no value");
  }

  @Test
  void effective_values_are_readable() {
    Settings settings = new Settings(Map.of("D", "90s", "T", "IO_uring"));
    settings.duration("D", Duration.ZERO);
    settings.duration("E", Duration.ofMillis(1500));
    settings.choice("T", Transport.class, Transport.AUTO);

    assertThat(settings.effective()).isEqualTo(Map.of("D", "90s", "E", "1500ms", "T", "io_uring"));
  }
}
