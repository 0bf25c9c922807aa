package dev.ambit.e2e.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Carries plain connections on over mutual TLS with ALPN h2, for programs that cannot present a
 * client certificate. One virtual thread for each direction.
 */
final class TlsForwarder implements AutoCloseable {
  private final ServerSocket listener;
  private final SSLContext context;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private TlsForwarder(ServerSocket listener, SSLContext context, int target) {
    this.listener = listener;
    this.context = context;
    this.target = target;
  }

  static TlsForwarder to(int target, SSLContext context) {
    try {
      ServerSocket listener = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
      TlsForwarder forwarder = new TlsForwarder(listener, context, target);
      Thread.ofVirtual().name("tls forwarder").start(forwarder::accept);
      return forwarder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Carries the first bytes of one connection, so that loading code delays none that counts. */
  void warmUp() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
      if (socket.getInputStream().read() < 0) {
        throw new AssertionError("the server closed instead of sending its SETTINGS");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        Thread.ofVirtual().start(() -> join(near));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void join(Socket near) {
    open.add(near);
    try (near;
        SSLSocket far =
            (SSLSocket)
                context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), target)) {
      open.add(far);
      SSLParameters parameters = far.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      parameters.setProtocols(new String[] {"TLSv1.3"});
      far.setSSLParameters(parameters);
      far.startHandshake();
      Thread back = Thread.ofVirtual().start(() -> copy(far, near));
      copy(near, far);
      back.join();
    } catch (IOException e) {
      // The program under test sees its connection close, which is what happened.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(near);
    }
  }

  /** Copies until the end of {@code from}, then says so to {@code to}. */
  private static void copy(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] chunk = new byte[16 * 1024];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        out.write(chunk, 0, n);
        out.flush();
      }
      to.shutdownOutput();
    } catch (IOException e) {
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    open.forEach(TlsForwarder::close);
  }
}
