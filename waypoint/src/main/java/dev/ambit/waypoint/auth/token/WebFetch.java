package dev.ambit.waypoint.auth.token;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Gets documents from the outside by way of the host's own network (threat-model SEC-078): no
 * redirects, no proxy, nothing on this machine or its link, and unless allowed no plain HTTP.
 */
public final class WebFetch implements KeyFetch, AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  private final Allowed allowed;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .proxy(HttpClient.Builder.NO_PROXY)
          .connectTimeout(CONNECT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * What is not refused.
   *
   * @param plain whether addresses may be {@code http}
   * @param local whether they may be of this machine or its link
   */
  public record Allowed(boolean plain, boolean local) {}

  public WebFetch(Allowed allowed) {
    this.allowed = allowed;
  }

  @Override
  public byte[] fetch(URI uri, Duration timeout) throws IOException, InterruptedException {
    check(uri);
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(timeout)
            .header("accept", "application/json, application/jwk-set+json")
            .build();
    CompletableFuture<HttpResponse<byte[]>> asked =
        client.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), KeySet.MOST_BYTES));
    try {
      HttpResponse<byte[]> response = asked.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (response.statusCode() != 200) {
        throw new IOException("got status " + response.statusCode() + ", expected 200");
      }
      return response.body();
    } catch (TimeoutException slow) {
      throw new IOException("got no whole answer within " + timeout, slow);
    } catch (ExecutionException failed) {
      throw new IOException(cause(failed), failed);
    } finally {
      asked.cancel(true);
    }
  }

  private static String cause(ExecutionException failed) {
    Throwable cause = failed.getCause() == null ? failed : failed.getCause();
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /**
   * The addresses looked at here are those that are connected to: the JDK keeps an answer for 30 s.
   */
  private void check(URI uri) throws IOException {
    String host = uri.getHost();
    boolean plain = "http".equals(uri.getScheme());
    if (host == null
        || uri.getRawUserInfo() != null
        || !(plain || "https".equals(uri.getScheme()))) {
      throw new IOException("got \"" + uri + "\", expected https://HOST/PATH");
    }
    if (plain && !allowed.plain()) {
      throw new IOException("got plain HTTP outside of the mesh, expected https");
    }
    for (InetAddress address : InetAddress.getAllByName(host)) {
      if (!allowed.local() && isLocal(address)) {
        throw new IOException(
            "got " + address.getHostAddress() + " for " + host + ", expected none of this machine");
      }
    }
  }

  /** Cloud metadata services are on the link, too: 169.254.169.254 and fd00:ec2::254. */
  private static boolean isLocal(InetAddress address) {
    byte[] bytes = address.getAddress();
    boolean metadata =
        bytes.length == 16
            && bytes[0] == (byte) 0xfd
            && bytes[1] == 0
            && bytes[2] == 0x0e
            && bytes[3] == (byte) 0xc2;
    return metadata
        || address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isAnyLocalAddress()
        || address.isMulticastAddress();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
