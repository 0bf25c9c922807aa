package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.metadata;
import static dev.ambit.controller.translate.Objects.peers;
import static dev.ambit.controller.translate.Objects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.PeerAuthentication.Mode;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class PeerAuthenticationTranslatorTest {
  private static final String STATIC = "istio-system/istio_converted_static_strict";
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "x", "y");
  private static final Map<String, String> APP = labels("app=x");

  @Test
  @DisplayName("l4-authorization 24: a namespace's mode beats the mesh's")
  void the_namespace_beats_the_mesh() {
    Derived derived =
        Derived.of(
            peers("istio-system", "default", Map.of(), Mode.STRICT),
            peers("a", "default", Map.of(), Mode.PERMISSIVE),
            pod("a", "p", "10.0.0.1"),
            pod("b", "p", "10.0.0.2"));
    assertThat(derived.existing("a", "p").policies()).isEmpty();
    assertThat(derived.existing("b", "p").policies()).containsExactly(STATIC);
    assertThat(derived.allows("a", "p", 80, null)).isTrue();
    assertThat(derived.allows("b", "p", 80, null)).isFalse();
    assertThat(derived.allows("b", "p", 80, CLIENT)).isTrue();
  }

  @Test
  @DisplayName("l4-authorization 25: a strict port of a permissive workload")
  void one_strict_port() {
    Derived derived =
        Derived.of(
            peers("a", "px", APP, Mode.PERMISSIVE, Map.of(8080, Mode.STRICT)),
            pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.existing("a", "p").policies())
        .containsExactly("a/converted_peer_authentication_px");
    assertThat(derived.allows("a", "p", 8080, null)).isFalse();
    assertThat(derived.allows("a", "p", 9090, null)).isTrue();
    assertThat(derived.allows("a", "p", 8080, CLIENT)).isTrue();
    assertThat(derived.allows("a", "p", 9090, CLIENT)).isTrue();
  }

  @Test
  @DisplayName("l4-authorization 26: permissive ports of a strict workload")
  void some_permissive_ports() {
    Derived derived =
        Derived.of(
            peers(
                "a",
                "px",
                APP,
                Mode.STRICT,
                Map.of(8080, Mode.PERMISSIVE, 8081, Mode.DISABLE, 8082, Mode.STRICT)),
            pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.existing("a", "p").policies())
        .containsExactly("a/converted_peer_authentication_px");
    assertThat(derived.policy("a", "converted_peer_authentication_px").orElseThrow().rules())
        .hasSize(1);
    assertThat(derived.allows("a", "p", 8080, null)).isTrue();
    assertThat(derived.allows("a", "p", 8081, null)).isTrue();
    assertThat(derived.allows("a", "p", 8082, null)).isFalse();
    assertThat(derived.allows("a", "p", 9090, null)).isFalse();
    assertThat(derived.allows("a", "p", 9090, CLIENT)).isTrue();
  }

  @Test
  @DisplayName("l4-authorization 26: an inherited strict mode has the same exceptions")
  void permissive_ports_under_an_inherited_strict_mode() {
    Derived derived =
        Derived.of(
            peers("istio-system", "default", Map.of(), Mode.STRICT),
            peers("a", "px", APP, Mode.UNSET, Map.of(8080, Mode.PERMISSIVE)),
            pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.allows("a", "p", 8080, null)).isTrue();
    assertThat(derived.allows("a", "p", 9090, null)).isFalse();
  }

  @Test
  @DisplayName("l4-authorization §5: strict with only strict ports is the static policy")
  void only_strict_ports_are_the_static_policy() {
    Derived derived =
        Derived.of(
            peers("a", "px", APP, Mode.STRICT, Map.of(8080, Mode.STRICT)),
            pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.existing("a", "p").policies()).containsExactly(STATIC);
    assertThat(derived.view().policies()).hasSize(1);
  }

  @Test
  @DisplayName("l4-authorization 27: of two namespace-wide objects the oldest wins")
  void the_oldest_wins() {
    PeerAuthentication old = peers("a", "z-old", Map.of(), Mode.STRICT);
    PeerAuthentication young =
        new PeerAuthentication(
            metadata("a", "a-young", Map.of(), Map.of(), Objects.LONG_AGO.plusSeconds(1)),
            Map.of(),
            Mode.PERMISSIVE,
            Map.of());
    assertThat(Derived.of(young, old, pod("a", "p", "10.0.0.1")).existing("a", "p").policies())
        .containsExactly(STATIC);
  }

  @Test
  @DisplayName("control-plane 18: the static policy exists as long as any object does")
  void the_static_policy_comes_and_goes() {
    Derived derived = Derived.of(peers("a", "x", Map.of(), Mode.PERMISSIVE));
    assertThat(derived.policy("istio-system", "istio_converted_static_strict")).isPresent();
    assertThat(derived.then().view().policies()).isEmpty();
  }

  @Test
  void a_change_of_the_mesh_mode_reaches_conversions_and_pods() {
    PeerAuthentication ports = peers("a", "px", APP, Mode.UNSET, Map.of(8080, Mode.PERMISSIVE));
    Derived derived = Derived.of(ports, pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.existing("a", "p").policies()).isEmpty();
    derived.then(
        ports,
        peers("istio-system", "default", Map.of(), Mode.STRICT),
        pod("a", "p", "10.0.0.1", "app=x"));
    assertThat(derived.existing("a", "p").policies())
        .containsExactly("a/converted_peer_authentication_px");
    assertThat(derived.allows("a", "p", 9090, null)).isFalse();
  }
}
