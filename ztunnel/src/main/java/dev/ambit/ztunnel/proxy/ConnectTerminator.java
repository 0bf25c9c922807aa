package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.Certificates.Priority;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.Failure;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What the tunnel port of one pod does: shows the pod's newest certificate, and turns each request
 * into an {@link InboundConnection} (spec: hbone §7).
 */
final class ConnectTerminator implements HboneServer.Terminator {
  private final Pod pod;
  private final TunnelPool.Identities identities;
  private final List<EventLoop> loops;

  ConnectTerminator(Pod pod, TunnelPool.Identities identities, List<EventLoop> loops) {
    this.pod = pod;
    this.identities = identities;
    this.loops = loops;
  }

  @Override
  public CompletableFuture<WorkloadCertificate> certificate() {
    CompletableFuture<Workload> workload = pod.workload().await();
    return workload.isDone() && !workload.isCompletedExceptionally()
        ? fetch(workload.join())
        : workload.thenCompose(this::fetch);
  }

  private CompletableFuture<WorkloadCertificate> fetch(Workload workload) {
    return identities.certificates().fetch(workload.identity(), Priority.REAL_TIME);
  }

  @Override
  public void connect(HboneServer.Incoming incoming) {
    new InboundConnection(pod, incoming).begin();
  }

  @Override
  public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {
    // Called on the loop of the connection, which is the current thread.
    loops.stream()
        .filter(EventLoop::inEventLoop)
        .findFirst()
        .ifPresent(loop ->
            pod.flows()
                .recorder()
                .begin(
                    Flow.Direction.INBOUND, loop, IpAddresses.plain(peer), IpAddresses.plain(local))
                .refusedEarly(Failure.TLS, why));
  }
}
