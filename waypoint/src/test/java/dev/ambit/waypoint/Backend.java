package dev.ambit.waypoint;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A server on every loopback address whose answers a test writes byte by byte. */
final class Backend implements AutoCloseable {
  private final ServerSocket server;
  private final Queue<Socket> open = new ConcurrentLinkedQueue<>();
  final AtomicInteger requests = new AtomicInteger();

  /** What a connection does; the head was read. */
  interface Behaviour {
    void answer(String head, InputStream in, OutputStream out) throws IOException;
  }

  private Backend(ServerSocket server) {
    this.server = server;
  }

  int port() {
    return server.getLocalPort();
  }

  /** Answers each request of each connection. */
  static Backend http(Behaviour behaviour) {
    return open((in, out, backend) -> {
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        backend.requests.incrementAndGet();
        behaviour.answer(head, in, out);
        out.flush();
      }
    });
  }

  /** Answers with status 200 and {@code body}. */
  static Backend saying(String body) {
    return http((head, in, out) -> respond(out, 200, body));
  }

  /** Speaks at once and sends back what it gets. */
  static Backend greeting(String hello) {
    return open((in, out, backend) -> {
      out.write(hello.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      in.transferTo(out);
    });
  }

  private interface Talk {
    void with(InputStream in, OutputStream out, Backend backend) throws IOException;
  }

  private static Backend open(Talk talk) {
    try {
      Backend backend = new Backend(new ServerSocket(0, 50, InetAddress.ofLiteral("0.0.0.0")));
      Thread.ofVirtual().start(() -> backend.accept(talk));
      return backend;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(Talk talk) {
    while (true) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket, talk));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket, Talk talk) {
    try (socket) {
      talk.with(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream(), this);
    } catch (IOException gone) {
      // As clients come and go.
    }
  }

  /** The head of the next request, "" at the end. */
  static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    int c = in.read();
    while (c >= 0) {
      head.append((char) c);
      if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) {
        return head.toString();
      }
      c = in.read();
    }
    return "";
  }

  static void respond(OutputStream out, int status, String body, String... headers)
      throws IOException {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " x\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    text.append("content-length: ").append(body.length()).append("\r\n\r\n").append(body);
    out.write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  /** The body of a request with a length or chunks. */
  static byte[] body(String head, InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    String lower = head.toLowerCase(Locale.ROOT);
    int at = lower.indexOf("content-length: ");
    if (at >= 0) {
      int length = Integer.parseInt(lower.substring(at + 16, lower.indexOf("\r\n", at)).strip());
      return in.readNBytes(length);
    }
    while (lower.contains("transfer-encoding: chunked")) {
      StringBuilder size = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        size.append((char) c);
      }
      int length = Integer.parseInt(size.toString().strip(), 16);
      body.write(in.readNBytes(length));
      in.readNBytes(2);
      if (length == 0) {
        break;
      }
    }
    return body.toByteArray();
  }

  /** Takes no more connections and ends those there are. */
  void hangUp() {
    close();
    try {
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
