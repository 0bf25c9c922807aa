package dev.ambit.model.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathNormalizationTest {
  @ParameterizedTest(name = "{0} makes {1} of {2}")
  @DisplayName("http-routing §2, l7-authorization 13: what a path becomes")
  @CsvSource({
    "BASE, /public/../admin, /admin",
    "BASE, //admin, //admin",
    "MERGE_SLASHES, //admin, /admin",
    "MERGE_SLASHES, /a///b//, /a/b/",
    "BASE, /a/./b, /a/b",
    "BASE, /a/b/.., /a/",
    "BASE, /.., /",
    "BASE, /../../x, /x",
    "BASE, /a/., /a/",
    "BASE, /%2e%2E/admin, /admin",
    "BASE, /%61dmin, /admin",
    "BASE, /a%2Fb, /a%2Fb",
    "BASE, /a%2fb, /a%2fb",
    "BASE, /a\\..\\b, /b",
    "BASE, /a%5Cb, /a%5Cb",
    "BASE, /...., /....",
    "BASE, /a..b/.c, /a..b/.c",
    "BASE, /100%, /100%",
    "BASE, /%zz, /%zz",
    "DECODE_AND_MERGE_SLASHES, /a%2F%2Fb, /a/b",
    "DECODE_AND_MERGE_SLASHES, /a%2f..%5Cadmin, /admin",
    "DECODE_AND_MERGE_SLASHES, /a%252Fb, /a%252Fb",
    "NONE, /a/../b//c, /a/../b//c",
    "BASE, *, *",
  })
  void a_path_has_a_plain_form(PathNormalization normalization, String path, String plain) {
    assertThat(normalization.apply(path)).contains(plain);
  }

  @ParameterizedTest
  @CsvSource({"/a%00b", "a/b", "''", "/a\u0001b"})
  void a_path_without_a_plain_form_is_refused(String path) {
    assertThat(PathNormalization.BASE.apply(path)).isEmpty();
  }

  @Test
  @DisplayName("l7-authorization §3: a fragment is refused")
  void a_fragment_is_refused() {
    assertThat(HttpAttributes.of("GET", "http", "a", "/x#y", _ -> null, PathNormalization.BASE))
        .isEmpty();
  }

  @Test
  void a_request_is_taken_apart() {
    HttpAttributes request =
        RouteFixture.request(
            "GET", "[::1]:80", "/a?x=1&y&x=2&=z", "cookie", "a=1; b=\"two\"; ab=3");
    assertThat(request.path()).isEqualTo("/a");
    assertThat(request.target()).isEqualTo("/a?x=1&y&x=2&=z");
    assertThat(request.queryValue("x")).isEqualTo("1");
    assertThat(request.queryValue("y")).isEmpty();
    assertThat(request.queryValue("z")).isNull();
    assertThat(request.cookie("b")).isEqualTo("two");
    assertThat(request.cookie("a")).isEqualTo("1");
    assertThat(request.cookie("c")).isNull();
    assertThat(request.host()).isEqualTo("[::1]");
    assertThat(RouteFixture.request("GET", "[::1]", "/").host()).isEqualTo("[::1]");
  }
}
