package dev.ambit.waypoint.config;

import static dev.ambit.waypoint.config.Town.authority;
import static dev.ambit.waypoint.config.Town.chosen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.policy.Verdict;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What comes over the wire, good and bad. */
final class ObjectFollowerTest {
  static final JwtAuthentication.Tokens NO_TOKENS =
      new JwtAuthentication.Tokens() {
        @Override
        public JwtAuthentication.@Nullable Parsed parse(String token) {
          return null;
        }

        @Override
        public JwtAuthentication.Signature verify(JwtRule rule, String token) {
          return JwtAuthentication.Signature.NO_KEYS;
        }
      };

  private static final String POLICY = "AuthorizationPolicy/demo/p";
  private static final String ROUTE = "HTTPRoute/demo/r";
  private static final String POLICY_JSON =
      """
      {"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
       "metadata":{"name":"p","namespace":"demo"},
       "spec":{"targetRefs":[{"group":"","kind":"Service","name":"echo"}],"action":"%s",
               "rules":[{"%s":[{"operation":{"methods":["POST"]}}]}]}}
      """;

  private final Snapshots snapshots = new Snapshots(Town.PLACE, NO_TOKENS);
  private final ObjectFollower follower = new ObjectFollower(snapshots);
  private final Town town = new Town().service("echo", 1).service("v2", 2).pod("p", "echo");

  @BeforeEach
  void mesh() {
    follower.applied(town.mesh(), List.of(), town.mesh());
    put("~", message("{}"));
  }

  @Test
  @DisplayName("nothing is served before all policies can have come")
  void waits_for_the_last() {
    Snapshots starting = new Snapshots(Town.PLACE, NO_TOKENS);
    ObjectFollower following = new ObjectFollower(starting);
    following.applied(town.mesh(), List.of(), town.mesh());
    following.put(ROUTE, message(route("v2")));
    following.applied();
    assertThat(starting.current().destination(authority("10.96.0.1:80"))).isEmpty();
    following.put("~", message("{}"));
    following.applied();
    assertThat(starting.current().destination(authority("10.96.0.1:80"))).isPresent();
  }

  /** The message by hand: field 1, text. */
  static byte[] message(String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x0a);
    int length = text.length;
    while (length > 0x7f) {
      out.write((length & 0x7f) | 0x80);
      length >>>= 7;
    }
    out.write(length);
    out.writeBytes(text);
    return out.toByteArray();
  }

  private static String route(String backend) {
    return """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
     "metadata":{"name":"r","namespace":"demo"},
     "spec":{"parentRefs":[{"group":"","kind":"Service","name":"echo"}],
             "rules":[{"backendRefs":[{"name":"%s","port":80}]}]}}
    """
        .formatted(backend);
  }

  private String put(String name, byte[] value) {
    String problem = follower.put(name, value);
    follower.applied();
    return problem;
  }

  private Destination at(String authority) {
    return snapshots.current().destination(authority(authority)).orElseThrow();
  }

  private boolean allows(String authority) {
    return SnapshotTest.verdict(at(authority)) instanceof Verdict.Allowed;
  }

  @Test
  void objects_come_change_and_go() {
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("echo");
    assertThat(put(ROUTE, message(route("v2")))).isEmpty();
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("v2");
    put(ROUTE, message(route("gone")));
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("500");
    follower.removed(ROUTE);
    follower.applied();
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("echo");
  }

  @Test
  @DisplayName("a service that appears is a backend at once")
  void backends_follow_the_mesh() {
    put(ROUTE, message(route("late")));
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("500");
    Town later = town.service("late", 3);
    follower.applied(town.mesh(), List.of(), later.mesh());
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("late");
  }

  @Test
  void a_route_that_cannot_be_read_leaves_the_one_before() {
    put(ROUTE, message(route("v2")));
    assertThat(put(ROUTE, message(route("v2").replace("rules", "rulez")))).contains("rulez");
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("v2");
  }

  @Test
  @DisplayName("a policy that cannot be read closes what it is attached to, and only that")
  void unreadable_policies_close() {
    assertThat(put(POLICY, message(POLICY_JSON.formatted("DENY", "too")))).contains("too");
    assertThat(allows("10.96.0.1:80")).isFalse();
    assertThat(allows("10.96.0.2:80")).isTrue();
    assertThat(put(POLICY, message(POLICY_JSON.formatted("DENY", "to")))).isEmpty();
    assertThat(allows("10.96.0.1:80")).isTrue();
  }

  @Test
  @DisplayName("a policy of which nothing can be read closes the waypoint")
  void garbage_closes_everything() {
    assertThat(put(POLICY, new byte[] {1, 2, 3})).isNotEmpty();
    assertThat(allows("10.96.0.1:80")).isFalse();
    assertThat(allows("10.96.0.2:80")).isFalse();
    follower.removed(POLICY);
    follower.applied();
    assertThat(allows("10.96.0.2:80")).isTrue();
  }

  @Test
  @DisplayName("the last good version of a policy is better than none")
  void last_good() {
    put(POLICY, message(POLICY_JSON.formatted("DENY", "to")));
    put(POLICY, message(POLICY_JSON.formatted("DENY", "too")));
    assertThat(allows("10.96.0.1:80")).isTrue();
  }

  @Test
  void an_object_under_another_name_is_refused() {
    assertThat(put("HTTPRoute/demo/other", message(route("v2")))).contains("HTTPRoute/demo/other");
    assertThat(chosen(at("10.96.0.1:80"), "/")).isEqualTo("echo");
  }

  @Test
  @DisplayName("what did not change is not compiled again")
  void compiled_once() {
    Destination before = at("10.96.0.1:80");
    assertThat(at("10.96.0.1:80")).isSameAs(before);
    follower.applied(town.mesh(), List.of(), town.pod("q", "echo").mesh());
    assertThat(at("10.96.0.1:80")).isSameAs(before);
    put(ROUTE, message(route("v2")));
    assertThat(at("10.96.0.1:80")).isNotSameAs(before);
  }
}
