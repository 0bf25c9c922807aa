package dev.ambit.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP server of {@link Page}s on virtual threads; it can never stall an event loop.
 * Listens on TCP and, when given a path, on a Unix socket too, so that the command line reaches it
 * from any network namespace; the file's mode (0600) is the protection. One request a connection;
 * at most 64 connections, 8 KiB and 2 s for a request head. On TCP, requests that change something
 * must name a loopback host, so that no web page can make a browser send them.
 */
public final class AdminServer implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 64;
  private static final Duration MOST_BACK_OFF = Duration.ofSeconds(1);

  private final String name;
  private final Map<String, Page> pages;
  private final Tasks tasks;
  private final ScheduledThreadPoolExecutor deadlines;
  private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);
  private final ServerSocketChannel tcp;
  private final @Nullable ServerSocketChannel unix;
  private final @Nullable Path socket;
  private final @Nullable Object socketKey;
  private volatile boolean closed;

  /** One path of the server. */
  public interface Page {
    Reply answer(Request request) throws Exception;
  }

  /**
   * What was asked. {@code query} maps each parameter to its values; a bare one to "". Names of
   * {@code headers} are in lower case.
   */
  public record Request(
      String method, String path, Map<String, List<String>> query, Map<String, String> headers) {}

  /** What is answered. */
  public record Reply(int status, String contentType, byte[] body) {
    public static Reply text(int status, String body) {
      return new Reply(status, "text/plain; charset=utf-8", body.getBytes(StandardCharsets.UTF_8));
    }

    public static Reply json(byte[] body) {
      return new Reply(200, "application/json", body);
    }
  }

  private AdminServer(
      String name, InetSocketAddress address, @Nullable Path socket, Map<String, Page> pages)
      throws IOException {
    this.name = name;
    this.pages = Map.copyOf(pages);
    this.socket = socket;
    this.tcp = bind(address);
    try {
      this.unix = socket == null ? null : bind(socket);
      this.socketKey = socket == null ? null : key(socket);
    } catch (IOException e) {
      tcp.close();
      throw e;
    }
    this.tasks = new Tasks(name);
    this.deadlines =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name(name + "-deadlines").factory());
    deadlines.setRemoveOnCancelPolicy(true);
    tasks.keep("accept", MOST_BACK_OFF, () -> accept(tcp, true));
    if (unix != null) {
      tasks.keep("accept-unix", MOST_BACK_OFF, () -> accept(unix, false));
    }
  }

  /**
   * Starts serving {@code pages} by exact path; others get 404. Port 0 picks one. A stale socket
   * file is replaced.
   *
   * @throws UncheckedIOException when an address cannot be bound
   */
  public static AdminServer start(
      String name, InetSocketAddress address, @Nullable Path socket, Map<String, Page> pages) {
    try {
      return new AdminServer(name, address, socket, pages);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  public InetSocketAddress address() {
    ServerSocket listening = tcp.socket();
    return new InetSocketAddress(listening.getInetAddress(), listening.getLocalPort());
  }

  @Override
  public void close() {
    closed = true;
    shut(tcp);
    if (unix != null && socket != null) {
      shut(unix);
      try {
        // A successor may have put its own socket there.
        if (key(socket).equals(socketKey)) {
          Files.delete(socket);
        }
      } catch (IOException e) {
        Log.scope("admin").debug("socket file already gone", "path", socket, "error", e);
      }
    }
    tasks.close();
    deadlines.shutdownNow();
  }

  private void accept(ServerSocketChannel listening, boolean checkHost) throws Exception {
    while (true) {
      connections.acquire();
      SocketChannel channel;
      try {
        channel = listening.accept();
      } catch (IOException e) {
        connections.release();
        if (closed && (e instanceof ClosedChannelException)) {
          return;
        }
        throw e;
      }
      try {
        tasks.start("connection", () -> serve(channel, checkHost));
      } catch (IllegalStateException closing) {
        connections.release();
        channel.close();
        return;
      }
    }
  }

  private void serve(SocketChannel channel, boolean checkHost) throws IOException {
    try (channel) {
      new AdminConnection(channel, deadlines).serve(request -> answer(request, checkHost));
    } catch (AsynchronousCloseException e) {
      Log.scope("admin").debug("request timed out", "server", name);
    } finally {
      connections.release();
    }
  }

  private Reply answer(Request request, boolean checkHost) {
    boolean changes = !request.method().equals("GET") && !request.method().equals("HEAD");
    String host = request.headers().getOrDefault("host", "");
    if (changes && checkHost && !loopback(host)) {
      return Reply.text(403, "Host: got " + host + ", expected a loopback address\n");
    }
    Page page = pages.get(request.path());
    if (page == null) {
      return Reply.text(404, "Not Found\n");
    }
    try {
      return page.answer(request);
    } catch (Exception e) {
      Log.scope("admin").error("page failed", "path", request.path(), "error", e);
      return Reply.text(500, e + "\n");
    }
  }

  private static boolean loopback(String host) {
    int colon = host.endsWith("]") ? -1 : host.lastIndexOf(':');
    String name = colon < 0 ? host : host.substring(0, colon);
    return name.equalsIgnoreCase("localhost")
        || name.equals("[::1]")
        || name.matches("127(\\.\\d{1,3}){3}");
  }

  private static ServerSocketChannel bind(InetSocketAddress address) throws IOException {
    ServerSocketChannel listening = ServerSocketChannel.open();
    try {
      listening.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      InetSocketAddress resolved =
          address.isUnresolved()
              ? new InetSocketAddress(address.getHostString(), address.getPort())
              : address;
      return listening.bind(resolved, MOST_CONNECTIONS);
    } catch (IOException | RuntimeException e) {
      listening.close();
      throw new IOException("listen on " + address + ": got " + e + ", expected a free address", e);
    }
  }

  /** Bound under another name, made private, then renamed: never open to others, never absent. */
  private static ServerSocketChannel bind(Path socket) throws IOException {
    Path fresh = socket.resolveSibling(socket.getFileName() + "~");
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      Files.createDirectories(fresh.toAbsolutePath().getParent());
      Files.deleteIfExists(fresh);
      listening.bind(UnixDomainSocketAddress.of(fresh), MOST_CONNECTIONS);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      Files.move(
          fresh, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return listening;
    } catch (IOException | RuntimeException e) {
      listening.close();
      throw new IOException(
          "listen on "
              + socket
              + ": got "
              + e
              + ", expected a path of at most 106 bytes"
              + " in a folder that can be written",
          e);
    }
  }

  private static Object key(Path socket) throws IOException {
    return Files.readAttributes(socket, BasicFileAttributes.class).fileKey();
  }

  private static void shut(ServerSocketChannel listening) {
    try {
      listening.close();
    } catch (IOException e) {
      Log.scope("admin").warn("listener does not close", "error", e);
    }
  }
}
