package dev.ambit.e2e.mesh;

import dev.ambit.daemon.kernel.Netns;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;

/** A pod: a network namespace, and sockets of this process in it that stand for its programs. */
public final class TestPod implements AutoCloseable {
  private static final int CONNECT_MILLIS = 10_000;

  private final String namespace;
  private final String name;
  private final String node;
  private final TestNetwork network;
  private final List<Closeable> programs = new ArrayList<>();
  private TestNetwork.Place place;
  private Netns netns;

  TestPod(String namespace, String name, String node, int number, TestNetwork network)
      throws IOException {
    this.namespace = namespace;
    this.name = name;
    this.node = node;
    this.network = network;
    this.place = network.plug(namespace + "." + name, node, number);
    this.netns = Netns.open(file());
  }

  public String name() {
    return name;
  }

  public String namespace() {
    return namespace;
  }

  public String fullName() {
    return namespace + "/" + name;
  }

  public String node() {
    return node;
  }

  public String ipv4() {
    return place.ipv4();
  }

  public String ipv6() {
    return place.ipv6();
  }

  public Netns netns() {
    return netns;
  }

  /** Its network namespace, as a file. */
  public Path file() {
    return Path.of("/run/netns", place.namespace());
  }

  /** Runs a command inside. */
  public Shell.Result run(String... command) throws IOException {
    return Shell.in(place.namespace(), command);
  }

  /** A server that this test accepts from by itself. */
  public ServerSocket listens(int port) throws Exception {
    AtomicReference<ServerSocket> bound = new AtomicReference<>();
    // The one before on this port may still be closing.
    Until.holds("port " + port + " is free", () -> bound.compareAndSet(null, bind(port)));
    ServerSocket server = bound.get();
    server.setSoTimeout(CONNECT_MILLIS);
    programs.add(server);
    return server;
  }

  private ServerSocket bind(int port) throws Exception {
    return inside(() -> {
      ServerSocket socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(port), 4096);
      return socket;
    });
  }

  /** A server that answers every byte with itself, and a half-close with one. */
  public EchoServer echoes(int port) throws Exception {
    EchoServer echo = new EchoServer(listens(port));
    programs.add(echo);
    return echo;
  }

  /** A server that behaves badly. */
  public Rogue meets(int port, Rogue.Behaviour behaviour) throws Exception {
    Rogue rogue = new Rogue(listens(port), behaviour);
    programs.add(rogue);
    return rogue;
  }

  public Talk connects(TestPod to, int port) throws Exception {
    return connects(to.ipv4(), port);
  }

  public Talk connects(String ip, int port) throws Exception {
    return inside(() -> {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(ip), port), CONNECT_MILLIS);
        return new Talk(socket);
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    });
  }

  /** Connects from a certain local port. */
  public Talk connectsFrom(int localPort, String ip, int port) throws Exception {
    return inside(() -> {
      Socket socket = new Socket();
      try {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(ipv4()), localPort));
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(ip), port), CONNECT_MILLIS);
        return new Talk(socket);
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    });
  }

  /** Whether a connection echoes; false when it is refused, cut or ends. */
  public boolean reaches(String ip, int port) throws Exception {
    try (Talk talk = connects(ip, port)) {
      return talk.echoes("ping");
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  public boolean reaches(TestPod to, int port) throws Exception {
    return reaches(to.ipv4(), port);
  }

  public <T> T inside(Callable<T> work) throws Exception {
    return netns.onOwnThread(work);
  }

  /** Ends the pod's programs and its network, as the death of a pod does. */
  public void dies() throws IOException {
    network.unplug(place, node);
    close();
  }

  /** Ends the programs of this pod; its network goes with {@link TestNetwork}. */
  @Override
  public void close() throws IOException {
    for (Closeable program : programs) {
      program.close();
    }
    programs.clear();
    netns.close();
  }
}
