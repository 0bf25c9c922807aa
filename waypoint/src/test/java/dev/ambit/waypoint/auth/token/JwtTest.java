package dev.ambit.waypoint.auth.token;

import static dev.ambit.waypoint.auth.token.Issuer.encode;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.jwt.JwtAuthentication.Parsed;
import dev.ambit.waypoint.auth.token.KeySet.Check;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The attack table of threat-model SEC-077, and the algorithms of l7-authorization §6. */
class JwtTest {
  private static final Issuer RSA = new Issuer("RSA", "r");
  private static final Issuer RSA_OTHER = new Issuer("RSA", "r");
  private static final Issuer EC = new Issuer("secp256r1", "e");
  private static final Issuer ED = new Issuer("Ed25519", "d");
  private static final KeySet KEYS = keys(Issuer.set(RSA, EC, ED));
  private static final String PAYLOAD = "{\"iss\":\"i\",\"sub\":\"s\"}";

  private static KeySet keys(String json) {
    return Objects.requireNonNull(KeySet.read(json.getBytes(StandardCharsets.UTF_8)).keys());
  }

  private static Check check(KeySet keys, String token) {
    return keys.check(Objects.requireNonNull(Jwt.parse(token), token));
  }

  @DisplayName("l7-authorization §6: every algorithm of the list is accepted, by its key only")
  @ParameterizedTest
  @CsvSource({
    "RS256,RSA",
    "RS384,RSA",
    "RS512,RSA",
    "PS256,RSA",
    "PS384,RSA",
    "PS512,RSA",
    "ES256,secp256r1",
    "ES384,secp384r1",
    "ES512,secp521r1",
    "EdDSA,Ed25519"
  })
  void algorithms(String algorithm, String type) {
    Issuer issuer = new Issuer(type, "k");
    Issuer other = new Issuer(type, "k");
    String token = issuer.token(algorithm, PAYLOAD);

    assertThat(check(keys(Issuer.set(issuer)), token)).isEqualTo(Check.GOOD);
    assertThat(check(keys(Issuer.set(other)), token)).isEqualTo(Check.BAD);
    assertThat(check(keys(Issuer.set(other, issuer)), token)).isEqualTo(Check.GOOD);
    String changed = token.substring(0, token.lastIndexOf('.')) + "." + encode("x".repeat(64));
    assertThat(check(keys(Issuer.set(issuer)), changed)).isEqualTo(Check.BAD);
  }

  @DisplayName("SEC-077: no signature, symmetric ones, and keys of another type are refused")
  @Test
  void confusion() throws Exception {
    String none = encode("{\"alg\":\"none\"}") + "." + encode(PAYLOAD) + ".";
    assertThat(check(KEYS, none)).isEqualTo(Check.BAD);
    for (String spelling :
        List.of("None", "NONE", "nOnE", "", "rs256", "RS256 ", "HS256", "ES256K")) {
      String header = "{\"alg\":\"" + spelling + "\",\"kid\":\"r\"}";
      assertThat(check(KEYS, RSA.signed("RS256", header, PAYLOAD)))
          .as(spelling)
          .isEqualTo(Check.BAD);
    }
    String text = encode("{\"alg\":\"HS256\",\"kid\":\"r\"}") + "." + encode(PAYLOAD);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(RSA.pair.getPublic().getEncoded(), "HmacSHA256"));
    String forged = text + "." + encode(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)));
    assertThat(check(KEYS, forged)).isEqualTo(Check.BAD);
    // The key the header asks for is not of the type the algorithm needs.
    String crossed = EC.signed("ES256", "{\"alg\":\"ES256\",\"kid\":\"r\"}", PAYLOAD);
    assertThat(check(KEYS, crossed)).isEqualTo(Check.BAD);
    String wrongCurve = EC.signed("ES256", "{\"alg\":\"ES384\",\"kid\":\"e\"}", PAYLOAD);
    assertThat(check(KEYS, wrongCurve)).isEqualTo(Check.BAD);
    String pssAsPkcs = RSA.signed("PS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}", PAYLOAD);
    assertThat(check(KEYS, pssAsPkcs)).isEqualTo(Check.BAD);
  }

  @DisplayName("SEC-077: signatures of zeros, in DER, or of another length are refused")
  @Test
  void signatures() {
    String text = encode("{\"alg\":\"ES256\",\"kid\":\"e\"}") + "." + encode(PAYLOAD) + ".";
    for (int length : new int[] {0, 1, 63, 64, 65, 70, 72, 128}) {
      assertThat(check(KEYS, text + encode(new byte[length]))).isEqualTo(Check.BAD);
    }
    String rsa = encode("{\"alg\":\"RS256\",\"kid\":\"r\"}") + "." + encode(PAYLOAD) + ".";
    assertThat(check(KEYS, rsa + encode(new byte[256]))).isEqualTo(Check.BAD);
  }

  @Test
  void a_key_is_chosen_by_name_and_without_one_by_type() {
    KeySet both = keys(Issuer.set(EC, RSA_OTHER, RSA));
    assertThat(check(both, RSA.token("RS256", PAYLOAD))).isEqualTo(Check.GOOD);
    assertThat(check(both, RSA.signed("RS256", "{\"alg\":\"RS256\"}", PAYLOAD)))
        .isEqualTo(Check.GOOD);
    String unknown = RSA.signed("RS256", "{\"alg\":\"RS256\",\"kid\":\"new\"}", PAYLOAD);
    assertThat(check(both, unknown)).isEqualTo(Check.NO_SUCH_KEY);
    KeySet nameless = keys(Issuer.set(List.of("{" + RSA.bareKey() + "}")));
    assertThat(check(nameless, unknown)).isEqualTo(Check.GOOD);
    KeySet bound = keys(Issuer.set(List.of("{\"alg\":\"PS256\"," + RSA.bareKey() + "}")));
    assertThat(check(bound, RSA.signed("RS256", "{\"alg\":\"RS256\"}", PAYLOAD)))
        .isNotEqualTo(Check.GOOD);
  }

  static Stream<Arguments> malformed() {
    String head = encode("{\"alg\":\"RS256\"}");
    String body = encode(PAYLOAD);
    String deep = "{\"a\":".repeat(65) + "1" + "}".repeat(65);
    return Stream.of(
            "",
            ".",
            "..",
            "a.b",
            head + "." + body,
            head + "." + body + ".AA.AA",
            head + "." + body + ".AA.AA.AA",
            "." + body + ".AA",
            head + "=." + body + ".AA",
            head + ".\n" + body + ".AA",
            head + "." + body + ".A+/A",
            head + "." + body + ".AB",
            head + " ." + body + ".AA",
            encode("{\"alg\":\"RS256\",\"alg\":\"none\"}") + "." + body + ".AA",
            encode("{\"alg\":[\"RS256\"]}") + "." + body + ".AA",
            encode("{\"alg\":\"RS256\",\"crit\":[\"exp\"]}") + "." + body + ".AA",
            encode("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}") + "." + body + ".AA",
            encode("{\"alg\":\"RS256\",\"kid\":1}") + "." + body + ".AA",
            encode("{}") + "." + body + ".AA",
            encode("[]") + "." + body + ".AA",
            encode("{\"alg\":\"RS256\"} {}") + "." + body + ".AA",
            encode("not json") + "." + body + ".AA",
            head + "." + encode("[]") + ".AA",
            head + "." + encode("{\"iss\":[\"i\"]}") + ".AA",
            head + "." + encode("{\"iss\":\"i\",\"iss\":\"j\"}") + ".AA",
            head + "." + encode("{\"sub\":1}") + ".AA",
            head + "." + encode("{\"aud\":{\"a\":1}}") + ".AA",
            head + "." + encode("{\"aud\":[1]}") + ".AA",
            head + "." + encode("{\"exp\":\"1\"}") + ".AA",
            head + "." + encode("{\"exp\":null}") + ".AA",
            head + "." + encode("{\"exp\":-1}") + ".AA",
            head + "." + encode("{\"nbf\":true}") + ".AA",
            head + "." + encode("{\"exp\":1" + "0".repeat(2000) + "}") + ".AA",
            head + "." + encode("{\"exp\":1e400}") + ".AA",
            head + "." + encode(deep) + ".AA",
            head + "." + encode("{\"a\":\"" + "x".repeat(16_000) + "\"}") + ".AA",
            "\u0131" + head + "." + body + ".AA")
        .map(Arguments::of);
  }

  @DisplayName("SEC-077: what is not a token in the one form is none")
  @ParameterizedTest
  @MethodSource("malformed")
  void malformed(String token) {
    assertThat(Jwt.parse(token)).isNull();
  }

  @Test
  void claims_and_times_are_read() {
    Jwt jwt =
        Jwt.parse(
            RSA.token(
                "RS256",
                """
                {"iss":"i","sub":"s","aud":["a","b"],"exp":1700000000.9,"nbf":1e9,"n":7,"t":true,
                 "none":null,"in":{"side":["x",1,{"y":2}]}}
                """));
    Parsed parsed = Objects.requireNonNull(jwt).parsed();

    assertThat(parsed.expires()).isEqualTo(Instant.ofEpochSecond(1_700_000_000));
    assertThat(parsed.notBefore()).isEqualTo(Instant.ofEpochSecond(1_000_000_000));
    JwtClaims claims = parsed.claims();
    assertThat(claims.values(List.of("aud"))).containsExactly("a", "b");
    assertThat(claims.value("n")).isEqualTo("7");
    assertThat(claims.value("t")).isEqualTo("true");
    assertThat(claims.values(List.of("in", "side"))).containsExactly("x", "1");
    assertThat(claims.claims()).doesNotContainKey("none");
    Parsed far = Objects.requireNonNull(Jwt.parse(RSA.token("RS256", "{\"exp\":1e300}"))).parsed();
    assertThat(far.expires()).isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
  }

  static Stream<Arguments> unusable() {
    String ec = EC.bareKey();
    return Stream.of(
            Map.entry("no list", "{}"),
            Map.entry("a list that is none", "{\"keys\":{}}"),
            Map.entry("nothing in it", "{\"keys\":[]}"),
            Map.entry("not JSON", "<html>"),
            Map.entry("cut off", "{\"keys\":[{"),
            Map.entry("symmetric", Issuer.set(List.of("{\"kty\":\"oct\",\"k\":\"AAAA\"}"))),
            Map.entry("for encryption", Issuer.set(List.of("{\"use\":\"enc\"," + ec + "}"))),
            Map.entry("for signing", Issuer.set(List.of("{\"key_ops\":[\"sign\"]," + ec + "}"))),
            Map.entry("of HMAC", Issuer.set(List.of("{\"alg\":\"HS256\"," + ec + "}"))),
            Map.entry("short", Issuer.set(new Issuer("RSA-1024", "x"))),
            Map.entry(
                "off the curve",
                Issuer.set(
                    List.of("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}"))),
            Map.entry(
                "another curve", Issuer.set(List.of("{" + ec.replace("P-256", "secp256k1") + "}"))),
            Map.entry("too many", Issuer.set(java.util.Collections.nCopies(101, EC.key()))),
            Map.entry("too deep", "{\"keys\":" + "[".repeat(70) + "]".repeat(70) + "}"))
        .map(each -> Arguments.of(each.getKey(), each.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unusable")
  void key_sets_without_a_usable_key_are_refused(String name, String json) {
    KeySet.Read read = KeySet.read(json.getBytes(StandardCharsets.UTF_8));

    assertThat(read.keys()).as(name).isNull();
    assertThat(read.problem()).contains("got");
  }

  @Test
  void a_bad_key_does_not_spoil_the_others() {
    String json =
        Issuer.set(List.of("{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}", "7", EC.key()));

    assertThat(keys(json).keys()).hasSize(1);
  }
}
