package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FolderStateTest {
  private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATER = Instant.parse("2026-02-01T00:00:00Z");

  private final FolderState state = new FolderState();

  private Snapshot put(String file, Instant modified, String... documents) {
    byte[] bytes = String.join("---\n", documents).getBytes(StandardCharsets.UTF_8);
    state.put(file, ManifestReader.read(file, bytes, modified));
    return state.snapshot();
  }

  private static String account(String name) {
    return "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + "}\n";
  }

  private static String policy(String name, String action) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: %s}
    spec: {action: %s}
    """
        .formatted(name, action);
  }

  private static List<String> names(Snapshot snapshot) {
    return snapshot.objects().stream().map(object -> object.metadata().name()).toList();
  }

  @Test
  void objects_are_ordered_by_kind_namespace_and_name() {
    put("z.yaml", FIRST, account("b"), policy("p", "DENY"));
    Snapshot snapshot = put("a.yaml", FIRST, account("c"), account("a"));

    assertThat(snapshot.objects())
        .map(object -> object.kind() + " " + object.metadata().name())
        .containsExactly(
            "AuthorizationPolicy p", "ServiceAccount a", "ServiceAccount b", "ServiceAccount c");
  }

  @Test
  void the_first_of_two_equal_names_counts_and_the_second_is_a_problem() {
    put("b.yaml", FIRST, policy("p", "DENY"));
    Snapshot snapshot = put("a.yaml", FIRST, account("x"), policy("p", "ALLOW"), account("x"));

    assertThat(names(snapshot)).containsExactly("p", "x");
    assertThat(((AuthorizationPolicy) snapshot.objects().getFirst()).action())
        .isEqualTo(AuthorizationPolicy.Action.ALLOW);
    assertThat(snapshot.problems())
        .map(ManifestProblem::toString)
        .containsExactly(
            "a.yaml:10: metadata.name: got ServiceAccount default/x again,"
                + " expected each object once; a.yaml:1 counts",
            "b.yaml:1: metadata.name: got AuthorizationPolicy default/p again,"
                + " expected each object once; a.yaml:5 counts");

    state.remove("a.yaml");
    assertThat(state.snapshot().problems()).isEmpty();
    assertThat(((AuthorizationPolicy) state.snapshot().objects().getFirst()).action())
        .isEqualTo(AuthorizationPolicy.Action.DENY);
  }

  @Test
  void a_broken_file_keeps_all_it_had() {
    Snapshot good = put("a.yaml", FIRST, account("x"), policy("p", "DENY"));
    Snapshot broken = put("a.yaml", LATER, account("x"), "\tbroken");

    assertThat(broken.objects()).isEqualTo(good.objects());
    assertThat(broken.problems()).hasSize(1);
    assertThat(put("a.yaml", LATER, "\tstill broken").objects()).isEqualTo(good.objects());
    assertThat(names(put("a.yaml", LATER, account("y")))).containsExactly("y");
  }

  @Test
  void a_broken_object_keeps_its_last_good_form_while_the_others_change() {
    put("a.yaml", FIRST, account("x"), policy("p", "DENY"));
    Snapshot snapshot = put("a.yaml", LATER, account("y"), policy("p", "deny"));

    assertThat(names(snapshot)).containsExactly("p", "y");
    assertThat(((AuthorizationPolicy) snapshot.objects().getFirst()).action())
        .isEqualTo(AuthorizationPolicy.Action.DENY);
    assertThat(snapshot.refused())
        .containsExactly(new Refused("AuthorizationPolicy", "default", "p", true));
  }

  @Test
  void a_policy_that_never_was_good_is_named() {
    Snapshot snapshot = put("a.yaml", FIRST, policy("p", "deny"));

    assertThat(snapshot.objects()).isEmpty();
    assertThat(snapshot.refused())
        .containsExactly(new Refused("AuthorizationPolicy", "default", "p", false));
    assertThat(put("a.yaml", LATER, "\tworse").refused()).isEqualTo(snapshot.refused());
    assertThat(put("a.yaml", LATER, account("x")).refused()).isEmpty();
  }

  @Test
  void a_policy_whose_name_or_kind_was_mistyped_stays() {
    put("a.yaml", FIRST, policy("p", "DENY"), account("x"));

    assertThat(names(put("a.yaml", LATER, policy("p", "DENY").replace("name:", "nmae:"))))
        .containsExactly("p", "x");
    assertThat(
            names(
                put(
                    "a.yaml",
                    LATER,
                    policy("p", "DENY").replace("AuthorizationPolicy", "AuthorisationPolicy"))))
        .containsExactly("p", "x");
    assertThat(names(put("a.yaml", LATER, account("x")))).containsExactly("x");
  }

  @Test
  void an_object_keeps_its_birthday_and_counts_changes_of_its_spec() {
    put("a.yaml", FIRST, policy("p", "DENY"));
    ClusterObject touched =
        put("a.yaml", LATER, "# comment\n" + policy("p", "DENY")).objects().getFirst();
    assertThat(touched.metadata().created()).isEqualTo(FIRST);
    assertThat(touched.metadata().generation()).isEqualTo(1);

    ClusterObject changed = put("a.yaml", LATER, policy("p", "ALLOW")).objects().getFirst();
    assertThat(changed.metadata().created()).isEqualTo(FIRST);
    assertThat(changed.metadata().generation()).isEqualTo(2);
    assertThat(changed.metadata().uid()).isEqualTo(touched.metadata().uid());

    state.remove("a.yaml");
    assertThat(state.snapshot().objects()).isEmpty();
    ClusterObject born = put("a.yaml", LATER, policy("p", "ALLOW")).objects().getFirst();
    assertThat(born.metadata().created()).isEqualTo(LATER);
    assertThat(born.metadata().generation()).isEqualTo(1);
  }

  @Test
  void a_given_birthday_counts() {
    String dated = account("x").replace("{", "{creationTimestamp: \"2020-01-01T00:00:00Z\", ");
    put("a.yaml", FIRST, account("x"));

    assertThat(put("a.yaml", LATER, dated).objects().getFirst().metadata().created())
        .isEqualTo("2020-01-01T00:00:00Z");
  }
}
