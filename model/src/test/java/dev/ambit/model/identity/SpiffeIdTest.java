package dev.ambit.model.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SpiffeIdTest {
  @ParameterizedTest(name = "hbone 48: {0} is an identity")
  @ValueSource(strings = {"spiffe://td/ns/n/sa/s", "spiffe://cluster.local/ns/a-b/sa/c.d"})
  void reads_and_prints(String uri) {
    assertThat(SpiffeId.parse(uri)).map(SpiffeId::toString).hasValue(uri);
  }

  @ParameterizedTest(name = "hbone 48: {0} is none")
  @ValueSource(
      strings = {
        "spiffe://td/ns/n/sa/s/",
        "td/ns/n/sa/s",
        "spiffe://td/ns/n/sa",
        "https://td/ns/n/sa/s",
        "spiffe://td/ns/n/sa/",
        "spiffe:///ns/n/sa/s",
        "spiffe://td/ns//sa/s",
        "spiffe://td/xx/n/sa/s",
        "spiffe://td/ns/n/xx/s",
        "spiffe://td/ambit/node/n",
        "SPIFFE://td/ns/n/sa/s",
        ""
      })
  void refuses_any_other_form(String uri) {
    assertThat(SpiffeId.parse(uri)).isEmpty();
  }

  @Test
  void says_which_part_is_wrong() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SpiffeId("td", "", "s"))
        .withMessage("namespace: got \"\", expected a non-empty name without '/'");
  }
}
