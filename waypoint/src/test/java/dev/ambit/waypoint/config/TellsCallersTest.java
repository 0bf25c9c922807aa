package dev.ambit.waypoint.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whether services are told who calls is said by the waypoint's own Gateway. */
final class TellsCallersTest {
  private static String gateway(String name, String said) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata:
      name: %s
      namespace: demo
      annotations: {ambient.istio.io/xfcc-include-client-identity: "%s"}
    spec:
      gatewayClassName: ambit-waypoint
      listeners: [{name: mesh, port: 15008, protocol: HBONE}]
    """
        .formatted(name, said);
  }

  @Test
  void only_its_own_says_so() {
    Town town = new Town();
    assertThat(town.with().tellsCallers()).isFalse();
    assertThat(town.with(gateway("wp", "true")).tellsCallers()).isTrue();
    assertThat(town.with(gateway("wp", "yes")).tellsCallers()).isFalse();
    assertThat(town.with(gateway("other", "true")).tellsCallers()).isFalse();
  }
}
