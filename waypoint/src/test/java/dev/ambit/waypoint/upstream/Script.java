package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.config.Cluster;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An endpoint that answers byte for byte what a test wants, a connection at a time. */
final class Script implements AutoCloseable {
  /** What it does with one connection. */
  interface Act {
    void play(Peer peer) throws IOException, InterruptedException;
  }

  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  final AtomicInteger connections = new AtomicInteger();
  final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

  Script(Act act) throws IOException {
    server = new ServerSocket();
    server.bind(new InetSocketAddress(Mesh.LOOPBACK, 0));
    Thread.ofVirtual().start(() -> accept(act));
  }

  /** Answers every request with {@code response}. */
  static Script answering(String response) throws IOException {
    return new Script(peer -> {
      while (!peer.request().isEmpty()) {
        peer.say(response);
      }
    });
  }

  private void accept(Act act) {
    try {
      while (!server.isClosed()) {
        Socket socket = server.accept();
        connections.incrementAndGet();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> play(act, socket));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void play(Act act, Socket socket) {
    try (socket) {
      act.play(new Peer(socket));
    } catch (IOException | InterruptedException over) {
      // Whatever the client saw of it is what the test looks at.
    } finally {
      sockets.remove(socket);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  Cluster.Endpoint plain(String uid) {
    return new Cluster.Endpoint(Mesh.plain(uid), port(), true);
  }

  Cluster.Endpoint captured(String uid) {
    return new Cluster.Endpoint(Mesh.captured(uid), port(), true);
  }

  String nextRequest() throws InterruptedException {
    String request = requests.poll(20, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("no request came");
    }
    return request;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  /** The client of one connection. */
  final class Peer {
    final Socket socket;
    final InputStream in;
    final OutputStream out;

    Peer(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
      this.out = socket.getOutputStream();
    }

    /** The head of the next request, "" at the end. */
    String request() throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          return "";
        }
        head.append((char) next);
      }
      requests.add(head.toString());
      return head.toString();
    }

    void say(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    String bytes(int count) throws IOException {
      return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
    }

    /** Reads up to and with {@code end}. */
    String until(String end) throws IOException {
      StringBuilder text = new StringBuilder();
      while (text.length() < end.length()
          || !text.substring(text.length() - end.length()).equals(end)) {
        int next = in.read();
        if (next < 0) {
          break;
        }
        text.append((char) next);
      }
      return text.toString();
    }

    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }
}
