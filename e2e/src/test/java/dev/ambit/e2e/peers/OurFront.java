package dev.ambit.e2e.peers;

import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.server.Front;
import dev.ambit.waypoint.server.FrontSettings;
import dev.ambit.waypoint.server.HttpService;
import dev.ambit.waypoint.server.StreamService;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The front of a waypoint, with a service behind it that keeps what it is handed. */
final class OurFront implements AutoCloseable {
  private final Transport transport = Transport.open(Transport.Kind.AUTO, 1);
  private final Sockets sockets =
      new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
  private final MeshTls tls = MeshTls.best();
  private final Recorder recorder = new Recorder();
  private final HboneServer server;
  private final int port;

  OurFront(WorkloadCertificate own) {
    Front front =
        new Front(
            One::new,
            () -> CompletableFuture.completedFuture(own),
            new Front.Services(recorder, recorder),
            FrontSettings.DEFAULT,
            InstantSource.system());
    this.server = new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), front);
    this.port =
        ((InetSocketAddress)
                sockets
                    .listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        server.acceptor())
                    .syncUninterruptibly()
                    .channel()
                    .localAddress())
            .getPort();
  }

  /** Where tunnels end. */
  int port() {
    return port;
  }

  /** What came since the last time. */
  List<String> taken() {
    return recorder.taken();
  }

  @Override
  public void close() {
    server.stop();
    tls.close();
    transport.close();
  }

  /** A mesh of one service that is all addresses. */
  private record One() implements Snapshot {
    @Override
    public MeshView mesh() {
      return MeshView.empty();
    }

    @Override
    public Optional<MeshConfig> meshConfig() {
      return Optional.empty();
    }

    @Override
    public Optional<Destination> destination(Authority authority) {
      ServiceKey service = new ServiceKey("demo", "echo.demo.svc.cluster.local");
      RouteTable.Target target = new RouteTable.Target("Service", service, "echo", 80, "demo");
      HttpAuthorizer anybody =
          HttpAuthorizer.of(
              List.of(),
              new HttpAuthorizer.Mesh(Set.of(), Set.of(), false),
              HttpAuthorizer.Chain.HTTP);
      return Optional.of(
          new Destination(
              null,
              null,
              80,
              Destination.Protocol.HTTP,
              RouteTable.of(target, List.of()),
              StreamTable.of(target, List.of()),
              anybody,
              anybody,
              new JwtAuthentication(List.of(), new NoTokens()),
              Destination.Telemetry.DEFAULT));
    }

    @Override
    public Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked) {
      return Optional.empty();
    }

    @Override
    public Optional<Cluster> backend(String host, int port) {
      return Optional.empty();
    }
  }

  private record NoTokens() implements JwtAuthentication.Tokens {
    @Override
    public JwtAuthentication.@Nullable Parsed parse(String token) {
      return null;
    }

    @Override
    public JwtAuthentication.Signature verify(JwtRule rule, String token) {
      return JwtAuthentication.Signature.NO_KEYS;
    }
  }

  /** Answers every whole request with 200. */
  private static final class Recorder implements HttpService, StreamService {
    private final List<String> read = new ArrayList<>();

    private List<String> taken() {
      synchronized (read) {
        List<String> all = List.copyOf(read);
        read.clear();
        return all;
      }
    }

    private void add(String line) {
      synchronized (read) {
        read.add(line);
      }
    }

    @Override
    public void serve(Caller caller, RequestHead head, boolean ended, HttpStream stream) {
      Request request = new Request(this, head, stream);
      stream.start(request);
      if (ended) {
        request.onFinish(EmptyHttpHeaders.INSTANCE);
      } else {
        stream.read();
      }
    }

    @Override
    public void refused(Caller caller, int status, String detail) {
      // That nothing came is what the test sees.
    }

    @Override
    public void serve(Caller caller, String serverName, Leg client) {
      add("bytes");
      client.abort();
    }
  }

  /** One request on its way. */
  private static final class Request implements HttpStream.Receiver {
    private final Recorder recorder;
    private final RequestHead head;
    private final HttpStream stream;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private boolean answered;

    private Request(Recorder recorder, RequestHead head, HttpStream stream) {
      this.recorder = recorder;
      this.head = head;
      this.stream = stream;
    }

    @Override
    public void onResponse(ResponseHead unexpected) {
      throw new IllegalStateException("a response from a client");
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      body.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }

    @Override
    public void onBatchEnd() {
      if (!answered) {
        stream.read();
      }
    }

    @Override
    public void onFinish(HttpHeaders trailers) {
      if (answered) {
        return;
      }
      answered = true;
      recorder.add(
          RecordingBackend.described(
              head.method(), head.target(), head.authority(), body.toByteArray()));
      stream.response(
          new ResponseHead(200, new DefaultHttpHeaders().set("content-length", "2")), false);
      stream.write(Unpooled.copiedBuffer("ok", StandardCharsets.US_ASCII));
      stream.finish(EmptyHttpHeaders.INSTANCE);
      stream.flush();
    }

    @Override
    public void onWritable() {
      // Two bytes always fit.
    }

    @Override
    public void onReset(HttpStream.Reason reason, @Nullable String detail) {
      answered = true;
    }
  }
}
