package dev.ambit.cli.up.story;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the log of the demo's collector says. */
final class SpansTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  /** Resource with attributes, a scope, two spans of two traces; as nginx writes bytes. */
  private static final String LOG =
      "GET /healthz -\n"
          + "POST /v1/traces "
          + "\\x0A\\x60" // 96 bytes of ResourceSpans
          + "\\x0A\\x04\\x0A\\x02\\x0A\\x00" // Resource
          + "\\x12\\x58" // 88 bytes of ScopeSpans
          + "\\x0A\\x07\\x0A\\x05ambit"
          + "\\x12\\x36" // 54 bytes of Span
          + "\\x0A\\x10\\x0A\\xF7e\\x19\\x16\\xCDC\\xDD\\x84H\\xEB!\\x1C\\x801\\x9C"
          + "\\x12\\x08\\x00\\xF0g\\xAA\\x0B\\xA9\\x02\\xB7"
          + "\\x22\\x08\\xB7\\xADkqi 31"
          + "*\\x03GET"
          + "9\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08" // fixed64
          + "0\\x02" // varint
          + "\\x12\\x15" // 21 bytes of Span
          + "\\x0A\\x10K\\xF9/5w\\xB3M\\xA6\\xA3\\xCE\\x92\\x9D\\x0E\\x0EG6"
          + "*\\x01\\x22\n";

  @Test
  void areReadOutOfBytes() {
    assertThat(Spans.of(LOG, TRACE))
        .containsExactly(new Spans.Seen(TRACE, "00f067aa0ba902b7", "b7ad6b7169203331", "GET"));
    assertThat(Spans.of(LOG, "4bf92f3577b34da6a3ce929d0e0e4736"))
        .containsExactly(new Spans.Seen("4bf92f3577b34da6a3ce929d0e0e4736", "", "", "\""));
    assertThat(Spans.of(LOG, "00")).isEmpty();
  }
}
