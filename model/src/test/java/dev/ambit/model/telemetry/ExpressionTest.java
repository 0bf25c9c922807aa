package dev.ambit.model.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
  private static final Expression.Facts REQUEST =
      new Expression.Facts() {
        @Override
        public @Nullable Object of(Attribute attribute) {
          return Map.<Attribute, Object>of(
                  Attribute.REQUEST_METHOD,
                  "GET",
                  Attribute.REQUEST_URL_PATH,
                  "/shop/cart",
                  Attribute.RESPONSE_CODE,
                  503L,
                  Attribute.CONNECTION_MTLS,
                  true,
                  Attribute.DESTINATION_PORT,
                  80L)
              .get(attribute);
        }

        @Override
        public @Nullable String requestHeader(String name) {
          return name.equals("x-tenant") ? "blue" : null;
        }

        @Override
        public @Nullable String responseHeader(String name) {
          return name.equals("x-cache") ? "hit" : null;
        }
      };

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "response.code >= 400 # true",
        "response.code < 400 # false",
        "response.code == 503 && request.method == 'GET' # true",
        "response.code == 200 || request.method != \"POST\" # true",
        "!(response.code == 503) # false",
        "!connection.mtls || request.url_path.startsWith('/shop') # true",
        "request.url_path.contains('healthz') # false",
        "request.url_path.endsWith('cart') # true",
        "request.headers['X-Tenant'] == 'blue' # true",
        "'x-tenant' in request.headers # true",
        "'x-other' in request.headers # false",
        "has(request.headers['x-other']) # false",
        "response.headers['x-cache'] == 'hit' ? true : false # true",
        "request.headers['x-other'] == 'blue' # false",
        "request.headers['x-other'] == 'blue' || response.code == 503 # true",
        "response.code == 503 || request.headers['x-other'] == 'blue' # true",
        "string(response.code).startsWith('5') # true",
        "has(response.grpc_status) # false",
        "true # true"
      })
  void a_filter_holds_or_not(String text, boolean expected) {
    assertThat(Expression.filter(text).holds(REQUEST)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      nullValues = "nothing",
      value = {
        "'test' # test",
        "\"it\\\"s\" # it\"s",
        "request.method # GET",
        "request.headers['x-tenant'] # blue",
        "request.headers['x-none'] # nothing",
        "response.code # 503",
        "string(destination.port) # 80",
        "response.code >= 500 ? 'bad' : 'good' # bad",
        "'x-none' in request.headers ? request.headers['x-none'] : 'none' # none"
      })
  void a_tag_has_a_value(String text, @Nullable String expected) {
    assertThat(Expression.tag(text).text(REQUEST)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "request.path",
        "request.url_path.contains('x') ? request.path : 'no'",
        "request.unknown",
        "'open",
        "request.headers[x]",
        "size(request.method)",
        "response.code == '200'",
        "request.method ? 1 : 2",
        "1 +",
        "",
        "request.method request.method"
      })
  void what_is_not_supported_is_refused(String text) {
    assertThatThrownBy(() -> Expression.tag(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 10_000})
  void what_is_too_deep_is_refused(int levels) {
    String deep = "(".repeat(levels) + "true" + ")".repeat(levels);
    String negated = "!".repeat(levels) + "true";

    assertThatThrownBy(() -> Expression.filter(deep)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Expression.filter(negated))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
