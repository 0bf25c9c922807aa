package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Published;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.flow.FlowRecorder;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.route.InboundCheck;
import dev.ambit.model.route.Router;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import dev.ambit.ztunnel.dns.DnsSettings;
import dev.ambit.ztunnel.dns.NameService;
import dev.ambit.ztunnel.pod.LocalPod;
import dev.ambit.ztunnel.pod.PodRunner;
import dev.ambit.ztunnel.proxy.Namespaces.Place;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Pods in network namespaces and the proxies of all of them in this process. */
final class TestNode implements AutoCloseable {
  final Namespaces namespaces = new Namespaces();
  final TestCa ca = TestCa.root("mesh");
  final Published<MeshView> view = new Published<>(MeshView.empty());
  final Transport transport;
  final MeshTls tls = MeshTls.best();
  final Metrics metrics = new Metrics();
  final OpenConnections open = new OpenConnections(view);
  final PodProxy proxy;
  final Map<SpiffeId, CompletableFuture<WorkloadCertificate>> certificates =
      new ConcurrentHashMap<>();

  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> seen = new ArrayList<>();
  private final Runnable unfollow = Log.follow(lines::add);

  /** A pod and its proxy. */
  record Pod(Place place, Workload workload, Netns network, PodRunner.Running running) {
    InetAddress ipv4() {
      return InetAddress.ofLiteral(place.ipv4());
    }

    InetAddress ipv6() {
      return InetAddress.ofLiteral(place.ipv6());
    }
  }

  TestNode(Transport.Kind kind) {
    this(kind, ProxySettings.DEFAULT);
  }

  TestNode(Transport.Kind kind, ProxySettings settings) {
    this(kind, settings, Optional.empty());
  }

  TestNode(Transport.Kind kind, ProxySettings settings, Optional<DnsSettings> dns) {
    transport = Transport.open(kind, 2);
    Certificates source = (identity, priority) -> certificate(identity);
    proxy =
        new PodProxy(
            PodProxy.Network.of(transport, dns.map(names -> new NameService(names, metrics))),
            new PodProxy.Mesh(view, new Router(""), new InboundCheck(""), ""),
            new TunnelPool.Identities(source, tls),
            new PodProxy.Flows(
                new FlowRecorder(metrics, InstantSource.system()), open, InstantSource.system()),
            settings);
  }

  CompletableFuture<WorkloadCertificate> certificate(SpiffeId identity) {
    return certificates.computeIfAbsent(
        identity, id -> CompletableFuture.completedFuture(ca.workload(id)));
  }

  /** What the mesh says of an enrolled pod. */
  static WorkloadBuilder workload(String name, Place place) {
    return Workload.named("Kubernetes//Pod/demo/" + name)
        .name(name)
        .namespace("demo")
        .serviceAccount(name)
        .workloadName(name)
        .canonicalName(name)
        .clusterId("Kubernetes")
        .tunnel(Workload.Tunnel.HBONE)
        .addresses(
            List.of(InetAddress.ofLiteral(place.ipv4()), InetAddress.ofLiteral(place.ipv6())));
  }

  /** An enrolled pod that the mesh knows. */
  Pod pod(String name) {
    Place place = namespaces.enrolled(name);
    Workload workload = workload(name, place).build();
    change(new MeshChange.WorkloadPut(workload));
    return start(place, workload);
  }

  /** Starts the proxy of a pod, whatever the mesh knows. */
  Pod start(Place place, Workload workload) {
    LocalPod local =
        new LocalPod(
            "uid-" + workload.name(),
            workload.namespace(),
            workload.name(),
            workload.serviceAccount(),
            place.open());
    PodRunner.Running running = proxy.start(local).orTimeout(10, TimeUnit.SECONDS).join();
    Netns network = place.open();
    toClose.add(network);
    return new Pod(place, workload, network, keep(running));
  }

  private PodRunner.Running keep(PodRunner.Running running) {
    toClose.addFirst(running::stop);
    return running;
  }

  synchronized void change(MeshChange change) {
    view.set(view.get().with(change));
  }

  /** A client socket of a program in {@code network}. */
  Socket connect(Netns network, InetAddress address, int port) throws Exception {
    Socket socket =
        network.onOwnThread(() -> {
          Socket made = new Socket();
          made.setSoTimeout(20_000);
          made.connect(new InetSocketAddress(address, port), 10_000);
          return made;
        });
    toClose.addFirst(socket);
    return socket;
  }

  /** What comes until the end, whether by FIN or by RST. */
  static byte[] endOf(Socket socket) throws IOException {
    var all = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(all);
    } catch (SocketException reset) {
      // An end too.
    }
    return all.toByteArray();
  }

  /** Whether a connection, if there is one at all, ends without a byte. */
  boolean isRefused(Netns network, InetAddress address, int port) throws Exception {
    try {
      return endOf(connect(network, address, port)).length == 0;
    } catch (SocketException resetAtOnce) {
      return true;
    }
  }

  /** What a program does with each connection. */
  interface Conversation {
    void with(Socket peer) throws IOException;
  }

  /** A server program in {@code network}. */
  ServerSocket serve(Netns network, int port, Conversation conversation) throws Exception {
    ServerSocket server =
        network.onOwnThread(() -> {
          ServerSocket made = new ServerSocket();
          made.setReuseAddress(true);
          made.bind(new InetSocketAddress("::", port), 1024);
          return made;
        });
    toClose.addFirst(server);
    Thread.ofPlatform().daemon().start(() -> accept(server, conversation));
    return server;
  }

  private static void accept(ServerSocket server, Conversation conversation) {
    try {
      while (true) {
        Socket peer = server.accept();
        Thread.ofVirtual()
            .start(() -> {
              try (peer) {
                conversation.with(peer);
              } catch (IOException gone) {
                // The test looks at its own end.
              }
            });
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  /** Answers with the client's address, as the program sees it, and then echoes. */
  static void sayPeerThenEcho(Socket peer) throws IOException {
    peer.getOutputStream().write((peer.getInetAddress().getHostAddress() + "\n").getBytes());
    peer.getInputStream().transferTo(peer.getOutputStream());
  }

  /** Waits for a line of the log that has all of {@code parts}. */
  String logged(String... parts) throws InterruptedException {
    for (String line : seen) {
      if (hasAll(line, parts)) {
        return line;
      }
    }
    for (String line = lines.poll(20, TimeUnit.SECONDS);
        line != null;
        line = lines.poll(20, TimeUnit.SECONDS)) {
      seen.add(line);
      if (hasAll(line, parts)) {
        return line;
      }
    }
    throw new AssertionError(
        "no line with " + List.of(parts) + "; logged: " + String.join("\n", seen));
  }

  private static boolean hasAll(String line, String... parts) {
    return List.of(parts).stream().allMatch(line::contains);
  }

  @Override
  public void close() {
    for (AutoCloseable thing : toClose) {
      try {
        thing.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
    open.close();
    transport.close();
    tls.close();
    unfollow.run();
    namespaces.close();
  }
}
