package dev.ambit.perf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Certificates of the other candidates, with P-256 keys, made by openssl. */
final class Certificates {
  private Certificates() {}

  /**
   * Writes {@code leaf.pem} and {@code leaf.key} into {@code folder}: a leaf of the mesh's own
   * root.
   *
   * @param ca folder of that root
   */
  static void workload(Commands commands, Path ca, Path folder, String identity) {
    String script =
        """
        set -e
        cd "$1"
        printf 'subjectAltName=critical,URI:%s\\nextendedKeyUsage=serverAuth,clientAuth\\n' "$3" > leaf.ext
        openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
        openssl req -new -key leaf.key -subj /O=bench -out leaf.csr
        openssl x509 -req -in leaf.csr -CA "$2/root-cert.pem" -CAkey "$2/root-key.pem" \
          -set_serial 4711 -days 1 -extfile leaf.ext -out leaf.pem
        """;
    commands.run(
        Duration.ofSeconds(20),
        List.of("bash", "-c", script, "certificates", folder.toString(), ca.toString(), identity));
  }

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
