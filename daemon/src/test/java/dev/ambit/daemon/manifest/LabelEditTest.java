package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LabelEditTest {
  private static final String MODE = "istio.io/dataplane-mode";
  private static final LabelEdit SHOP = new LabelEdit("Namespace", "", "shop", MODE);

  @Test
  void adds_labels_after_the_name() {
    String text =
        """
        # The shop.
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop # ours
          annotations: {a: b}
        """;
    String edited =
        """
        # The shop.
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop # ours
          labels:
            istio.io/dataplane-mode: ambient
          annotations: {a: b}
        """;
    assertThat(SHOP.read(text)).isEmpty();
    assertThat(SHOP.set(text, "ambient")).isEqualTo(edited);
    assertThat(SHOP.read(edited)).hasValue("ambient");
    assertThat(SHOP.remove(edited)).isEqualTo(text);
    assertThat(SHOP.remove(text)).isSameAs(text);
  }

  @Test
  void adds_to_labels_and_takes_from_them() {
    String text =
        """
        kind: Namespace
        metadata:
            labels:
                # Who pays.
                team: a   # them
                zone: b
            name: shop
        """;
    String edited = text.replace("team:", MODE + ": ambient\n        team:");
    assertThat(SHOP.set(text, "ambient")).isEqualTo(edited);
    assertThat(SHOP.remove(edited)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ambient", "\"ambient\"", "'none'", "none  # for now"})
  void replaces_a_value_only(String value) {
    String text = "kind: Namespace\nmetadata:\n  name: shop\n  labels:\n    %s: %s\n    x: y\n";
    String other = value.contains("none") ? "ambient" : "none";
    String comment = value.contains("#") ? "  # for now" : "";
    assertThat(SHOP.set(text.formatted(MODE, value), other))
        .isEqualTo(text.formatted(MODE, other + comment));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kind: Namespace\nmetadata: {name: shop}\n",
        "kind: Namespace\nmetadata: {name: shop, labels: {a: b}}\n",
        "kind: Namespace\nmetadata:\n  name: shop\n  labels: {}\n",
        "kind: Namespace\nmetadata:\n  labels: { a: b, c: d } # both\n  name: shop\n",
        "{\"kind\": \"Namespace\", \"metadata\": {\"name\": \"shop\", \"labels\": {\"a\": \"b\"}}}\n"
      })
  void edits_flow_mappings(String text) {
    String edited = SHOP.set(text, "ambient");
    assertThat(SHOP.read(edited)).hasValue("ambient");
    assertThat(edited).contains(MODE + ": ambient");
    String removed = SHOP.remove(edited);
    assertThat(SHOP.read(removed)).isEmpty();
    assertThat(text.contains("labels") ? removed : text).isEqualTo(text);
  }

  @Test
  void takes_any_entry_out_of_a_flow_mapping() {
    String text = "kind: Namespace\nmetadata: {name: shop, labels: {%s}}\n";
    String entry = MODE + ": ambient";
    assertThat(SHOP.remove(text.formatted(entry + ", a: b"))).isEqualTo(text.formatted("a: b"));
    assertThat(SHOP.remove(text.formatted("a: b, " + entry))).isEqualTo(text.formatted("a: b"));
    assertThat(SHOP.remove(text.formatted("a: b, " + entry + ", c: d")))
        .isEqualTo(text.formatted("a: b, c: d"));
    assertThat(SHOP.remove(text.formatted(entry))).isEqualTo(text.formatted(""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"labels:", "labels: ", "labels: ~", "labels: null # none yet"})
  void fills_labels_that_are_null(String labels) {
    String text = "kind: Namespace\nmetadata:\n  " + labels + "\n  name: shop\n";
    String edited = SHOP.set(text, "ambient");
    assertThat(SHOP.read(edited)).hasValue("ambient");
    assertThat(edited).contains("{" + MODE + ": ambient}").contains("name: shop");
  }

  @Test
  void finds_the_object_among_documents_and_lists() {
    String text =
        """
        kind: Namespace
        metadata:
          name: other
          labels:
            istio.io/dataplane-mode: none
        ---
        # A list.
        kind: List
        items:
        - kind: Pod
          metadata:
            name: shop
        - kind: Namespace
          metadata:
            name: shop
            labels:
              istio.io/dataplane-mode: ambient
        ---
        kind: Pod
        metadata: {name: web, namespace: shop}
        """;
    assertThat(SHOP.read(text)).hasValue("ambient");
    assertThat(SHOP.remove(text))
        .isEqualTo(text.replace("    labels:\n      istio.io/dataplane-mode: ambient\n", ""));
    LabelEdit web = new LabelEdit("Pod", "shop", "web", MODE);
    assertThat(web.set(text, "none"))
        .isEqualTo(
            text.replace("{name: web,", "{name: web, labels: {istio.io/dataplane-mode: none},"));
    assertThat(new LabelEdit("Pod", "default", "shop", MODE).appliesTo(text)).isTrue();
    assertThat(new LabelEdit("Pod", "shop", "shop", MODE).appliesTo(text)).isFalse();
    assertThat(new LabelEdit("Pod", "elsewhere", "web", MODE).appliesTo(text)).isFalse();
  }

  @Test
  void keeps_line_ends_and_wide_characters() {
    String text =
        "# \uD83D\uDE80 shop\r\nkind: Namespace\r\nmetadata:\r\n  name: shop\r\n  annotations: {n: \"\u00e9\"}";
    String edited = SHOP.set(text, "ambient");
    assertThat(edited)
        .isEqualTo(
            text.replace(
                "name: shop", "name: shop\r\n  labels:\r\n    istio.io/dataplane-mode: ambient"));
    assertThat(SHOP.remove(edited)).isEqualTo(text);
  }

  @Test
  void ends_a_file_without_a_line_break() {
    String text = "kind: Namespace\nmetadata:\n  name: shop";
    String edited = SHOP.set(text, "ambient");
    assertThat(SHOP.read(edited)).hasValue("ambient");
    assertThat(SHOP.read(SHOP.remove(edited))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kind: Namespace\nx: &l {a: b}\nmetadata:\n  name: shop\n  labels: *l\n",
        "kind: Namespace\nmetadata:\n  name: shop\n  labels: &l\n    a: b\ny: *l\n",
        "kind: Namespace\nmetadata:\n  name: shop\n  labels: [a]\n",
        "kind: Namespace\nmetadata:\n  name: other\n"
      })
  void refuses_what_it_cannot_edit(String text) {
    assertThatExceptionOfType(LabelEdit.CannotEdit.class)
        .isThrownBy(() -> SHOP.set(text, "ambient"));
  }

  @Test
  void says_that_text_is_no_yaml() {
    assertThatExceptionOfType(LabelEdit.CannotEdit.class)
        .isThrownBy(() -> SHOP.appliesTo("a: [b\nc: d"))
        .withMessageContaining("no YAML");
  }
}
