package dev.ambit.e2e.peers;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Behind a proxy: reads one request a connection as the standard has it, keeps what it read,
 * answers 200. A request that does not become whole counts for nothing; bytes after one are kept,
 * too.
 */
final class RecordingBackend implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int MOST_LINE = 64 * 1024;

  /** A length that no case of the corpus reaches. */
  private static final long HUGE = Integer.MAX_VALUE;

  private final ServerSocket server;
  private final List<String> read = new ArrayList<>();

  RecordingBackend() throws IOException {
    server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** What came since the last time. */
  List<String> taken() {
    synchronized (read) {
      List<String> all = List.copyOf(read);
      read.clear();
      return all;
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      String request = request(in);
      if (request != null) {
        String left = in.available() > 0 ? " and more after it" : "";
        synchronized (read) {
          read.add(request + left);
        }
        socket
            .getOutputStream()
            .write(
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
                    .getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException broken) {
      // A proxy that gives up in the middle has forwarded nothing whole.
    }
  }

  private static @Nullable String request(InputStream in) throws IOException {
    String line = line(in);
    if (line == null) {
      return null;
    }
    String host = "";
    String chunked = "";
    long length = 0;
    for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      String name = header.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT);
      String value = header.substring(colon + 1).strip();
      switch (name) {
        case "host" -> host = value;
        case "content-length" -> length = value.matches("\\d{1,6}") ? Long.parseLong(value) : HUGE;
        case "transfer-encoding" -> chunked = value;
        default -> {
          // Of no meaning to the framing.
        }
      }
    }
    byte[] body = chunked.isEmpty() ? in.readNBytes((int) length) : chunks(in);
    if (chunked.isEmpty() && body.length < length) {
      return null;
    }
    String[] words = line.split(" ", -1);
    return described(words[0], words.length > 1 ? words[1] : "", host, body);
  }

  /** One request as one line. */
  static String described(String method, String target, String host, byte[] body) {
    String path = target.replaceFirst("^https?://[^/]*", "");
    String text = new String(body, StandardCharsets.ISO_8859_1);
    return method
        + " "
        + (path.isEmpty() ? "/" : path)
        + " @"
        + host.toLowerCase(Locale.ROOT)
        + " <"
        + text.replace("\r", "\\r").replace("\n", "\\n")
        + ">";
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      String size = line(in);
      if (size == null) {
        throw new IOException("cut");
      }
      int length = Integer.parseInt(size.split(";", 2)[0].strip(), 16);
      if (length == 0) {
        for (String trailer = line(in); trailer == null || !trailer.isEmpty(); trailer = line(in)) {
          if (trailer == null) {
            throw new IOException("cut");
          }
        }
        return body.toByteArray();
      }
      byte[] chunk = in.readNBytes(length);
      if (chunk.length < length || line(in) == null) {
        throw new IOException("cut");
      }
      body.writeBytes(chunk);
    }
  }

  /** Null at the end. */
  private static @Nullable String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0 || line.length() > MOST_LINE) {
        return null;
      }
      line.append((char) c);
    }
    int end = line.length() - 1;
    if (end >= 0 && line.charAt(end) == '\r') {
      line.setLength(end);
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
