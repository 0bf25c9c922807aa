package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

class JsonTest {
  @Test
  void keys_keep_their_order() {
    ObjectNode object = Json.object();
    object.put("z", 1);
    object.set("a", Json.array().add("x"));

    assertThat(Json.write(object)).asString().isEqualTo("{\"z\":1,\"a\":[\"x\"]}");
    assertThat(Json.pretty(object))
        .isEqualTo(
            """
            {
              "z" : 1,
              "a" : [
                "x"
              ]
            }\
            """);
    assertThat(Json.read(Json.write(object))).isEqualTo(object);
  }

  @Test
  void broken_text_is_refused() {
    for (String text : new String[] {"{", "{\"a\":1,\"a\":2}", "{} {}", "nope"}) {
      assertThatThrownBy(() -> Json.read(text.getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(JacksonException.class);
    }
  }
}
