package dev.ambit.controller;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.controller.ca.Csr;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.proto.ca.IstioCertificateRequest;
import dev.ambit.proto.ca.IstioCertificateResponse;
import dev.ambit.proto.ca.IstioCertificateServiceGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** A controller in this process over real TLS, with the folders it reads. */
final class TestMesh implements AutoCloseable {
  private final Path folder;
  private final Map<String, EnrolmentFacts.State> facts = new TreeMap<>();
  private final Deque<ManagedChannel> channels = new ArrayDeque<>();
  private Controller controller;

  /** Facts are those of one node that speaks for all. */
  TestMesh(Path folder, Map<String, String> manifests) throws IOException {
    this.folder = folder;
    Files.createDirectories(manifests());
    Files.createDirectories(folder.resolve("facts"));
    for (Map.Entry<String, String> manifest : manifests.entrySet()) {
      write(manifest.getKey(), manifest.getValue());
    }
    start();
  }

  static TestMesh of(Path folder, String... manifests) throws IOException {
    Map<String, String> named = new TreeMap<>();
    for (int i = 0; i < manifests.length; i++) {
      named.put("m" + i + ".yaml", manifests[i]);
    }
    return new TestMesh(folder, named);
  }

  static ControllerSettings settings(Path folder) {
    return new ControllerSettings(
        folder.resolve("manifests"),
        folder.resolve("state").resolve("generated"),
        folder.resolve("facts"),
        folder.resolve("state"),
        new InetSocketAddress("127.0.0.1", 0),
        List.of("controller.test"),
        MeshSettings.DEFAULT,
        CertificateAuthority.Lifetimes.DEFAULT,
        Duration.ofHours(24),
        new InetSocketAddress("127.0.0.1", 0),
        folder.resolve("admin.sock"));
  }

  void start() {
    controller = Controller.start(settings(folder));
  }

  void stop() {
    while (!channels.isEmpty()) {
      ManagedChannel channel = channels.pop().shutdownNow();
      try {
        channel.awaitTermination(5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    controller.close();
  }

  Controller controller() {
    return controller;
  }

  Path manifests() {
    return folder.resolve("manifests");
  }

  Path state() {
    return folder.resolve("state");
  }

  /** Replaces a manifest in one step. */
  void write(String name, String content) throws IOException {
    Path fresh = folder.resolve("fresh");
    Files.writeString(fresh, content);
    Files.move(
        fresh,
        manifests().resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  void delete(String name) throws IOException {
    Files.delete(manifests().resolve(name));
  }

  void enrolled(String pod, EnrolmentFacts.State state) {
    facts.put(pod, state);
    EnrolmentFacts.write(folder.resolve("facts"), "node-a", facts);
  }

  String token(String node) throws IOException {
    return Files.readString(state().resolve("join-tokens").resolve(node)).strip();
  }

  String root() throws IOException {
    return Files.readString(state().resolve("root-cert.pem"));
  }

  TlsChannelCredentials.Builder trusting() throws IOException {
    return TlsChannelCredentials.newBuilder()
        .trustManager(new ByteArrayInputStream(root().getBytes(StandardCharsets.US_ASCII)));
  }

  /** A connection with these credentials; closed with the mesh. */
  ManagedChannel channel(TlsChannelCredentials.Builder credentials) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(
                "127.0.0.1", controller.rpcAddress().getPort(), credentials.build())
            .build();
    channels.push(channel);
    return channel;
  }

  /** A connection that shows a bearer token. */
  Channel withToken(String token) throws IOException {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return ClientInterceptors.intercept(
        channel(trusting()), MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  Channel node(String name) throws IOException {
    return withToken(token(name));
  }

  /** A connection that shows a certificate of this or another authority. */
  Channel withCertificate(Csr csr, String chain) throws IOException {
    String key =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(csr.keys().getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    return channel(
        trusting()
            .keyManager(
                new ByteArrayInputStream(chain.getBytes(StandardCharsets.US_ASCII)),
                new ByteArrayInputStream(key.getBytes(StandardCharsets.US_ASCII))));
  }

  static IstioCertificateResponse certify(Channel channel, Csr csr, String key, String value) {
    return IstioCertificateServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .createCertificate(
            IstioCertificateRequest.newBuilder()
                .setCsr(csr.pem())
                .setValidityDuration(3600)
                .setMetadata(
                    Struct.newBuilder()
                        .putFields(key, Value.newBuilder().setStringValue(value).build()))
                .build());
  }

  HttpResponse<String> page(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + controller.adminAddress().getPort() + path);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  JsonNode json(String path) throws IOException, InterruptedException {
    return Json.read(page(path).body().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    stop();
  }
}
