package dev.ambit.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Builds the waypoint's image from the distribution; {@code ./dev image} calls it by Maven. */
public final class ImageMain {
  private ImageMain() {}

  /**
   * @param args distribution, JVM options, version, time of everything in the image, output
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 5) {
      System.err.println("usage: ImageMain DISTRIBUTION JVM_OPTIONS VERSION TIME OUTPUT");
      System.exit(64);
    }
    String architecture = System.getProperty("os.arch");
    if (!architecture.equals("amd64")) {
      System.err.println("image: built on amd64 only, this is " + architecture);
      System.exit(69);
    }
    Path output = Path.of(args[4]).toAbsolutePath();
    Path work = Files.createTempDirectory(Files.createDirectories(output.getParent()), "image");
    try {
      Path runtime = work.resolve("java");
      JavaRuntime.link(runtime);
      var image = new WaypointImage(Path.of(args[0]), Path.of(args[1]), args[2]);
      List<Layer> layers = image.layers(runtime);
      new ImageArchive(work, Instant.parse(args[3])).write(image.settings(), layers, output);
      System.out.println(
          image.settings().name() + ": " + output + ", " + Files.size(output) / 1_000_000 + " MB");
    } finally {
      remove(work);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
