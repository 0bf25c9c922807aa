package dev.ambit.cni.zds;

import dev.ambit.daemon.kernel.Netns;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to one client. Owns a duplicate of the pod's namespace, so that the pod
 * may be removed meanwhile.
 *
 * @param pod the pod of an addition
 * @param patience how long the answer may take
 */
record Order(
    byte[] packet,
    @Nullable ProxiedPod pod,
    @Nullable Netns attached,
    Duration patience,
    CompletableFuture<Answer> answer) {

  static Order of(byte[] packet, Duration patience) {
    return new Order(packet, null, null, patience, new CompletableFuture<>());
  }

  static Order addition(ProxiedPod pod, Duration patience) {
    return new Order(
        pod.packet(), pod, pod.network().duplicate(), patience, new CompletableFuture<>());
  }

  /** Whether this adds {@code other} in the same namespace and was not answered with a no. */
  boolean holdsFor(ProxiedPod other) {
    return pod != null
        && pod.equals(other)
        && (!answer.isDone() || answer.join() instanceof Answer.Accepted);
  }

  int descriptor() {
    return attached == null ? -1 : attached.descriptor();
  }

  void finish(Answer with) {
    if (attached != null) {
      attached.close();
    }
    answer.complete(with);
  }
}
