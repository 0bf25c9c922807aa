package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.hbone.ConnectReply;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.route.InboundCheck.Answer;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request for a tunnel into the pod, in the order of hbone §7: is it a CONNECT, is the pod
 * known, may it serve the authority, is the peer authorized, does the application accept; and only
 * then 200. Confined to the loop of its connection.
 */
final class InboundConnection extends IntoPod {
  private final HboneServer.Incoming incoming;
  private final InetSocketAddress peer;
  private final InetSocketAddress tunnelled;

  InboundConnection(Pod pod, HboneServer.Incoming incoming) {
    super(
        pod,
        incoming.loop(),
        IpAddresses.plain(incoming.peerAddress()),
        IpAddresses.plain(incoming.localAddress()));
    this.incoming = incoming;
    this.peer = IpAddresses.plain(incoming.peerAddress());
    this.tunnelled = IpAddresses.plain(incoming.localAddress());
  }

  void begin() {
    if (!enter()) {
      return;
    }
    incoming.onGone(this::abandoned);
    var request = incoming.request();
    if (!request.isConnect()) {
      refuse(Failure.BAD_REQUEST, "method: got \"" + request.method() + "\", expected CONNECT");
      return;
    }
    MeshView view = pod().mesh().view().get();
    Optional<Workload> local = pod().workload().now();
    if (local.isEmpty()) {
      refuse(Failure.UNKNOWN_WORKLOAD, LocalWorkload.unknown(pod().local()));
      return;
    }
    Answer answer =
        pod()
            .mesh()
            .inboundCheck()
            .check(view, local.get(), tunnelled.getAddress(), request.authority());
    switch (answer) {
      case Answer.Refuse refused -> refuse(refused.failure(), refused.reason());
      case Answer.Dial dial -> authorize(view, local.get(), dial);
    }
  }

  private void authorize(MeshView view, Workload local, Answer.Dial dial) {
    var request = incoming.request();
    String authority = String.valueOf(request.authority());
    Flow flow = flow();
    flow.authority(authority);
    flow.mutualTls(incoming.peer(), incoming.own());
    if (!request.baggage().isEmpty()) {
      flow.baggage(request.baggage());
    }
    flow.source(source(view));
    flow.destination(local);
    flow.service(
        AddressedService.of(view, local, request.forwardedHost(), dial.authorized().getPort()));
    flow.opened();
    Peer asking = new Peer(peer.getAddress(), incoming.peer(), dial.authorized());
    byte[] header =
        dial.tunnel() == null
            ? null
            : switch (dial.tunnel().protocol()) {
              case NONE -> null;
              case PROXY -> proxyHeader(view, local, authority);
            };
    boolean loopback = dial.application().getAddress().isLoopbackAddress();
    admit(
        local,
        asking,
        request.forwardedHost(),
        new Application(dial.application(), loopback ? null : peer.getAddress(), header));
  }

  /** The workload at the peer's address, unless that address is of another network. */
  private @Nullable Workload source(MeshView view) {
    String network = pod().mesh().network();
    String origin = incoming.request().originNetwork();
    return origin.isEmpty() || origin.equalsIgnoreCase(network)
        ? view.workloadAt(new NetworkAddress(network, peer.getAddress())).orElse(null)
        : null;
  }

  private byte[] proxyHeader(MeshView view, Workload local, String authority) {
    InetSocketAddress meant =
        pod().mesh().inboundCheck().proxyDestination(view, local, authority).orElse(tunnelled);
    return ProxyHeader.of(peer, meant, incoming.peer());
  }

  @Override
  Leg accept(Workload local) {
    return incoming.accept(
        pod().settings().replyBaggage() ? ConnectReply.open(local) : ConnectReply.open());
  }

  @Override
  void turnAway(Failure failure) {
    incoming.refuse(failure.status());
  }

  @Override
  void vanish() {
    // The stream is reset; the tunnel and its other streams live on.
    incoming.abort();
  }
}
