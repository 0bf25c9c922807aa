package dev.ambit.waypoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Both ends of RFC 6455, as far as short texts need it. */
final class WebSockets {
  private static final Pattern KEY = Pattern.compile("(?i)sec-websocket-key: (\\S+)");

  private WebSockets() {}

  /** A server that sends each frame back until one closes. */
  static void echo(String head, InputStream in, OutputStream out) throws IOException {
    Matcher key = KEY.matcher(head);
    if (!key.find()) {
      throw new IOException("no key in " + head);
    }
    out.write(
        ("HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: "
                + accept(key.group(1))
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.flush();
    int kind = in.read();
    while (kind >= 0) {
      int length = in.read() & 0x7f;
      byte[] mask = in.readNBytes(4);
      byte[] payload = in.readNBytes(length);
      for (int i = 0; i < length; i++) {
        payload[i] ^= mask[i % 4];
      }
      out.write(kind);
      out.write(length);
      out.write(payload);
      out.flush();
      if ((kind & 0xf) == 8) {
        throw new IOException("closed");
      }
      kind = in.read();
    }
  }

  private static String accept(String key) throws IOException {
    try {
      byte[] text =
          (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** Sends a text, closes, and tells what came back in between. */
  static String talk(HttpClient client, InetSocketAddress near, String text) throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(
                URI.create("ws://127.0.0.1:" + near.getPort() + "/chat"),
                new WebSocket.Listener() {
                  @Override
                  public @Nullable CompletionStage<?> onText(
                      WebSocket from, CharSequence data, boolean last) {
                    answer.complete(data.toString());
                    from.request(1);
                    return null;
                  }

                  @Override
                  public @Nullable CompletionStage<?> onClose(
                      WebSocket from, int status, String reason) {
                    closed.complete(status);
                    return null;
                  }
                })
            .get(10, TimeUnit.SECONDS);
    socket.sendText(text, true).get(10, TimeUnit.SECONDS);
    String got = answer.get(10, TimeUnit.SECONDS);
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
    closed.get(10, TimeUnit.SECONDS);
    return got;
  }
}
