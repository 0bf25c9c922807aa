package dev.ambit.dataplane.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Requests to the CA and what is believed of its answers. */
final class SigningTest {
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "a", "b");
  private static final Instant NOW = Instant.now();

  private final TestCa root = TestCa.root("root");

  /** Reads the elements of a DER sequence. */
  private record Element(int tag, byte[] content, byte[] whole) {
    static List<Element> all(byte[] der) {
      List<Element> elements = new ArrayList<>();
      int at = 0;
      while (at < der.length) {
        int length = der[at + 1] & 0xff;
        int head = 2;
        if (length >= 0x80) {
          int octets = length & 0x7f;
          length = 0;
          for (int i = 0; i < octets; i++) {
            length = length << 8 | der[at + 2 + i] & 0xff;
          }
          head += octets;
        }
        int end = at + head + length;
        elements.add(
            new Element(
                der[at] & 0xff,
                Arrays.copyOfRange(der, at + head, end),
                Arrays.copyOfRange(der, at, end)));
        at = end;
      }
      return elements;
    }

    List<Element> parts() {
      return all(content);
    }
  }

  @Test
  @DisplayName("ca 4: PKCS#10 verifies, one URI name, no subject, a P-256 key")
  void a_request_says_what_it_should() throws Exception {
    SigningRequest request = SigningRequest.of(CLIENT.toString());
    String body = request.pem().replaceAll("-----[A-Z ]+-----|\\s", "");
    List<Element> parts = Element.all(Base64.getDecoder().decode(body)).getFirst().parts();
    List<Element> info = parts.getFirst().parts();
    PublicKey key =
        KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info.get(2).whole()));

    Signature verifier = Signature.getInstance("SHA256withECDSA");
    verifier.initVerify(key);
    verifier.update(parts.getFirst().whole());
    byte[] bits = parts.get(2).content();
    assertThat(verifier.verify(bits, 1, bits.length - 1)).isTrue();

    assertThat(info.getFirst().content()).containsExactly(0);
    assertThat(info.get(1).content()).isEmpty();
    assertThat(key).isEqualTo(request.keys().getPublic());
    assertThat(((ECPublicKey) key).getParams().getCurve().getField().getFieldSize()).isEqualTo(256);
    Element extension =
        info.get(3).parts().getFirst().parts().get(1).parts().getFirst().parts().getFirst();
    assertThat(extension.parts().getFirst().content()).containsExactly(0x55, 0x1d, 0x11);
    Element names = Element.all(extension.parts().get(2).content()).getFirst();
    assertThat(names.parts())
        .singleElement()
        .satisfies(name -> {
          assertThat(name.tag()).isEqualTo(0x86);
          assertThat(new String(name.content(), StandardCharsets.US_ASCII))
              .isEqualTo(CLIENT.toString());
        });
  }

  @Test
  void every_request_has_a_key_of_its_own() {
    assertThat(SigningRequest.of("spiffe://a/ns/b/sa/c").keys().getPublic())
        .isNotEqualTo(SigningRequest.of("spiffe://a/ns/b/sa/c").keys().getPublic());
  }

  @Test
  @DisplayName("ca 1: leaf and intermediates are shown, the roots of the answer are trusted")
  void a_chain_is_taken_apart() {
    KeyPair keys = TestCa.newKeys();
    TestCa inter = root.intermediate("inter");
    TestCa other = TestCa.root("other");
    String leaf = pem(inter, keys, CLIENT);
    IssuedChain issued =
        IssuedChain.check(
            List.of(
                leaf, Pem.encode(List.of(inter.certificate())), root.rootPem() + other.rootPem()),
            CLIENT.toString(),
            keys.getPublic(),
            NOW);
    assertThat(issued.chain()).hasSize(2).endsWith(inter.certificate());
    assertThat(issued.roots()).containsExactly(root.certificate(), other.certificate());
  }

  private static String pem(TestCa by, KeyPair keys, SpiffeId identity) {
    return Pem.encode(
        List.of(
            by.leaf(
                keys.getPublic(),
                NOW.minusSeconds(120),
                NOW.plusSeconds(3600),
                List.of(identity.toString()))));
  }

  @Test
  @DisplayName("ca 2: a leaf without a root, and no answer at all, are errors")
  void an_answer_without_root_is_refused() {
    KeyPair keys = TestCa.newKeys();
    assertThatThrownBy(() -> check(List.of(pem(root, keys, CLIENT)), keys))
        .hasMessage("no root certificate present");
    assertThatThrownBy(() -> check(List.of(), keys)).hasMessageContaining("got nothing");
  }

  private static IssuedChain check(List<String> answer, KeyPair keys) {
    return IssuedChain.check(answer, CLIENT.toString(), keys.getPublic(), NOW);
  }

  @Test
  @DisplayName("ca 3: a leaf for another identity is refused")
  void another_identity_is_refused() {
    KeyPair keys = TestCa.newKeys();
    SpiffeId other = new SpiffeId("cluster.local", "a", "c");
    assertThatThrownBy(() -> check(List.of(pem(root, keys, other), root.rootPem()), keys))
        .hasMessageContaining(other.toString())
        .hasMessageContaining(CLIENT.toString());
  }

  @Test
  void two_names_another_key_and_another_root_are_refused() {
    KeyPair keys = TestCa.newKeys();
    String two =
        Pem.encode(
            List.of(
                root.leaf(
                    keys.getPublic(),
                    NOW.minusSeconds(1),
                    NOW.plusSeconds(60),
                    List.of(CLIENT.toString(), "spiffe://cluster.local/ns/x/sa/y"))));
    assertThatThrownBy(() -> check(List.of(two, root.rootPem()), keys))
        .hasMessageContaining("expected only");
    assertThatThrownBy(
            () -> check(List.of(pem(root, TestCa.newKeys(), CLIENT), root.rootPem()), keys))
        .hasMessageContaining("another key");
    assertThatThrownBy(
            () -> check(List.of(pem(root, keys, CLIENT), TestCa.root("root").rootPem()), keys))
        .hasMessageContaining("does not lead to its roots");
    assertThatThrownBy(() -> check(List.of("garbage", root.rootPem()), keys))
        .hasMessageContaining("no CERTIFICATE block");
  }

  @Test
  @DisplayName("ca 5: ImpersonatedIdentity in shared mode, nothing in dedicated mode")
  void the_impersonated_identity_is_named() {
    for (boolean shared : List.of(true, false)) {
      List<Map<String, String>> metadata = new ArrayList<>();
      IstioCa.Authority authority =
          (request, validity, extra) -> {
            metadata.add(extra);
            assertThat(validity).isEqualTo(Duration.ofHours(24));
            throw new IllegalStateException("enough seen");
          };
      IstioCa ca = new IstioCa(authority, Duration.ofHours(24), shared, InstantSource.system());
      assertThatThrownBy(() -> ca.certify(CLIENT)).hasMessage("enough seen");
      assertThat(metadata)
          .containsExactly(
              shared
                  ? Map.of("ImpersonatedIdentity", "spiffe://cluster.local/ns/a/sa/b")
                  : Map.of());
    }
  }

  @Test
  void the_fixture_makes_usable_certificates() throws Exception {
    WorkloadCertificate made = root.intermediate("inter").workload(CLIENT);
    IssuedChain.requireName(made.leaf(), CLIENT.toString());
    IssuedChain.requireTrust(made.chain(), made.roots(), Instant.now());
  }
}
