package dev.ambit.dataplane.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Which servers of the control plane are trusted: a file of PEM certificates, such certificates
 * themselves, or {@code SYSTEM} for what the machine trusts (spec: workload-xds §1, ca §4).
 */
public record TrustRoots(String source) {
  private static final String SYSTEM = "SYSTEM";

  public boolean system() {
    return source.equals(SYSTEM);
  }

  private boolean inline() {
    return source.contains("-----BEGIN");
  }

  /** The file, or its stand-in, as dumps show it. */
  public String describe() {
    return inline() ? "inline" : source;
  }

  public boolean file() {
    return !system() && !inline();
  }

  /** The PEM text as it is now; files are read anew, through links. "" for the system's roots. */
  public String read() throws IOException {
    if (system()) {
      return "";
    }
    return inline() ? source : Files.readString(Path.of(source));
  }

  /** The certificates as they are now; empty for the system's roots. */
  public List<X509Certificate> certificates() throws IOException {
    return system() ? List.of() : Pem.certificates(read());
  }
}
