package dev.ambit.dataplane.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The token a call carries: in a file, which is read anew for each call, or literal, or none ("")
 * (spec: workload-xds §1, ca vector 15).
 */
public record Bearer(String source) {
  public static final Bearer NONE = new Bearer("");

  public Optional<String> read() throws IOException {
    if (source.isEmpty()) {
      return Optional.empty();
    }
    // Tokens have no slash: what has one is a path, even when nothing is there (yet).
    if (source.contains("/")) {
      return Optional.of(Files.readString(Path.of(source)).strip());
    }
    return Optional.of(source);
  }

  /** Never the token itself. */
  @Override
  public String toString() {
    return source.contains("/") ? source : source.isEmpty() ? "none" : "literal";
  }
}
