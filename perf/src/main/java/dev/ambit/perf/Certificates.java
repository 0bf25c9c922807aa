package dev.ambit.perf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A root and one P-256 leaf under it for the haproxy pair, made by openssl. */
final class Certificates {
  private Certificates() {}

  /** Writes {@code ca.pem} and {@code pair.pem} (leaf and key) into {@code folder}. */
  static void write(Commands commands, Path folder) {
    String script =
        """
        set -e
        cd "$1"
        openssl ecparam -name prime256v1 -genkey -noout -out ca.key
        openssl req -x509 -new -key ca.key -subj /CN=bench-root -days 2 -out ca.pem
        openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
        openssl req -new -key leaf.key -subj /CN=bench-leaf -out leaf.csr
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out leaf.pem
        cat leaf.pem leaf.key > pair.pem
        """;
    commands.run(
        Duration.ofSeconds(20), List.of("bash", "-c", script, "certificates", folder.toString()));
  }
}
