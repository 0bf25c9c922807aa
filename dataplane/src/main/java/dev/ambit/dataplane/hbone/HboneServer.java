package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Serves the tunnels into one pod: TLS with the pod's newest certificate, HTTP/2 with limits, and
 * each request handed to a {@link Terminator} on the loop of its connection (spec: hbone §2, §3,
 * §10).
 */
public final class HboneServer {
  /** Connections of one pod that may be in their handshake; more are closed at once. */
  private static final int MOST_HANDSHAKES = 4_096;

  /** What the pod does with connections and requests. Called on the loop of each connection. */
  public interface Terminator {
    /** The certificate to show, asked for each connection anew. */
    CompletableFuture<WorkloadCertificate> certificate();

    /** A peer that has proven its identity asks for a tunnel. */
    void connect(Incoming incoming);

    /** A connection ended before its first request; {@code why} for the log. */
    void refused(InetSocketAddress peer, InetSocketAddress local, String why);
  }

  /** One tunnel, to look at. */
  public record Row(
      InetSocketAddress local,
      InetSocketAddress remote,
      SpiffeId own,
      SpiffeId peer,
      int streams,
      Instant opened,
      boolean draining) {}

  private final MeshTls tls;
  private final HboneSettings settings;
  private final InstantSource clock;
  private final Terminator terminator;
  private final Set<ServerTunnel> tunnels = ConcurrentHashMap.newKeySet();
  private final AtomicInteger handshakes = new AtomicInteger();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private volatile boolean draining;

  public HboneServer(
      MeshTls tls, HboneSettings settings, InstantSource clock, Terminator terminator) {
    this.tls = tls;
    this.settings = settings;
    this.clock = clock;
    this.terminator = terminator;
  }

  /** What makes an accepted channel, which does not read yet, a tunnel. */
  public ChannelInitializer<Channel> acceptor() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        accept(channel);
      }
    };
  }

  private void accept(Channel channel) {
    if (handshakes.incrementAndGet() > MOST_HANDSHAKES) {
      handshakes.decrementAndGet();
      channel.close();
      return;
    }
    ServerTunnel tunnel = new ServerTunnel(this, channel);
    tunnels.add(tunnel);
    channel
        .closeFuture()
        .addListener(_ -> {
          tunnels.remove(tunnel);
          tunnel.closed();
          endIfDrained();
        });
    channel.pipeline().addLast(tunnel);
  }

  /** Every connection that is past its handshake. Asks each loop, so never call it on one. */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (ServerTunnel tunnel : tunnels) {
      Row row = tunnel.onLoop(tunnel::row).awaitUninterruptibly().getNow();
      if (row != null) {
        rows.add(row);
      }
    }
    return rows;
  }

  /**
   * Says GOAWAY on every connection; streams go on, each connection ends with its last one. The
   * answer completes, on no loop, when none is left; it is the caller who stops listening.
   */
  public CompletableFuture<Void> drain() {
    draining = true;
    tunnels.forEach(tunnel -> tunnel.onLoop(Executors.callable(tunnel::drain)));
    endIfDrained();
    return drained;
  }

  private void endIfDrained() {
    if (draining && tunnels.isEmpty()) {
      drained.completeAsync(() -> null);
    }
  }

  /** Closes every connection now. */
  public void stop() {
    tunnels.forEach(tunnel -> tunnel.onLoop(Executors.callable(tunnel::stop)));
  }

  MeshTls tls() {
    return tls;
  }

  HboneSettings settings() {
    return settings;
  }

  InstantSource clock() {
    return clock;
  }

  Terminator terminator() {
    return terminator;
  }

  void handshakeOver() {
    handshakes.decrementAndGet();
  }

  /** A request for a tunnel and the two ways to answer it. Confined to its event loop. */
  public static final class Incoming {
    private final ConnectRequest request;
    private final SpiffeId own;
    private final SpiffeId peer;
    private final StreamLeg leg;
    private @Nullable Runnable gone;
    private boolean isGone;

    Incoming(ConnectRequest request, SpiffeId own, SpiffeId peer, StreamLeg leg) {
      this.request = request;
      this.own = own;
      this.peer = peer;
      this.leg = leg;
    }

    public ConnectRequest request() {
      return request;
    }

    /** The identity this server has proven. */
    public SpiffeId own() {
      return own;
    }

    /** The identity the peer has proven. */
    public SpiffeId peer() {
      return peer;
    }

    public EventLoop loop() {
      return leg.channel().eventLoop();
    }

    public InetSocketAddress peerAddress() {
      return (InetSocketAddress) leg.channel().remoteAddress();
    }

    public InetSocketAddress localAddress() {
      return (InetSocketAddress) leg.channel().localAddress();
    }

    /** Runs {@code task} if the peer gives up before it is answered; at once if it has. */
    public void onGone(Runnable task) {
      gone = task;
      if (isGone) {
        task.run();
      }
    }

    void gone() {
      isGone = true;
      if (gone != null) {
        gone.run();
      }
    }

    /** Says 200; the stream is open and its leg the caller's. */
    public StreamLeg accept(ConnectReply reply) {
      leg.channel().writeAndFlush(new DefaultHttp2HeadersFrame(reply.print(), false));
      return leg;
    }

    /** Ends the stream without an answer. */
    public void abort() {
      leg.abort();
    }

    /** Says {@code status} and ends the stream; nothing is said to a peer that has given up. */
    public void refuse(int status) {
      var channel = leg.channel();
      if (!isGone && channel.isActive()) {
        channel.write(new DefaultHttp2HeadersFrame(new ConnectReply(status, "").print(), true));
        channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
      }
      leg.abort();
    }
  }
}
