package dev.ambit.daemon;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP server of {@link Page}s on virtual threads; it can never stall an event loop.
 * Listens on TCP and, when given a path, on a Unix socket too, so that the command line reaches it
 * from any network namespace; the file's mode (0600) is the protection.
 */
public final class AdminServer implements AutoCloseable {
  /** One path of the server. */
  public interface Page {
    Reply answer(Request request) throws Exception;
  }

  /** What was asked. {@code query} maps each parameter to its values; a bare one to "". */
  public record Request(
      String method, String path, Map<String, List<String>> query, Map<String, String> headers) {}

  /** What is answered. */
  public record Reply(int status, String contentType, byte[] body) {
    public static Reply text(int status, String body) {
      return new Reply(
          status,
          "text/plain; charset=utf-8",
          body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    public static Reply json(byte[] body) {
      return new Reply(200, "application/json", body);
    }
  }

  private AdminServer() {}

  /** Starts serving {@code pages} by exact path; others get 404. Port 0 picks one. */
  public static AdminServer start(
      String name, InetSocketAddress address, @Nullable Path socket, Map<String, Page> pages) {
    throw new UnsupportedOperationException("start");
  }

  public InetSocketAddress address() {
    throw new UnsupportedOperationException("address");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
