package dev.ambit.cni.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnrolmentTest {
  private static final Enrolment ENROLMENT = new Enrolment(Set.of("kube-system"), "istio-system");

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      nullValues = "-",
      delimiter = '|',
      textBlock =
          """
          # vector                                       | namespace   | its mode | pod's mode | what else   | captured
          enrolment 1: namespace ambient                 | shop        | ambient  | -          | -           | true
          enrolment 2: pod none beats its namespace      | shop        | ambient  | none       | -           | false
          enrolment 3: pod ambient beats its namespace   | shop        | -        | ambient    | -           | true
          enrolment 4: host network is never captured    | shop        | ambient  | ambient    | hostNetwork | false
          enrolment 5: a sidecar is never captured       | shop        | ambient  | -          | sidecar     | false
          enrolment 6: values are case-sensitive         | shop        | Ambient  | -          | -           | false
          cni-socket 17: namespace none, pod ambient     | shop        | none     | ambient    | -           | true
          cni-socket 18: a pod that is over              | shop        | ambient  | -          | over        | false
          no label anywhere                              | shop        | -        | -          | -           | false
          an unknown value of the pod leaves it to both  | shop        | ambient  | sidecar    | -           | true
          the excluded namespace                         | kube-system | ambient  | ambient    | -           | false
          a waypoint                                     | shop        | ambient  | ambient    | waypoint    | false
          ztunnel itself                                 | istio-system| ambient  | -          | ztunnel     | false
          another pod of the system namespace            | istio-system| ambient  | -          | -           | true
          a namesake of ztunnel elsewhere                | shop        | ambient  | -          | ztunnel     | true
          """)
  @DisplayName("who is captured")
  void decides(
      String name, String namespace, String mode, String own, String else_, boolean captured) {
    Enrolment.Verdict verdict =
        ENROLMENT.decide(
            pod(namespace, own, else_), mode == null ? Map.of() : Map.of(Enrolment.MODE, mode));

    assertThat(verdict.captured()).isEqualTo(captured);
    assertThat(verdict.reason()).isNotBlank();
  }

  private static Pod pod(String namespace, String mode, String else_) {
    Map<String, String> labels = new java.util.HashMap<>();
    if (mode != null) {
      labels.put(Enrolment.MODE, mode);
    }
    if ("ztunnel".equals(else_)) {
      labels.put("app", "ztunnel");
    } else if ("waypoint".equals(else_)) {
      labels.put("gateway.networking.k8s.io/gateway-name", "wp");
      labels.put("gateway.istio.io/managed", "ambit.dev-waypoint");
    }
    return new Pod(
        new Metadata(
            namespace,
            "p",
            "u",
            labels,
            "sidecar".equals(else_) ? Map.of(Enrolment.SIDECAR, "{}") : Map.of(),
            Instant.EPOCH,
            "test"),
        "node-a",
        "default",
        "hostNetwork".equals(else_),
        "over".equals(else_) ? Pod.Phase.SUCCEEDED : Pod.Phase.RUNNING,
        true,
        false,
        List.of(),
        Map.of(),
        "p",
        List.of());
  }
}
