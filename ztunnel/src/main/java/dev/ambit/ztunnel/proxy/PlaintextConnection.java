package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/**
 * One plaintext connection into the pod: authorized as from nobody, then dialled where it was going
 * (spec: hbone §13). Confined to the loop of its socket.
 */
final class PlaintextConnection extends IntoPod {
  private final SocketLeg near;
  private final InetSocketAddress source;
  private final InetSocketAddress original;

  PlaintextConnection(Pod pod, SocketLeg near, InetSocketAddress original) {
    super(
        pod,
        near.channel().eventLoop(),
        IpAddresses.plain((InetSocketAddress) near.channel().remoteAddress()),
        IpAddresses.plain(original));
    this.near = near;
    this.source = IpAddresses.plain((InetSocketAddress) near.channel().remoteAddress());
    this.original = IpAddresses.plain(original);
  }

  void begin() {
    if (!enter()) {
      return;
    }
    if (pod().settings().ports().contain(original.getPort())) {
      refuse(Failure.OWN_PORT, "port " + original.getPort() + " is a port of the proxy itself");
      return;
    }
    near.channel().closeFuture().addListener(_ -> abandoned());
    CompletableFuture<Workload> workload = pod().workload().await();
    if (workload.isDone()) {
      decide(workload);
    } else {
      workload.whenComplete((_, _) -> loop().execute(() -> decide(workload)));
    }
  }

  private void decide(CompletableFuture<Workload> known) {
    if (isOver()) {
      return;
    }
    if (known.isCompletedExceptionally()) {
      refuse(Failure.UNKNOWN_WORKLOAD, String.valueOf(known.exceptionNow().getMessage()));
      return;
    }
    Workload local = known.join();
    MeshView view = pod().mesh().view().get();
    Flow flow = flow();
    flow.source(
        view.workloadAt(new NetworkAddress(pod().mesh().network(), source.getAddress()))
            .orElse(null));
    flow.destination(local);
    flow.service(AddressedService.of(view, local, "", original.getPort()));
    flow.opened();
    admit(
        local,
        new Peer(source.getAddress(), null, original),
        "",
        new Application(original, source.getAddress(), null));
  }

  @Override
  Leg accept(Workload local) {
    return near;
  }

  @Override
  void turnAway(Failure failure) {
    near.reset();
  }

  @Override
  void vanish() {
    near.abort();
  }
}
