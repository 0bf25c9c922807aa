package dev.ambit.ztunnel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Json;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The dump beside traffic. */
@Timeout(60)
final class ConfigDumpTest {
  private static final int WORKLOADS = 10_000;

  private static MeshView large() throws Exception {
    List<MeshChange> changes = new ArrayList<>();
    for (int i = 0; i < WORKLOADS; i++) {
      InetAddress address =
          InetAddress.getByAddress(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i});
      changes.add(
          new MeshChange.WorkloadPut(
              Workload.named("Kubernetes//Pod/demo/pod-" + i)
                  .name("pod-" + i)
                  .namespace("demo")
                  .addresses(List.of(address))
                  .build()));
    }
    return MeshView.empty().with(changes);
  }

  @Test
  @DisplayName("ztunnel-observability 16: event loops go on while 10,000 workloads are dumped")
  void loops_go_on() throws Exception {
    MeshView mesh = large();
    ConfigDump dump =
        new ConfigDump(() -> mesh, List::of, Map::of, List::of, Json.object(), Json.object());
    try (Transport transport = Transport.open(Transport.Kind.NIO, 1)) {
      EventLoop loop = transport.loops().getFirst();
      AtomicLong turns = new AtomicLong();
      AtomicBoolean over = new AtomicBoolean();
      loop.execute(
          new Runnable() {
            @Override
            public void run() {
              turns.incrementAndGet();
              if (!over.get()) {
                loop.execute(this);
              }
            }
          });
      // Whatever it costs, it is made on the thread of the page: no loop takes part.
      long before = turns.get();
      assertThat(dump.document().path("workloads").size()).isEqualTo(WORKLOADS);
      assertThat(turns.get() - before).isGreaterThan(100);
      over.set(true);
    }
  }
}
