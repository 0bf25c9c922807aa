package dev.ambit.e2e.peers;

import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A root, and leaf certificates of workloads under it, made by openssl: files and records. */
final class TestIdentities {
  private static final String ROOT =
      """
      set -e
      openssl ecparam -name prime256v1 -genkey -noout -out root.key
      openssl req -x509 -new -key root.key -subj "/O=mesh" -days 2 -out root.pem
      """;
  private static final String LEAF =
      """
      set -e
      openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
      openssl req -new -key "$1.key" -subj / -out "$1.csr"
      printf 'subjectAltName=critical,URI:%s\\nextendedKeyUsage=serverAuth,clientAuth\\n' "$2" > "$1.ext"
      openssl x509 -req -in "$1.csr" -CA root.pem -CAkey root.key -CAcreateserial -days 1 \\
        -extfile "$1.ext" -out "$1.pem"
      """;

  private final Path folder;

  private TestIdentities(Path folder) {
    this.folder = folder;
  }

  /** A root of its own in {@code folder}. */
  static TestIdentities under(Path folder) {
    ForeignProgram.ofSystem("openssl", "Debian openssl");
    try {
      TestIdentities identities = new TestIdentities(Files.createDirectories(folder));
      identities.bash(ROOT);
      return identities;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The files that prove {@code identity}. */
  PemFiles files(SpiffeId identity) {
    String name = identity.serviceAccount();
    PemFiles files =
        new PemFiles(
            folder.resolve(name + ".pem"),
            folder.resolve(name + ".key"),
            folder.resolve("root.pem"));
    if (!Files.exists(files.chain())) {
      bash(LEAF, name, identity.toString());
    }
    return files;
  }

  /** The same as our programs hold it. */
  WorkloadCertificate certificate(SpiffeId identity) {
    PemFiles files = files(identity);
    return new WorkloadCertificate(
        identity,
        Pem.privateKey(read(files.key())),
        Pem.certificates(read(files.chain())),
        Pem.certificates(read(files.roots())));
  }

  private void bash(String script, String... arguments) {
    List<String> command = new java.util.ArrayList<>();
    command.addAll(List.of("bash", "-c", "cd \"$0\"; " + script, folder.toString()));
    command.addAll(List.of(arguments));
    ForeignProgram.run(folder, Duration.ofSeconds(20), command);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
