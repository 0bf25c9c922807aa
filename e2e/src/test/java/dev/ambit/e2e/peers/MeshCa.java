package dev.ambit.e2e.peers;

import dev.ambit.controller.Controller;
import dev.ambit.controller.ControllerSettings;
import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.dataplane.identity.wire.GrpcAuthority;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One node that gets certificates from a controller as a ztunnel does: by the RPC, with its join
 * token, for service accounts of pods on that node.
 */
final class MeshCa implements AutoCloseable {
  private static final String NODE = "node-1";

  private final Path folder;
  private final Path state;
  private final @Nullable Controller controller;
  private final ControlPlaneChannel channel;
  private final IstioCa client;

  private MeshCa(
      Path folder, Path state, @Nullable Controller controller, ControlPlaneChannel channel) {
    this.folder = folder;
    this.state = state;
    this.controller = controller;
    this.channel = channel;
    this.client =
        new IstioCa(new GrpcAuthority(channel), Duration.ofHours(1), true, InstantSource.system());
  }

  /** A new mesh with a root of its own; each account has a pod. */
  static MeshCa start(Path folder, SpiffeId... accounts) {
    try {
      Files.createDirectories(folder.resolve("manifests"));
      Files.writeString(folder.resolve("manifests/pods.yaml"), manifests(accounts));
      Files.createDirectories(folder.resolve("facts"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Path state = folder.resolve("state");
    Controller controller =
        Controller.start(
            ControllerSettings.from(
                new Settings(
                    Map.of(
                        "AMBIT_MANIFESTS", folder.resolve("manifests").toString(),
                        "AMBIT_FACTS", folder.resolve("facts").toString(),
                        "AMBIT_STATE", state.toString(),
                        "AMBIT_LISTEN", "127.0.0.1:0",
                        "AMBIT_ADMIN_PORT", "0"))));
    int port = controller.rpcAddress().getPort();
    return new MeshCa(folder, state, controller, channel(state, NODE, port));
  }

  /**
   * The CA of a controller that runs.
   *
   * @param folder for the files of certificates
   */
  static MeshCa of(MeshFixture mesh, String node, Path folder) {
    Path state = mesh.folder().resolve("state");
    return new MeshCa(folder, state, null, channel(state, node, mesh.controllerPort()));
  }

  private static ControlPlaneChannel channel(Path state, String node, int port) {
    Map<String, String> environment =
        Map.of(
            "CA_ADDRESS", "https://127.0.0.1:" + port,
            "CA_ROOT_CA", state.resolve("root-cert.pem").toString(),
            "AUTH_TOKEN", state.resolve("join-tokens").resolve(node).toString());
    ControlPlaneSettings service =
        ControlPlaneSettings.from(new Settings(environment), environment, "CA");
    return new ControlPlaneChannel(service, ClientCredentials.NONE);
  }

  /** What proves {@code identity}, as our programs hold it. */
  WorkloadCertificate certificate(SpiffeId identity) {
    return client.certify(identity);
  }

  /** What proves {@code identity}, as files for a foreign program. */
  PemFiles files(SpiffeId identity) {
    WorkloadCertificate certificate = certificate(identity);
    String name = identity.serviceAccount();
    return new PemFiles(
        write(name + ".pem", Pem.encode(certificate.chain())),
        write(name + ".key", Pem.encode("PRIVATE KEY", certificate.key().getEncoded())),
        write("roots.pem", Pem.encode(certificate.roots())));
  }

  /**
   * Files that prove an identity this CA never gives, signed with its own root key by openssl: the
   * certificate is good and the name is wrong.
   */
  PemFiles forged(String uri) {
    String script =
        """
        set -e
        cd "$0"
        openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out forged.key
        openssl req -new -key forged.key -subj / -out forged.csr
        printf 'subjectAltName=critical,URI:%s\\nextendedKeyUsage=serverAuth,clientAuth\\n' "$1" > forged.ext
        openssl x509 -req -in forged.csr -CA "$2/root-cert.pem" -CAkey "$2/root-key.pem" \\
          -CAcreateserial -CAserial forged.srl -days 1 -extfile forged.ext -out forged.pem
        """;
    ForeignProgram.ofSystem("openssl", "Debian openssl");
    ForeignProgram.run(
        folder,
        Duration.ofSeconds(20),
        List.of("bash", "-c", script, folder.toString(), uri, state.resolve("ca").toString()));
    return new PemFiles(
        folder.resolve("forged.pem"), folder.resolve("forged.key"), state.resolve("root-cert.pem"));
  }

  private Path write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String manifests(SpiffeId... accounts) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < accounts.length; i++) {
      text.append(
          """
          apiVersion: v1
          kind: Pod
          metadata:
            name: %1$s
            namespace: %2$s
          spec:
            nodeName: %3$s
            serviceAccountName: %1$s
          status:
            podIPs:
            - ip: 10.0.0.%4$d
          ---
          """
              .formatted(accounts[i].serviceAccount(), accounts[i].namespace(), NODE, i + 1));
    }
    return text.toString();
  }

  @Override
  public void close() {
    channel.close();
    if (controller != null) {
      controller.close();
    }
  }
}
