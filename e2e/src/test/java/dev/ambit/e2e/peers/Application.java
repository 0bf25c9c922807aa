package dev.ambit.e2e.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** An application that echoes; after the client's FIN it says how much it got, and ends. */
final class Application implements AutoCloseable {
  private final ServerSocket listener;
  private final AtomicInteger accepted = new AtomicInteger();

  private Application(ServerSocket listener) {
    this.listener = listener;
  }

  static Application start() {
    try {
      ServerSocket listener = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
      Application application = new Application(listener);
      Thread.ofVirtual().name("application").start(application::accept);
      return application;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  /** {@code host:port}, as a tunnel request names it. */
  String authority() {
    return "127.0.0.1:" + port();
  }

  /** How many connections it has seen. */
  int accepted() {
    return accepted.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        accepted.incrementAndGet();
        Thread.ofVirtual().start(() -> echo(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void echo(Socket socket) {
    try (socket) {
      long bytes = socket.getInputStream().transferTo(socket.getOutputStream());
      socket.getOutputStream().write((" end after " + bytes).getBytes());
    } catch (IOException e) {
      // The other side reset it; tests look at their own end.
      return;
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
