package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The manifests of the measured mesh: one enrolled namespace with two pods. */
final class MeshManifests {
  private MeshManifests() {}

  /**
   * @param more objects, each after a line of three dashes
   */
  static void write(Path folder, TwoNodes nodes, String more) {
    StringBuilder text =
        new StringBuilder(
            """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: bench
              labels:
                istio.io/dataplane-mode: ambient
            """);
    for (TwoNodes.Pod pod : List.of(nodes.client(), nodes.server())) {
      text.append(
          """
          ---
          apiVersion: v1
          kind: ServiceAccount
          metadata:
            name: %1$s
            namespace: bench
          ---
          apiVersion: v1
          kind: Pod
          metadata:
            name: %1$s
            namespace: bench
            labels:
              app: %1$s
            annotations:
              ambit.dev/netns: /run/netns/%2$s
          spec:
            nodeName: %3$s
            serviceAccountName: %1$s
          status:
            phase: Running
            podIPs:
            - ip: %4$s
          """
              .formatted(pod.name(), pod.namespace(), pod.node(), pod.address()));
    }
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("mesh.yaml"), text + more);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
