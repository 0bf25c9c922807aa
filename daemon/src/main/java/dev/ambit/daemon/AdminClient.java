package dev.ambit.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** Asks an {@link AdminServer} through its Unix socket. */
public final class AdminClient {
  private AdminClient() {}

  /** GET {@code pathAndQuery}; throws with the status and body when the answer is not 200. */
  public static byte[] get(Path socket, String pathAndQuery, Duration timeout) throws IOException {
    throw new UnsupportedOperationException("get");
  }

  /** POST with an empty body. */
  public static byte[] post(Path socket, String pathAndQuery, Duration timeout) throws IOException {
    throw new UnsupportedOperationException("post");
  }
}
