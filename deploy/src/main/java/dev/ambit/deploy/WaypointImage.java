package dev.ambit.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The image of {@code ambit waypoint}: the C library, the Java runtime, libraries and Ambit's own
 * jars, a layer each, what changes least first. No shell, no package manager, not root.
 */
final class WaypointImage {
  private static final String HOME = "opt/ambit/lib/";
  private static final String MAIN = "dev.ambit.waypoint.WaypointMain";
  private static final int USER = 65_532;

  /** Tunnels, metrics, readiness, and metrics where Istio's proxies have them. */
  private static final List<Integer> PORTS = List.of(15_008, 15_020, 15_021, 15_090);

  private final Path distribution;
  private final Path options;
  private final String version;

  /**
   * @param distribution the built one, of which jars and natives are taken
   * @param options an argument file for the JVM
   */
  WaypointImage(Path distribution, Path options, String version) {
    this.distribution = distribution;
    this.options = options;
    this.version = version;
  }

  ImageSettings settings() {
    return new ImageSettings(
        "ambit/waypoint:" + version,
        USER + ":" + USER,
        PORTS,
        ImageSettings.sorted(
            Map.of(
                "JAVA_HOME", "/opt/java",
                "LANG", "C.UTF-8",
                // One malloc arena a thread is memory that is never used.
                "MALLOC_ARENA_MAX", "2",
                "PATH", "/opt/java/bin")),
        List.of("/opt/java/bin/java", "@/opt/ambit/jvm.options", "-cp", "/" + HOME + jar(), MAIN),
        ImageSettings.sorted(
            Map.of(
                "org.opencontainers.image.title",
                "Ambit waypoint",
                "org.opencontainers.image.description",
                "The L7 proxy of the Ambit service mesh",
                "org.opencontainers.image.version",
                version,
                "org.opencontainers.image.licenses",
                "Apache-2.0",
                "dev.ambit.image.java",
                System.getProperty("java.vendor.version", ""),
                "dev.ambit.image.libc",
                SystemLibraries.version())));
  }

  /** All layers, over a runtime that lies in {@code runtime}. */
  List<Layer> layers(Path runtime) throws IOException {
    return List.of(base(runtime), runtime(runtime), libraries(), application());
  }

  private Layer base(Path runtime) throws IOException {
    Layer layer = new Layer("C library, user and name lookup");
    List<Path> binaries = new ArrayList<>(JavaRuntime.binaries(runtime));
    binaries.addAll(natives());
    SystemLibraries.of(binaries).forEach(file -> layer.file(file.toString().substring(1), file));
    Path terms = SystemLibraries.terms();
    return layer
        .file(terms.toString().substring(1), terms)
        .folder("tmp", 01777, 0)
        .text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
        .text("etc/passwd", line("root", 0) + line("ambit", USER))
        .text("etc/group", "root:x:0:\nambit:x:" + USER + ":\n");
  }

  private static String line(String name, int id) {
    return name + ":x:" + id + ":" + id + "::/:/nonexistent\n";
  }

  private static Layer runtime(Path runtime) throws IOException {
    return new Layer("Java runtime").tree("opt/java", runtime);
  }

  private Layer libraries() throws IOException {
    Layer layer = new Layer("libraries");
    for (Path jar : jars()) {
      if (!own(jar)) {
        layer.file(HOME + jar.getFileName(), jar);
      }
    }
    natives().forEach(file -> layer.file(HOME + "native/" + file.getFileName(), file));
    return layer;
  }

  private Layer application() throws IOException {
    Layer layer = new Layer("Ambit waypoint").file("opt/ambit/jvm.options", options);
    for (Path jar : jars()) {
      if (own(jar)) {
        layer.file(HOME + jar.getFileName(), jar);
      }
    }
    return layer;
  }

  private static boolean own(Path jar) {
    return jar.getFileName().toString().startsWith("ambit-");
  }

  private String jar() {
    return "ambit-waypoint-" + version + ".jar";
  }

  /** The waypoint's jar and those that its manifest names. */
  List<Path> jars() throws IOException {
    Path lib = distribution.resolve("lib");
    Path first = lib.resolve(jar());
    List<Path> jars = new ArrayList<>(List.of(first));
    try (JarFile opened = new JarFile(first.toFile())) {
      String others = opened.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
      Stream.of(others.split(" ", -1)).map(lib::resolve).sorted().forEach(jars::add);
    }
    return jars;
  }

  private List<Path> natives() throws IOException {
    try (Stream<Path> files = Files.list(distribution.resolve("lib/native"))) {
      return files.sorted().toList();
    }
  }
}
