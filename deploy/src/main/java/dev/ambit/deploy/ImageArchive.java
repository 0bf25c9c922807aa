package dev.ambit.deploy;

import dev.ambit.daemon.Json;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an image as one tar archive that every engine takes: an OCI image layout ({@code
 * oci-layout}, {@code index.json}, {@code blobs/sha256}), and beside it the {@code manifest.json}
 * that older engines' {@code docker load} looks for, over the same blobs. The same layers and
 * settings always become the same bytes.
 */
final class ImageArchive {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

  /** Where the layers are kept until the archive is written. */
  private final Path work;

  private final Instant time;

  /**
   * @param time of everything in it
   */
  ImageArchive(Path work, Instant time) {
    this.work = work;
    this.time = time;
  }

  /**
   * @param uncompressed digest of the tar archive inside
   */
  private record Packed(String title, Path file, String digest, String uncompressed) {}

  /** Writes the image to {@code output}. */
  void write(ImageSettings settings, List<Layer> layers, Path output) throws IOException {
    List<Packed> packed = new ArrayList<>();
    for (Layer layer : layers) {
      packed.add(pack(layer));
    }
    byte[] config = Json.write(config(settings, packed));
    byte[] manifest = Json.write(manifest(config, packed));
    Layer archive = new Layer("image");
    archive.text("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    archive.text("index.json", text(index(settings.name(), manifest)));
    archive.text("manifest.json", text(dockerManifest(settings.name(), config, packed)));
    archive.text(blob(digest(config)), new String(config, StandardCharsets.UTF_8));
    archive.text(blob(digest(manifest)), new String(manifest, StandardCharsets.UTF_8));
    packed.forEach(layer -> archive.file(blob(layer.digest()), layer.file()));
    Path draft = output.resolveSibling(output.getFileName() + ".draft");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(draft))) {
      archive.write(out, time);
    }
    Files.move(draft, output, StandardCopyOption.REPLACE_EXISTING);
  }

  private Packed pack(Layer layer) throws IOException {
    Path file = Files.createTempFile(work, "layer", ".tar.gz");
    var compressed = new DigestOutputStream(Files.newOutputStream(file), sha256());
    var plain = new DigestOutputStream(new GZIPOutputStream(compressed, 1 << 16), sha256());
    try (OutputStream out = new BufferedOutputStream(plain, 1 << 16)) {
      layer.write(out, time);
    }
    return new Packed(
        layer.title(),
        file,
        digest(compressed.getMessageDigest()),
        digest(plain.getMessageDigest()));
  }

  private ObjectNode config(ImageSettings settings, List<Packed> layers) {
    ObjectNode config = Json.object();
    config.put("created", time.toString());
    config.put("architecture", "amd64");
    config.put("os", "linux");
    ObjectNode run = config.putObject("config");
    run.put("User", settings.user());
    ObjectNode ports = run.putObject("ExposedPorts");
    settings.ports().forEach(port -> ports.putObject(port + "/tcp"));
    ArrayNode environment = run.putArray("Env");
    settings.environment().forEach((name, value) -> environment.add(name + "=" + value));
    ArrayNode entrypoint = run.putArray("Entrypoint");
    settings.entrypoint().forEach(entrypoint::add);
    run.put("WorkingDir", "/");
    ObjectNode labels = run.putObject("Labels");
    settings.labels().forEach(labels::put);
    ObjectNode files = config.putObject("rootfs");
    files.put("type", "layers");
    ArrayNode ids = files.putArray("diff_ids");
    ArrayNode history = config.putArray("history");
    for (Packed layer : layers) {
      ids.add(layer.uncompressed());
      history.addObject().put("created", time.toString()).put("created_by", layer.title());
    }
    return config;
  }

  private static ObjectNode manifest(byte[] config, List<Packed> layers) throws IOException {
    ObjectNode manifest = Json.object();
    manifest.put("schemaVersion", 2);
    manifest.put("mediaType", MANIFEST);
    describe(manifest.putObject("config"), CONFIG, digest(config), config.length);
    ArrayNode list = manifest.putArray("layers");
    for (Packed layer : layers) {
      describe(list.addObject(), LAYER, layer.digest(), Files.size(layer.file()));
    }
    return manifest;
  }

  private static ObjectNode index(String name, byte[] manifest) {
    ObjectNode index = Json.object();
    index.put("schemaVersion", 2);
    index.put("mediaType", "application/vnd.oci.image.index.v1+json");
    ObjectNode only = index.putArray("manifests").addObject();
    describe(only, MANIFEST, digest(manifest), manifest.length);
    only.putObject("annotations")
        // containerd names an imported image after the first, OCI tools select by the second.
        .put("io.containerd.image.name", "docker.io/" + name)
        .put("org.opencontainers.image.ref.name", name.substring(name.indexOf(':') + 1));
    return index;
  }

  private static ArrayNode dockerManifest(String name, byte[] config, List<Packed> layers) {
    ArrayNode images = Json.array();
    ObjectNode image = images.addObject();
    image.put("Config", blob(digest(config)));
    image.putArray("RepoTags").add(name);
    ArrayNode list = image.putArray("Layers");
    layers.forEach(layer -> list.add(blob(layer.digest())));
    return images;
  }

  private static void describe(ObjectNode node, String type, String digest, long size) {
    node.put("mediaType", type).put("digest", digest).put("size", size);
  }

  private static String text(JsonNode node) {
    return new String(Json.write(node), StandardCharsets.UTF_8);
  }

  private static String blob(String digest) {
    return "blobs/" + digest.replace(':', '/');
  }

  private static String digest(byte[] content) {
    MessageDigest digest = sha256();
    digest.update(content);
    return digest(digest);
  }

  private static String digest(MessageDigest digest) {
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException every) {
      throw new IllegalStateException(every);
    }
  }
}
