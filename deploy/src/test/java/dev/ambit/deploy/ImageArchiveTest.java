package dev.ambit.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** An image is a whole one for both kinds of readers, and always the same bytes. */
final class ImageArchiveTest {
  private static final Instant TIME = Instant.parse("2026-11-24T00:00:00Z");
  private static final ImageSettings SETTINGS =
      new ImageSettings(
          "ambit/thing:1",
          "65532:65532",
          List.of(15_021, 15_008),
          new TreeMap<>(Map.of("LANG", "C.UTF-8", "A", "b")),
          List.of("/bin/thing", "-x"),
          new TreeMap<>(Map.of("title", "Thing")));

  @TempDir private Path work;
  private Path program;
  private Path tree;

  @BeforeEach
  void files() throws IOException {
    program = Files.writeString(work.resolve("thing"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    tree = Files.createDirectories(work.resolve("tree"));
    Files.writeString(Files.createDirectory(tree.resolve("b")).resolve("text"), "text");
    Files.writeString(tree.resolve("a".repeat(120)), "long name");
    Files.createSymbolicLink(tree.resolve("link"), Path.of("b/text"));
  }

  private Path build(String name) throws IOException {
    Layer first = new Layer("base").folder("tmp", 01777, 0).text("etc/passwd", "root\n");
    Layer second = new Layer("program").tree("opt/tree", tree).file("bin/thing", program);
    Path output = work.resolve(name);
    new ImageArchive(work, TIME).write(SETTINGS, List.of(first, second), output);
    return output;
  }

  private record Read(TarArchiveEntry entry, byte[] content) {}

  private static Map<String, Read> read(InputStream archive) throws IOException {
    Map<String, Read> found = new LinkedHashMap<>();
    try (var tar = new TarArchiveInputStream(archive)) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        found.put(entry.getName(), new Read(entry, tar.readAllBytes()));
      }
    }
    return found;
  }

  private static String sha256(byte[] content) throws Exception {
    return "sha256:"
        + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  private static byte[] blob(Map<String, Read> archive, JsonNode described) throws Exception {
    String digest = described.path("digest").stringValue();
    byte[] content = archive.get("blobs/" + digest.replace(':', '/')).content();
    assertThat(sha256(content)).isEqualTo(digest);
    assertThat((long) content.length).isEqualTo(described.path("size").longValue());
    return content;
  }

  @Test
  void the_same_content_makes_the_same_bytes_whenever_and_by_whomever_it_was_written()
      throws IOException {
    byte[] first = Files.readAllBytes(build("first.tar"));
    Files.setLastModifiedTime(program, FileTime.from(TIME.minusSeconds(99)));
    Files.setLastModifiedTime(tree.resolve("b/text"), FileTime.from(TIME.plusSeconds(99)));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-x---"));
    assertThat(Files.readAllBytes(build("second.tar"))).isEqualTo(first);
    Files.writeString(tree.resolve("b/text"), "other");
    assertThat(Files.readAllBytes(build("third.tar"))).isNotEqualTo(first);
  }

  @Test
  void an_oci_reader_finds_every_blob_with_its_digest_and_size() throws Exception {
    Map<String, Read> archive = read(Files.newInputStream(build("image.tar")));
    assertThat(new String(archive.get("oci-layout").content())).contains("\"1.0.0\"");
    JsonNode index = Json.read(archive.get("index.json").content());
    JsonNode named = index.path("manifests").get(0);
    assertThat(named.path("annotations").path("io.containerd.image.name").stringValue())
        .isEqualTo("docker.io/ambit/thing:1");
    JsonNode manifest = Json.read(blob(archive, named));
    JsonNode config = Json.read(blob(archive, manifest.path("config")));
    assertThat(config.path("config").toString())
        .isEqualTo(
            "{\"User\":\"65532:65532\",\"ExposedPorts\":{\"15008/tcp\":{},\"15021/tcp\":{}},"
                + "\"Env\":[\"A=b\",\"LANG=C.UTF-8\"],\"Entrypoint\":[\"/bin/thing\",\"-x\"],"
                + "\"WorkingDir\":\"/\",\"Labels\":{\"title\":\"Thing\"}}");
    List<String> plain = new ArrayList<>();
    for (JsonNode layer : manifest.path("layers")) {
      var unpacked = new GZIPInputStream(new ByteArrayInputStream(blob(archive, layer)));
      plain.add(sha256(unpacked.readAllBytes()));
    }
    List<String> told = new ArrayList<>();
    config.path("rootfs").path("diff_ids").forEach(id -> told.add(id.stringValue()));
    assertThat(plain).hasSize(2).isEqualTo(told);
  }

  @Test
  void an_older_docker_finds_the_same_blobs_by_manifest_json() throws Exception {
    Map<String, Read> archive = read(Files.newInputStream(build("image.tar")));
    JsonNode image = Json.read(archive.get("manifest.json").content()).get(0);
    assertThat(image.path("RepoTags").toString()).isEqualTo("[\"ambit/thing:1\"]");
    assertThat(archive).containsKey(image.path("Config").stringValue());
    assertThat(image.path("Layers").size()).isEqualTo(2);
    image.path("Layers").forEach(layer -> assertThat(archive).containsKey(layer.stringValue()));
  }

  @Test
  void a_layer_keeps_links_programs_and_long_names_and_belongs_to_root_but_for_what_is_said()
      throws Exception {
    Path file = work.resolve("layer.tar");
    Layer layer =
        new Layer("all")
            .tree("opt/tree", tree)
            .file("bin/thing", program)
            .folder("var/lib/thing", 0700, 65_532);
    try (var out = Files.newOutputStream(file)) {
      layer.write(out, TIME);
    }
    Map<String, Read> read = read(Files.newInputStream(file));
    assertThat(read.keySet())
        .containsExactly(
            "bin/",
            "bin/thing",
            "opt/",
            "opt/tree/",
            "opt/tree/" + "a".repeat(120),
            "opt/tree/b/",
            "opt/tree/b/text",
            "opt/tree/link",
            "var/",
            "var/lib/",
            "var/lib/thing/");
    assertThat(read.get("bin/thing").entry().getMode() & 0777).isEqualTo(0755);
    assertThat(read.get("opt/tree/b/text").entry().getMode() & 0777).isEqualTo(0644);
    assertThat(read.get("opt/tree/link").entry().getLinkName()).isEqualTo("b/text");
    TarArchiveEntry owned = read.get("var/lib/thing/").entry();
    assertThat(owned.getLongUserId()).isEqualTo(65_532);
    assertThat(owned.getMode() & 07777).isEqualTo(0700);
    assertThat(read.values())
        .allSatisfy(each -> {
          assertThat(each.entry().getLastModifiedTime().toInstant()).isEqualTo(TIME);
          assertThat(each.entry().getUserName()).isEmpty();
        });
  }
}
