package dev.ambit.cli.up.story;

import dev.ambit.cli.up.mesh.PodSandbox;
import dev.ambit.cli.up.process.Await;
import dev.ambit.model.workload.IpAddresses;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The namespace with a waypoint: a service in two versions, and what its servers have seen. */
final class Market {
  static final String NAMESPACE = "market";
  static final String V1 = "market/reviews-v1";
  static final String V2 = "market/reviews-v2";
  static final String URL = "http://reviews.market";
  static final Duration LIMIT = Duration.ofSeconds(8);

  private static final String GATEWAY = "gateway.networking.k8s.io/gateway-name";

  private Market() {}

  /** Requests to {@code path} that a server has answered. */
  static List<String> seen(Stage stage, String pod, String path) throws IOException {
    return log(stage, pod)
        .lines()
        .filter(line -> line.contains(" " + path + " ") || line.contains(" " + path + "?"))
        .toList();
  }

  /** All that a server has said. */
  static String log(Stage stage, String pod) throws IOException {
    return stage.log(pod.replace('/', '.') + ".nginx");
  }

  /** Waits until a server has seen {@code count} requests to {@code path}, and a moment more. */
  static int awaitSeen(Stage stage, String pod, String path, int count) throws IOException {
    Await.until(Duration.ofSeconds(3), () -> seen(stage, pod, path).size() >= count);
    return seen(stage, pod, path).size();
  }

  /** The pods the controller made for the Gateway. */
  static List<PodSandbox> waypoints(Stage stage) {
    return stage.mesh().pods().stream()
        .filter(pod -> pod.pod().metadata().namespace().equals(NAMESPACE))
        .filter(pod -> pod.pod().metadata().labels().containsKey(GATEWAY))
        .toList();
  }

  static Set<String> waypointAddresses(Stage stage) {
    return waypoints(stage).stream()
        .flatMap(pod -> pod.pod().addresses().stream())
        .map(IpAddresses::print)
        .collect(Collectors.toSet());
  }
}
