package dev.ambit.model.route;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.key;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.Set;

/** What the tests of the router share: a client, a service, and calls in one line. */
abstract class RouterFixture {
  static final Workload CLIENT = pod("client", "127.0.0.1", "fd00::1").build();
  static final ServiceKey ECHO = key("ns", "echo.ns.svc.cluster.local");

  final Random random = new Random(7);

  Route route(MeshView view, String destination, int port) {
    return route(view, CLIENT, destination, port);
  }

  Route route(MeshView view, Workload source, String destination, int port) {
    InetSocketAddress to = at(destination, port);
    return new Router("").route(view, source, source.addresses().getFirst(), to, random);
  }

  static Set<SpiffeId> identities(String... accounts) {
    return java.util.Arrays.stream(accounts)
        .map(account -> new SpiffeId("cluster.local", "ns", account))
        .collect(java.util.stream.Collectors.toSet());
  }

  static void assertRefused(Route route, Failure failure, String... words) {
    assertThat(route).isInstanceOf(Route.Refused.class);
    assertThat(((Route.Refused) route).failure()).isEqualTo(failure);
    assertThat(((Route.Refused) route).reason()).contains(words);
  }
}
