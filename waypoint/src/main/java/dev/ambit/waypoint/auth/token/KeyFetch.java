package dev.ambit.waypoint.auth.token;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/** Gets documents of issuers. Called on virtual threads; may block. */
@FunctionalInterface
public interface KeyFetch {
  /**
   * The body of a 200, of at most 1 MiB.
   *
   * @param timeout for the whole
   * @throws IOException with a sentence that says what was wrong
   */
  byte[] fetch(URI uri, Duration timeout) throws IOException, InterruptedException;

  /**
   * The same for a document that the one at {@code by} named, which is not to be trusted with more
   * than it could reach by itself.
   */
  default byte[] fetchNamed(URI uri, URI by, Duration timeout)
      throws IOException, InterruptedException {
    return fetch(uri, timeout);
  }
}
