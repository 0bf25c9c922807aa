package dev.ambit.ztunnel.pod;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** Starts nothing, but says what it was told. */
public final class FakeRunner implements PodRunner {
  /** {@code start uid}, {@code stop uid}, {@code drain uid duration}. */
  public final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  /** Uids that cannot start, with the reason. */
  public final Map<String, String> broken = new ConcurrentHashMap<>();

  /** Drains that a test ends. */
  public final Map<String, CompletableFuture<Void>> drains = new ConcurrentHashMap<>();

  /** What runs now. */
  public final Set<String> up = ConcurrentHashMap.newKeySet();

  @Override
  public CompletableFuture<Running> start(LocalPod pod) {
    told.add("start " + pod.uid());
    String reason = broken.get(pod.uid());
    if (reason != null) {
      return CompletableFuture.failedFuture(new IllegalStateException(reason));
    }
    up.add(pod.uid());
    return CompletableFuture.completedFuture(new FakePod(pod));
  }

  private final class FakePod implements Running {
    private final LocalPod pod;

    FakePod(LocalPod pod) {
      this.pod = pod;
    }

    @Override
    public CompletableFuture<Void> drain(Duration deadline) {
      told.add("drain " + pod.uid() + " " + deadline.toMillis());
      CompletableFuture<Void> end =
          drains.computeIfAbsent(pod.uid(), uid -> new CompletableFuture<>());
      return end.thenRun(this::close);
    }

    @Override
    public void stop() {
      told.add("stop " + pod.uid());
      close();
    }

    private void close() {
      up.remove(pod.uid());
      pod.network().close();
    }

    @Override
    public List<TunnelRow> tunnels() {
      return List.of(
          new TunnelRow(
              pod.uid(), "outbound", "10.0.0.1:1", "10.0.0.2:15008", "a", "b", 3, 7, "open"));
    }
  }
}
