package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.net.BatchReads;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The client tunnels of one pod on one event loop (spec: hbone §6). Confined to that loop: no
 * locks, and a stream's socket and its tunnel are always on the same one. Per key one dial at a
 * time; who finds no room waits for it, in order and in bounded number.
 */
public final class TunnelPool {
  /** TLS-side reads: two of 128 KiB a turn (design: stack §4). */
  static final BatchReads READS = new BatchReads(128 * 1024, 2);

  /**
   * Connections that may share a tunnel. Compared as a whole: two services with other identities
   * behind the same address never share one.
   *
   * @param source whose certificate is shown
   * @param peers of whom one must be shown
   * @param sourceIp the address of the captured client
   */
  public record Key(
      SpiffeId source, Set<SpiffeId> peers, InetSocketAddress nextHop, InetAddress sourceIp) {
    public Key {
      peers = Set.copyOf(peers);
    }
  }

  /** Where certificates and handshakes come from. */
  public record Identities(Certificates certificates, MeshTls tls) {}

  /**
   * An open stream; whoever gets it owns {@code leg}.
   *
   * @param peer the identity the far proxy has proven
   */
  public record Stream(StreamLeg leg, ConnectReply reply, SpiffeId peer) {}

  /** One tunnel, to look at. */
  public record Row(
      InetSocketAddress local,
      InetSocketAddress remote,
      SpiffeId source,
      SpiffeId peer,
      int streams,
      Instant opened,
      boolean retired) {}

  private final EventLoop loop;
  private final Sockets sockets;
  private final Identities identities;
  private final HboneSettings settings;
  private final InstantSource clock;
  private final Map<Key, TunnelGroup> groups = new HashMap<>();
  private boolean stopped;

  public TunnelPool(
      EventLoop loop,
      Sockets sockets,
      Identities identities,
      HboneSettings settings,
      InstantSource clock) {
    this.loop = loop;
    this.sockets = sockets;
    this.identities = identities;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Asks the proxy at {@code key.nextHop()} for a stream. Fails with {@link TunnelFailure} only.
   * Cancel the answer when nobody waits for it any more: a stream under way is then aborted.
   */
  public Future<Stream> open(Key key, ConnectRequest request) {
    assert loop.inEventLoop() : "opened off its loop";
    Promise<Stream> promise = loop.newPromise();
    if (stopped) {
      return promise.setFailure(new TunnelFailure(Failure.DRAINED, "the pod is gone"));
    }
    groups.computeIfAbsent(key, k -> new TunnelGroup(k, this)).open(request, promise);
    return promise;
  }

  /** Every tunnel, live and retired. */
  public List<Row> rows() {
    assert loop.inEventLoop() : "listed off its loop";
    List<Row> rows = new ArrayList<>();
    groups.forEach((key, group) ->
        group
            .tunnels()
            .forEach(tunnel -> {
              var channel = tunnel.channel();
              // Null once the channel is closed, in the moment before it is forgotten.
              if (channel.localAddress() instanceof InetSocketAddress local) {
                rows.add(
                    new Row(
                        local,
                        key.nextHop(),
                        key.source(),
                        tunnel.peer(),
                        tunnel.streams(),
                        tunnel.opened(),
                        tunnel.isRetired()));
              }
            }));
    return rows;
  }

  /** Lets streams under way go on and opens no more. */
  public void drain() {
    assert loop.inEventLoop() : "drained off its loop";
    List.copyOf(groups.values()).forEach(TunnelGroup::drain);
  }

  /** Closes every tunnel now; every stream in them breaks. */
  public void stop() {
    assert loop.inEventLoop() : "stopped off its loop";
    stopped = true;
    List.copyOf(groups.values()).forEach(TunnelGroup::stop);
    groups.clear();
  }

  EventLoop loop() {
    return loop;
  }

  Sockets sockets() {
    return sockets;
  }

  Identities identities() {
    return identities;
  }

  HboneSettings settings() {
    return settings;
  }

  InstantSource clock() {
    return clock;
  }

  void forget(TunnelGroup empty) {
    groups.remove(empty.key(), empty);
  }
}
