package dev.ambit.daemon;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Asks an {@link AdminServer} through its Unix socket. Any thread; blocks. */
public final class AdminClient {
  private static final int MOST_BYTES = 512 * 1024 * 1024;

  private AdminClient() {}

  /** GET {@code pathAndQuery}; throws with the status and body when the answer is not 200. */
  public static byte[] get(Path socket, String pathAndQuery, Duration timeout) throws IOException {
    return call("GET", socket, pathAndQuery, timeout);
  }

  /** POST with an empty body. */
  public static byte[] post(Path socket, String pathAndQuery, Duration timeout) throws IOException {
    return call("POST", socket, pathAndQuery, timeout);
  }

  private static byte[] call(String method, Path socket, String pathAndQuery, Duration timeout)
      throws IOException {
    String asked = method + " " + pathAndQuery + " of " + socket;
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      var late = CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS);
      var deadline = CompletableFuture.runAsync(() -> close(channel), late);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
        send(channel, method + " " + pathAndQuery + " HTTP/1.1\r\nhost: localhost\r\n\r\n");
        return body(asked, receive(channel));
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (AsynchronousCloseException e) {
        throw new IOException(asked + ": got no answer within " + timeout.toMillis() + " ms", e);
      } finally {
        deadline.cancel(false);
      }
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(asked) ? e : new IOException(asked + ": " + message, e);
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      Log.scope("admin").debug("connection does not close", "error", e);
    }
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    ByteBuffer request = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (request.hasRemaining()) {
      channel.write(request);
    }
  }

  private static byte[] receive(SocketChannel channel) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer part = ByteBuffer.allocate(64 * 1024);
    while (channel.read(part) >= 0) {
      all.write(part.array(), 0, part.position());
      part.clear();
      if (all.size() > MOST_BYTES) {
        throw new IOException("got more than " + MOST_BYTES + " bytes");
      }
    }
    return all.toByteArray();
  }

  private static byte[] body(String asked, byte[] answer) throws IOException {
    int end = headEnd(answer);
    if (end < 0) {
      throw new IOException(asked + ": got an answer cut short, expected HTTP/1.1");
    }
    String[] head = new String(answer, 0, end, StandardCharsets.ISO_8859_1).split("\r\n");
    String status = head[0].split(" ", 3)[1];
    byte[] body = Arrays.copyOfRange(answer, end, answer.length);
    for (String line : head) {
      if (line.startsWith("content-length: ")
          && Integer.parseInt(line.substring("content-length: ".length())) != body.length) {
        throw new IOException(asked + ": got an answer cut short");
      }
    }
    if (!status.equals("200")) {
      String text = new String(body, StandardCharsets.UTF_8).strip();
      throw new IOException(asked + ": got status " + status + ", expected 200: " + text);
    }
    return body;
  }

  private static int headEnd(byte[] answer) {
    for (int i = 3; i < answer.length; i++) {
      if (answer[i] == '\n' && answer[i - 1] == '\r' && answer[i - 2] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }
}
