package dev.ambit.waypoint.auth.token;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;

/**
 * Gets documents of issuers that are services of the mesh over the mesh, as requests of clients go,
 * and all others by way of the host's own network.
 */
public final class MeshFetch implements KeyFetch {
  private static final int HTTP = 80;
  private static final int HTTPS = 443;

  private final Programming programming;
  private final String namespace;
  private final OwnCalls calls;
  private final KeyFetch outside;

  /**
   * @param namespace of the waypoint, which sees private services of its own
   */
  public MeshFetch(Programming programming, String namespace, OwnCalls calls, KeyFetch outside) {
    this.programming = programming;
    this.namespace = namespace;
    this.calls = calls;
    this.outside = outside;
  }

  @Override
  public byte[] fetch(URI uri, Duration timeout) throws IOException, InterruptedException {
    calls.awaitOpen(timeout);
    return isInMesh(uri) ? overMesh(uri, timeout) : outside.fetch(uri, timeout);
  }

  /** Somebody outside does not send the waypoint, with its identity, to services of the mesh. */
  @Override
  public byte[] fetchNamed(URI uri, URI by, Duration timeout)
      throws IOException, InterruptedException {
    if (isInMesh(uri) && !isInMesh(by)) {
      throw new IOException(
          "got " + uri + " of the mesh from " + by + ", expected an address outside of the mesh");
    }
    return fetch(uri, timeout);
  }

  private boolean isInMesh(URI uri) {
    String host = uri.getHost();
    return host != null
        && programming
            .current()
            .mesh()
            .serviceNamed(host.toLowerCase(Locale.ROOT), namespace)
            .isPresent();
  }

  private byte[] overMesh(URI uri, Duration timeout) throws IOException, InterruptedException {
    boolean secure = "https".equals(uri.getScheme());
    if (uri.getRawUserInfo() != null || !(secure || "http".equals(uri.getScheme()))) {
      throw new IOException("got \"" + uri + "\", expected http[s]://HOST/PATH");
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? HTTPS : HTTP;
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    RequestHead head =
        new RequestHead(
            "GET",
            uri.getScheme(),
            uri.getRawAuthority(),
            uri.getRawQuery() == null ? path : path + '?' + uri.getRawQuery(),
            new DefaultHttpHeaders().set("accept", "application/json, application/jwk-set+json"),
            "",
            RequestHead.Version.HTTP_1_1);
    Outcall.Answer answer =
        calls.ask(
            new Backend(uri.getHost().toLowerCase(Locale.ROOT), port),
            new Outcall.Question(
                head, new byte[0], Cluster.Protocol.HTTP_1, timeout, KeySet.MOST_BYTES));
    if (answer.status() != 200) {
      throw new IOException("got status " + answer.status() + ", expected 200");
    }
    return answer.body();
  }
}
