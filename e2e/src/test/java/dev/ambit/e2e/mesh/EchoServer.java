package dev.ambit.e2e.mesh;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers bytes with themselves; remembers who came. */
public final class EchoServer implements Closeable {
  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<String> callers = new CopyOnWriteArrayList<>();

  EchoServer(ServerSocket server) {
    this.server = server;
    Thread.ofVirtual().name("echo").start(this::serve);
  }

  /** Addresses of those who connected, in order. */
  public List<String> callers() {
    return callers;
  }

  public int openConnections() {
    return open.size();
  }

  private void serve() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        callers.add(socket.getInetAddress().getHostAddress().replaceAll("%.*", ""));
        Thread.ofVirtual().name("echo-connection").start(() -> echo(socket));
      } catch (SocketTimeoutException e) {
        // Nobody came; goes on.
      } catch (IOException e) {
        return;
      }
    }
  }

  private void echo(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[64 * 1024];
      int got = in.read(buffer);
      while (got >= 0) {
        socket.getOutputStream().write(buffer, 0, got);
        got = in.read(buffer);
      }
    } catch (IOException e) {
      // The other side tells.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
