package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.metadata;
import static dev.ambit.controller.translate.Objects.pod;
import static dev.ambit.controller.translate.Objects.policy;
import static dev.ambit.controller.translate.Objects.port;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.PeerAuthentication;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DerivationTest {
  private static final String[] NAMESPACES = {"a", "b", "istio-system"};
  private static final String[] APPS = {"x", "y"};

  /** The mesh as the sum of changes. */
  private static final class Sum {
    private final Map<String, Object> state = new TreeMap<>();

    void add(List<MeshChange> changes) {
      for (MeshChange change : changes) {
        switch (change) {
          case MeshChange.WorkloadPut put -> state.put(put.workload().uid(), put.workload());
          case MeshChange.ServicePut put ->
              state.put(put.service().key().toString(), put.service());
          case MeshChange.PolicyPut put -> state.put("policy " + put.policy().key(), put.policy());
          case MeshChange.AddressRemoved gone ->
              assertThat(state.remove(gone.name())).as("removed").isNotNull();
          case MeshChange.PolicyRemoved gone ->
              assertThat(state.remove("policy " + gone.key())).as("removed").isNotNull();
        }
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void step_by_step_gives_the_same_mesh_as_from_scratch(long seed) {
    Random random = new Random(seed);
    Map<String, ClusterObject> objects = new HashMap<>();
    Map<String, EnrolmentFacts.State> facts = new HashMap<>();
    Derivation stepwise = new Derivation(MeshSettings.DEFAULT);
    Sum sum = new Sum();
    for (int step = 0; step < 150; step++) {
      for (int i = random.nextInt(3); i >= 0; i--) {
        mutate(random, objects, facts);
      }
      ClusterInput input = ClusterInput.of(List.copyOf(objects.values()), facts);
      sum.add(stepwise.derive(input));
      Derivation fresh = new Derivation(MeshSettings.DEFAULT);
      Sum whole = new Sum();
      whole.add(fresh.derive(input));
      assertThat(sum.state).as("step %d", step).isEqualTo(whole.state);
      assertThat(stepwise.conditions()).as("step %d", step).isEqualTo(fresh.conditions());
    }
  }

  private static void mutate(
      Random random, Map<String, ClusterObject> objects, Map<String, EnrolmentFacts.State> facts) {
    String namespace = NAMESPACES[random.nextInt(NAMESPACES.length)];
    String app = APPS[random.nextInt(APPS.length)];
    String name = "o" + random.nextInt(4);
    ClusterObject next =
        switch (random.nextInt(6)) {
          case 0 -> pod(namespace, name, "10.0." + random.nextInt(2) + ".1", "app=" + app);
          case 1 ->
              Objects.service(
                  metadata(namespace, name, maybe(random, "istio.io/use-waypoint", "wp")),
                  "10.96.0." + random.nextInt(3),
                  labels("app=" + app),
                  port("tcp", 80 + random.nextInt(2), 8080));
          case 2 ->
              policy(
                  namespace,
                  name,
                  AuthorizationPolicy.Action.values()[random.nextInt(3)],
                  random.nextBoolean() ? Map.of() : labels("app=" + app));
          case 3 ->
              Objects.peers(
                  namespace,
                  name,
                  random.nextBoolean() ? Map.of() : labels("app=" + app),
                  PeerAuthentication.Mode.values()[random.nextInt(4)],
                  Map.of(8080, PeerAuthentication.Mode.values()[random.nextInt(4)]));
          case 4 ->
              new Namespace(
                  metadata("", namespace, maybe(random, "topology.istio.io/network", "n1")));
          default -> null;
        };
    if (next == null) {
      EnrolmentFacts.State[] states = EnrolmentFacts.State.values();
      if (random.nextBoolean()) {
        facts.put(namespace + "/" + name, states[random.nextInt(states.length)]);
      } else {
        facts.remove(namespace + "/" + name);
      }
      return;
    }
    String key = next.kind() + next.metadata().namespace() + "/" + next.metadata().name();
    if (random.nextInt(3) == 0) {
      objects.remove(key);
    } else {
      objects.put(key, next);
    }
  }

  private static Map<String, String> maybe(Random random, String key, String value) {
    return random.nextBoolean() ? Map.of() : Map.of(key, value);
  }

  @Test
  void a_rewritten_file_that_says_the_same_changes_nothing() {
    var before = pod(metadata("a", "p", labels("app=x")), "10.0.0.1");
    var after =
        pod(
            metadata("a", "p", labels("app=x"), Map.of(), Objects.LONG_AGO.plusSeconds(9)),
            "10.0.0.1");
    assertThat(Derived.of(before).then(after).changes()).isEmpty();
  }

  @Test
  void a_fact_changes_its_pod_only() {
    var one = pod("a", "p", "10.0.0.1");
    var other = pod("a", "q", "10.0.0.2");
    Derived derived = Derived.of(one, other);
    derived.then(Map.of("a/p", EnrolmentFacts.State.ENABLED), one, other);
    assertThat(derived.changes()).hasSize(1);
  }
}
