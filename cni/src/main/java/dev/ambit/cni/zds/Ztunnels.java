package dev.ambit.cni.zds;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The ztunnels of this node, as the agent's pods see them. */
public interface Ztunnels extends AutoCloseable {
  /**
   * Puts {@code pod} on the roster and waits until the newest ztunnel has it. Asks only when that
   * ztunnel has not accepted this very pod before, so it may be called again and again. An
   * unreachable ztunnel will be told when it connects.
   */
  Answer add(ProxiedPod pod);

  /**
   * Puts a pod on the roster whose namespace is not held (yet): a ztunnel that connects meanwhile
   * leaves its proxy as it is. Does nothing when the pod is on the roster already.
   */
  void expect(String uid);

  /**
   * Takes a pod off the roster and tells all; completes when all have answered. Accepted at once
   * for a pod that is not on the roster.
   *
   * @param drain how long open connections may last
   */
  CompletableFuture<Answer> remove(String uid, Duration drain);

  /** How many are connected. */
  int connected();

  @Override
  void close();
}
