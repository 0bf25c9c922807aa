package dev.ambit.cli.waypoint;

import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.FakeMesh;
import dev.ambit.cli.Terminal.Said;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** One service with a route, a policy and a token rule behind a waypoint that can be asked. */
final class InsideWaypointsTest {
  private static final String ZTUNNEL =
      """
      {"config": {"localNode": "node-a"}, "policies": [],
       "workloads": [
         {"uid": "Kubernetes//Pod/market/client", "name": "client", "namespace": "market",
          "workloadIps": ["10.0.0.1"], "protocol": "HBONE", "node": "node-a",
          "serviceAccount": "client", "status": "Healthy"},
         {"uid": "Kubernetes//Pod/market/waypoint-1", "name": "waypoint-1", "namespace": "market",
          "workloadIps": ["10.0.0.9"], "protocol": "HBONE", "node": "node-a",
          "serviceAccount": "waypoint", "status": "Healthy"},
         {"uid": "Kubernetes//Pod/market/v1", "name": "v1", "namespace": "market",
          "workloadIps": ["10.0.0.2"], "protocol": "HBONE", "node": "node-a",
          "serviceAccount": "reviews", "status": "Healthy"}],
       "services": [
         {"name": "reviews", "namespace": "market", "hostname": "reviews.market.svc.cluster.local",
          "vips": ["/10.96.0.30"], "ports": {"80": 8080},
          "endpoints": {"Kubernetes//Pod/market/v1": {"port": {"80": 8080},
             "workloadUid": "Kubernetes//Pod/market/v1"}},
          "waypoint": {"destination": "market/waypoint.market.svc.cluster.local",
                       "hboneMtlsPort": 15008}},
         {"name": "v2", "namespace": "market", "hostname": "v2.market.svc.cluster.local",
          "vips": ["/10.96.0.32"], "ports": {"80": 8080}, "endpoints": {}},
         {"name": "waypoint", "namespace": "market",
          "hostname": "waypoint.market.svc.cluster.local",
          "vips": ["/10.96.0.40"], "ports": {"15008": 15008},
          "endpoints": {"Kubernetes//Pod/market/waypoint-1": {"port": {"15008": 15008},
             "workloadUid": "Kubernetes//Pod/market/waypoint-1"}}}]}
      """;
  private static final String WAYPOINT =
      """
      {"waypoint": {"namespace": "market", "gateway": "waypoint", "pod": "waypoint-1"},
       "resources": [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
         "metadata": {"name": "reviews", "namespace": "market"},
         "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "reviews"}],
          "rules": [
           {"matches": [{"headers": [{"name": "x-user", "value": "tester"}]}],
            "backendRefs": [{"name": "v2", "port": 80}]},
           {"timeouts": {"request": "300ms"},
            "backendRefs": [{"name": "reviews", "port": 80, "weight": 9},
                            {"name": "v2", "port": 80, "weight": 1}]}]}},
        {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
         "metadata": {"name": "no-admin", "namespace": "market"},
         "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "reviews"}],
          "action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}},
        {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
         "metadata": {"name": "others", "namespace": "market"},
         "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "other"}]}},
        {"apiVersion": "security.istio.io/v1", "kind": "RequestAuthentication",
         "metadata": {"name": "issuer", "namespace": "market"},
         "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "reviews"}],
          "jwtRules": [{"issuer": "https://issuer", "jwks": "{\\"keys\\": []}"}]}}]}
      """;
  private static final String CLUSTERS =
      """
      [{"cluster": "inbound-vip|80|http|reviews.market.svc.cluster.local",
        "service": "market/reviews.market.svc.cluster.local", "port": 80, "active": 2,
        "pending": 1, "retries": 0,
        "endpoints": [
         {"workload": "market/v1", "address": "10.0.0.2:8080", "healthy": true, "ejected": true,
          "active": 2, "total": 7, "failures": 3},
         {"workload": "market/v0", "address": "10.0.0.1:8080"}]},
       {"cluster": "inbound-vip|80|http|empty", "endpoints": []}]
      """;

  @TempDir private Path state;
  @TempDir private Path manifests;
  private FakeMesh mesh;

  @BeforeEach
  void stand() throws IOException {
    mesh =
        new FakeMesh(state, manifests)
            .node("node-a", Map.of("/config_dump", FakeMesh.json(ZTUNNEL)), Map.of())
            .waypoint(
                "market/waypoint-1",
                "waypoint",
                Map.of(
                    "/config_dump", FakeMesh.json(WAYPOINT), "/clusters", FakeMesh.json(CLUSTERS)));
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private Said ambit(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--state", state.toString()));
    return run(all.toArray(String[]::new));
  }

  private Said why(String... words) {
    List<String> all = new ArrayList<>(List.of("why", "market/client", "reviews.market:80"));
    all.addAll(List.of(words));
    return ambit(all.toArray(String[]::new));
  }

  @Test
  void routesAreShownInTheOrderTheyAreTried() {
    Said said = ambit("waypoint", "routes", "-o", "wide");
    assertThat(said.exit()).isZero();
    assertThat(said.out().lines().toList())
        .satisfiesExactly(
            titles -> assertThat(titles).startsWith("WAYPOINT"),
            first ->
                assertThat(first)
                    .contains("market/reviews", "80", "header x-user \"tester\"")
                    .contains("market/v2.market.svc.cluster.local:80"),
            second ->
                assertThat(second)
                    .contains("everything", "90% market/reviews", "10% market/v2", "300ms"));
  }

  @Test
  void policiesAreShownWithTheServicesTheyCover() {
    assertThat(ambit("waypoint", "policies", "--no-headers").out())
        .containsPattern("AuthorizationPolicy +market +no-admin +DENY +1 +Service/reviews")
        .containsPattern("RequestAuthentication +market +issuer +JWT +1 .* +market/reviews")
        .doesNotContain("others");
  }

  @Test
  void clustersAreShownEndpointByEndpoint() {
    assertThat(ambit("waypoint", "clusters").out())
        .containsPattern("market/v1 +10.0.0.2:8080 +ejected +2 +7 +3")
        .containsPattern("market/v0 +10.0.0.1:8080 +healthy +- +- +-")
        .containsPattern("empty +- +- +no endpoint");
    assertThat(ambit("waypoint", "clusters", "nothing").err()).contains("known: market/waypoint");
  }

  @Test
  void whyNamesTheRouteThatIsTakenAndWhatTheOthersMissed() {
    Said said = why("--path", "/books");
    assertThat(said.exit()).as(said.out()).isZero();
    assertThat(said.out())
        .contains("GET /books")
        .contains("HTTPRoute market/reviews rule 1 (everything): 90%")
        .contains("passed over HTTPRoute market/reviews rule 0")
        .contains("header x-user: got none, expected \"tester\"")
        .contains("the request is taken to carry no token");
    JsonNode json =
        why("--path", "/books", "-H", "X-User: tester", "-o", "json").json().path("request");
    assertThat(json.path("waypoints").path(0).path("route").path("action").asString())
        .isEqualTo("market/v2.market.svc.cluster.local:80");
  }

  @Test
  void whyNamesThePolicyThatDenies() {
    Said said = why("--method", "POST", "--path", "/x/../admin/users");
    assertThat(said.exit()).isOne();
    assertThat(said.out())
        .contains("denied with 403 at waypoint market/waypoint")
        .contains("market/no-admin (DENY): rule 1 matches");
    assertThat(why("--path", "/a%00b").out()).contains("refused with 400");
  }

  @Test
  void withoutAWaypointOnTheWayRequestsAreNotLookedAt() {
    Said said = ambit("why", "market/client", "v2.market:80", "--path", "/");
    assertThat(said.out()).contains("no waypoint is on the way");
    assertThat(why("-H", "nonsense").err()).contains("expected NAME:VALUE");
  }
}
