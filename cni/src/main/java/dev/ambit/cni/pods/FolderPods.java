package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.Enrolment;
import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The pods of one node out of a folder of manifests.
 *
 * @param node the node's name, as {@code spec.nodeName} says it
 * @param networks where a pod's namespace file is; {@code {namespace}} and {@code {name}} are
 *     filled in
 * @param enrolment decides who is captured
 * @param defaults how, before annotations
 */
public record FolderPods(
    String node, String networks, Enrolment enrolment, RedirectOptions defaults) {
  /** Names a pod's namespace file in place of {@link #networks}. */
  static final String NETWORK = "ambit.dev/netns";

  /**
   * Watches the folder that is written and the one that is generated: hands the pods by uid to
   * {@code follower} before returning, then at every change.
   */
  public ManifestFolders open(
      Path written, Path generated, Consumer<Map<String, WantedPod>> follower) {
    return ManifestFolders.open(
        written, generated, both -> follower.accept(pods(both.joined().objects())));
  }

  /** The pods of this node by uid. Pure. */
  Map<String, WantedPod> pods(List<ClusterObject> objects) {
    Map<String, Map<String, String>> namespaces = new HashMap<>();
    for (ClusterObject object : objects) {
      if (object instanceof Namespace namespace) {
        namespaces.put(namespace.metadata().name(), namespace.metadata().labels());
      }
    }
    Map<String, WantedPod> pods = new LinkedHashMap<>();
    Map<Path, String> owners = new HashMap<>();
    for (ClusterObject object : objects) {
      if (object instanceof Pod pod && pod.node().equals(node)) {
        WantedPod wanted =
            wanted(pod, namespaces.getOrDefault(pod.metadata().namespace(), Map.of()));
        String owner =
            wanted.over()
                ? wanted.fullName()
                : owners.computeIfAbsent(wanted.network(), _ -> wanted.fullName());
        pods.put(
            wanted.uid(),
            owner.equals(wanted.fullName())
                ? wanted
                : wanted.released(
                    "its network namespace " + wanted.network() + " is that of pod " + owner));
      }
    }
    return pods;
  }

  private WantedPod wanted(Pod pod, Map<String, String> namespaceLabels) {
    return new WantedPod(
        pod.metadata().uid(),
        pod.metadata().namespace(),
        pod.metadata().name(),
        pod.serviceAccount(),
        pod.addresses(),
        network(pod),
        enrolment.decide(pod, namespaceLabels),
        defaults.forPod(pod),
        pod.phase().terminal());
  }

  private Path network(Pod pod) {
    String annotated = pod.metadata().annotations().get(NETWORK);
    return Path.of(
        annotated != null
            ? annotated
            : networks
                .replace("{namespace}", pod.metadata().namespace())
                .replace("{name}", pod.metadata().name()));
  }
}
