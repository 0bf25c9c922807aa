package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClientHeadersTest {
  private final Stage stage = new Stage();

  @AfterEach
  void close() {
    stage.close();
  }

  /**
   * Without a chain that is long enough, and an address in it, the far end of the tunnel counts.
   */
  @ParameterizedTest(name = "SEC-064: \"{0}\" behind {1} proxies is {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "6.6.6.6, 10.9.9.9 | 0 | SOURCE",
        "6.6.6.6, 10.9.9.9 | 1 | 10.9.9.9",
        "6.6.6.6, 10.9.9.9 | 2 | 6.6.6.6",
        "6.6.6.6, 10.9.9.9 | 3 | SOURCE",
        "evil, 10.9.9.9 | 2 | SOURCE",
        "6.6.6.6; 10.9.9.9 | 1 | 10.9.9.9",
        "NONE | 1 | SOURCE",
      })
  void only_trusted_proxies_are_believed(String chain, int proxies, String expected) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (String each : chain.equals("NONE") ? new String[0] : chain.split(";", -1)) {
      headers.add("x-forwarded-for", each.strip());
    }
    RequestHead head =
        new RequestHead("GET", "http", "echo", "/", headers, "", RequestHead.Version.HTTP_1_1);
    String source = stage.caller().source().getAddress().getHostAddress();
    assertThat(ClientHeaders.remote(head, stage.caller(), proxies).getHostAddress())
        .isEqualTo(expected.equals("SOURCE") ? source : expected);
  }
}
