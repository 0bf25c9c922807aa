package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.model.Failure;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Workload;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The steps that tunnels and plaintext into a pod share: register, authorize, dial the application
 * with the client's address, relay (spec: hbone §7.3, §7.4). Confined to one loop, but for {@link
 * #cut}.
 */
abstract class IntoPod implements Connections.Connection, Relay.Listener {
  private final Pod pod;
  private final EventLoop loop;
  private final InetSocketAddress source;
  private final Flow flow;

  private OpenConnections.@Nullable Entry entry;
  private @Nullable ChannelFuture dialing;
  private @Nullable Relay relay;
  private boolean over;

  /**
   * Where the bytes go.
   *
   * @param source the address to show, null for the pod's own
   * @param header sent ahead of the bytes, null for none
   */
  record Application(
      InetSocketAddress address, @Nullable InetAddress source, byte @Nullable [] header) {}

  IntoPod(Pod pod, EventLoop loop, InetSocketAddress source, InetSocketAddress destination) {
    this.pod = pod;
    this.loop = loop;
    this.source = source;
    this.flow = pod.flows().recorder().begin(Flow.Direction.INBOUND, loop, source, destination);
  }

  Pod pod() {
    return pod;
  }

  EventLoop loop() {
    return loop;
  }

  Flow flow() {
    return flow;
  }

  boolean isOver() {
    return over;
  }

  /** Tells the peer that it is not served. */
  abstract void turnAway(Failure failure);

  /** Ends the peer's side, which has not been accepted yet, without a word. */
  abstract void vanish();

  /** Accepts the peer and answers its leg. */
  abstract Leg accept(Workload local);

  /** Counts the connection; false, and refused, when there are too many. */
  boolean enter() {
    if (pod.connections().add(this)) {
      return true;
    }
    refuse(Failure.OVERLOADED, "too many connections of this pod or of this node");
    return false;
  }

  /** Refuses before anything was resolved. */
  void refuse(Failure failure, String detail) {
    flow.refusedEarly(failure, detail);
    end();
    turnAway(failure);
  }

  private void fail(Failure failure, String detail) {
    flow.failed(failure, detail);
    end();
    turnAway(failure);
  }

  /**
   * Registers, so that a policy that changes from here on is not missed; then asks for the verdict;
   * then dials.
   */
  void admit(Workload local, Peer asking, String forwardedHost, Application application) {
    OpenConnections.Entry registered =
        pod.flows()
            .open()
            .inbound(
                pod.local().uid(),
                local.uid(),
                source,
                asking,
                forwardedHost.isEmpty() ? null : forwardedHost,
                this::cut);
    entry = registered;
    boolean hold = pod.settings().unknownPolicy() == ProxySettings.UnknownPolicy.HOLD;
    CompletableFuture<Workload> policies =
        hold ? pod.workload().awaitPolicies() : CompletableFuture.completedFuture(local);
    if (policies.isDone()) {
      decide(registered, policies, local, application);
    } else {
      policies.whenComplete(
          (_, _) -> loop.execute(() -> decide(registered, policies, local, application)));
    }
  }

  private void decide(
      OpenConnections.Entry registered,
      CompletableFuture<Workload> policies,
      Workload local,
      Application application) {
    if (over) {
      return;
    }
    if (policies.isCompletedExceptionally()) {
      fail(
          Failure.POLICY_DENIED,
          "connection closed due to policy rejection: not known: "
              + Authorizer.missing(pod.mesh().view().get(), local));
      return;
    }
    switch (registered.decide()) {
      case Verdict.Denied denied ->
          fail(
              Failure.POLICY_DENIED,
              "connection closed due to policy rejection: " + denied.reason());
      case Verdict.Allowed _ -> dial(local, application);
    }
  }

  private void dial(Workload local, Application application) {
    InetAddress shown = application.source();
    boolean own = shown == null || shown.equals(application.address().getAddress());
    ChannelFuture dial =
        pod.sockets()
            .dial(
                loop,
                application.address(),
                own ? null : shown,
                ProxySettings.APPLICATION_TIMEOUT,
                Dialled.within(pod.sockets()));
    dialing = dial;
    dial.addListener(f -> dialled(dial, local, application));
  }

  private void dialled(ChannelFuture dial, Workload local, Application application) {
    if (over) {
      dial.channel().close();
      return;
    }
    if (!dial.isSuccess()) {
      fail(Dialled.failure(dial.cause()), Dialled.explain(dial.cause()));
      return;
    }
    SocketLeg far = dial.channel().pipeline().get(SocketLeg.class);
    if (application.header() != null) {
      far.write(Unpooled.wrappedBuffer(application.header()));
      far.flush();
    }
    relay = Relay.join(accept(local), far, loop, ProxySettings.HALF_OPEN_LIMIT, this);
  }

  @Override
  public void fromNear(int bytes) {
    flow.toServer(bytes);
  }

  @Override
  public void fromFar(int bytes) {
    flow.toClient(bytes);
  }

  @Override
  public void ended(@Nullable Throwable cause) {
    if (over) {
      return;
    }
    if (cause == null) {
      flow.closed();
    } else {
      flow.failed(Dialled.brokenBy(cause), String.valueOf(cause.getMessage()));
    }
    end();
  }

  /** The peer went away before it was accepted. */
  void abandoned() {
    if (!over && relay == null) {
      flow.failed(Failure.BROKEN, "connection closed by the client while it was being opened");
      end();
    }
  }

  @Override
  public void cut(Failure failure, String reason) {
    loop.execute(() -> {
      if (over) {
        return;
      }
      flow.failed(failure, reason);
      end();
      if (relay != null) {
        relay.cut(null);
      } else {
        vanish();
      }
    });
  }

  private void end() {
    over = true;
    if (entry != null) {
      entry.close();
    }
    if (dialing != null) {
      dialing.cancel(false);
    }
    pod.connections().remove(this);
  }
}
