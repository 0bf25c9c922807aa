package dev.ambit.daemon;

import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.AdminServer.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 request and its answer on a blocking channel. Deadlines close the channel, which
 * ends any call that is blocked on it.
 */
final class AdminConnection {
  private static final int MOST_HEAD_BYTES = 8 * 1024;
  private static final int MOST_BODY_BYTES = 64 * 1024;
  private static final int LEAST_GZIP_BYTES = 512;
  private static final Duration HEAD_DEADLINE = Duration.ofSeconds(2);
  private static final Duration ANSWER_DEADLINE = Duration.ofSeconds(30);

  private final SocketChannel channel;
  private final ScheduledExecutorService deadlines;
  private final ByteBuffer head = ByteBuffer.allocate(MOST_HEAD_BYTES);

  /** A request that is answered with {@code reply} before any page sees it. */
  private static final class Refused extends Exception {
    final transient Reply reply;

    Refused(int status, String reason) {
      super(reason);
      this.reply = Reply.text(status, reason + "\n");
    }
  }

  AdminConnection(SocketChannel channel, ScheduledExecutorService deadlines) {
    this.channel = channel;
    this.deadlines = deadlines;
  }

  void serve(Function<Request, Reply> answer) throws IOException {
    ScheduledFuture<?> deadline = closeAfter(HEAD_DEADLINE);
    @Nullable Request request = null;
    @Nullable Reply refusal = null;
    try {
      request = read();
    } catch (Refused refused) {
      refusal = refused.reply;
    } finally {
      deadline.cancel(false);
    }
    Reply reply = refusal;
    if (reply == null) {
      if (request == null) {
        return;
      }
      reply = answer.apply(request);
    }
    deadline = closeAfter(ANSWER_DEADLINE);
    try {
      write(request, reply);
    } finally {
      deadline.cancel(false);
    }
  }

  private ScheduledFuture<?> closeAfter(Duration time) {
    return deadlines.schedule(
        () -> {
          try {
            channel.close();
          } catch (IOException e) {
            Log.scope("admin").debug("connection does not close", "error", e);
          }
        },
        time.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** Null when the peer left without asking anything. */
  private @Nullable Request read() throws IOException, Refused {
    int end = -1;
    while (end < 0) {
      if (!head.hasRemaining()) {
        throw new Refused(431, "request head: got more than 8192 bytes");
      }
      if (channel.read(head) < 0) {
        return null;
      }
      end = endOfHead();
    }
    String[] lines = new String(head.array(), 0, end, StandardCharsets.ISO_8859_1).split("\r\n");
    Map<String, String> headers = headers(lines);
    skipBody(headers, head.position() - end);
    String[] start = lines[0].split(" ", -1);
    if (start.length != 3
        || !start[0].matches("[A-Z]{1,16}")
        || !start[1].startsWith("/")
        || !start[2].startsWith("HTTP/1.")) {
      throw new Refused(400, "request line: expected METHOD /path HTTP/1.1");
    }
    int question = start[1].indexOf('?');
    String path = question < 0 ? start[1] : start[1].substring(0, question);
    String query = question < 0 ? "" : start[1].substring(question + 1);
    return new Request(start[0], path, query(query), headers);
  }

  private int endOfHead() {
    byte[] bytes = head.array();
    for (int i = 3; i < head.position(); i++) {
      if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  private static Map<String, String> headers(String[] lines) throws Refused {
    Map<String, String> headers = new HashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon <= 0 || lines[i].charAt(0) <= ' ') {
        throw new Refused(400, "header: expected NAME: VALUE");
      }
      String name = lines[i].substring(0, colon).toLowerCase(Locale.ROOT);
      headers.merge(name, lines[i].substring(colon + 1).strip(), (a, b) -> a + ", " + b);
    }
    return headers;
  }

  /** No page takes a body; it is read so that closing does not reset the connection. */
  private void skipBody(Map<String, String> headers, int already) throws IOException, Refused {
    if (headers.containsKey("transfer-encoding")) {
      throw new Refused(411, "body: got a transfer encoding, expected Content-Length");
    }
    String length = headers.getOrDefault("content-length", "0");
    if (!length.matches("\\d{1,9}") || Integer.parseInt(length) > MOST_BODY_BYTES) {
      throw new Refused(413, "body: expected at most " + MOST_BODY_BYTES + " bytes");
    }
    int left = Integer.parseInt(length) - already;
    ByteBuffer dropped = ByteBuffer.allocate(4096);
    while (left > 0) {
      dropped.clear();
      int count = channel.read(dropped);
      if (count < 0) {
        return;
      }
      left -= count;
    }
  }

  private static Map<String, List<String>> query(String text) throws Refused {
    Map<String, List<String>> query = new LinkedHashMap<>();
    try {
      for (String part : text.isEmpty() ? new String[0] : text.split("&")) {
        int equals = part.indexOf('=');
        String name = decoded(equals < 0 ? part : part.substring(0, equals));
        String value = equals < 0 ? "" : decoded(part.substring(equals + 1));
        query.computeIfAbsent(name, each -> new ArrayList<>()).add(value);
      }
    } catch (IllegalArgumentException e) {
      throw new Refused(400, "query: got an incomplete % escape");
    }
    return query;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private void write(@Nullable Request request, Reply reply) throws IOException {
    byte[] body = reply.body();
    boolean zip =
        request != null
            && body.length >= LEAST_GZIP_BYTES
            && acceptsGzip(request.headers().getOrDefault("accept-encoding", ""));
    if (zip) {
      body = gzip(body);
    }
    String start =
        "HTTP/1.1 "
            + reply.status()
            + (reply.status() == 200 ? " OK" : " -")
            + "\r\ncontent-type: "
            + reply.contentType()
            + (zip ? "\r\ncontent-encoding: gzip" : "")
            + "\r\ncontent-length: "
            + body.length
            + "\r\nconnection: close\r\n\r\n";
    send(start.getBytes(StandardCharsets.ISO_8859_1));
    if (request == null || !request.method().equals("HEAD")) {
      send(body);
    }
    channel.shutdownOutput();
  }

  private static boolean acceptsGzip(String acceptEncoding) {
    for (String coding : acceptEncoding.toLowerCase(Locale.ROOT).split(",")) {
      String[] parts = coding.strip().split("\\s*;\\s*");
      if (parts[0].equals("gzip") && !(parts.length > 1 && parts[1].matches("q=0(\\.0*)?"))) {
        return true;
      }
    }
    return false;
  }

  private static byte[] gzip(byte[] body) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream(body.length / 4);
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(body);
    }
    return zipped.toByteArray();
  }

  private void send(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
