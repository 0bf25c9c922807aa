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
}
