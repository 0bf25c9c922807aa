package dev.ambit.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The runtime of the image has what the waypoint needs. */
final class JavaRuntimeTest {
  @Test
  @DisplayName("jdeps names no module that the image lacks, but those Jackson can do without")
  void modules() {
    List<String> arguments =
        new ArrayList<>(List.of("--ignore-missing-deps", "-summary", "--multi-release", "25"));
    // The class path of this test is that of the waypoint, and more.
    Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(JavaRuntimeTest::inTheImage)
        .forEach(arguments::add);
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said);
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    int code = jdeps.run(out, out, arguments.toArray(String[]::new));
    assertThat(code).as(said.toString()).isZero();
    // "jackson-databind-3.1.7.jar -> java.xml"
    Set<String> needed =
        said.toString()
            .lines()
            .map(line -> line.substring(line.lastIndexOf(' ') + 1))
            .filter(module -> module.matches("(java|jdk)\\.[a-z.]+"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(needed).contains("java.base", "java.net.http", "java.xml");
    needed.removeAll(JavaRuntime.UNUSED);
    assertThat(JavaRuntime.NEEDED).containsAll(needed);
  }

  /** By what lies in the repository or in this project: where a checkout lies must not decide. */
  private static boolean inTheImage(String entry) {
    if (entry.isEmpty()) {
      return false;
    }
    Path path = Path.of(entry).toAbsolutePath();
    if (Files.isDirectory(path)) {
      return !path.endsWith("test-classes") && !path.endsWith("deploy/target/classes");
    }
    String name = path.getFileName().toString();
    return Stream.of(
            "junit",
            "assertj",
            "byte-buddy",
            "commons-",
            "opentest4j",
            "picocli",
            "bcp",
            "bcutil",
            "archunit",
            "docker-java",
            "testcontainers",
            "duct-tape",
            "jna-",
            "apiguardian",
            "surefire")
        .noneMatch(name::contains);
  }

  @Test
  void the_options_of_the_image_are_those_of_the_launcher_but_for_the_memory() throws IOException {
    Path root = Path.of("..");
    String launcher = Files.readString(root.resolve("dist/src/main/bin/ambit"));
    List<String> own =
        Files.readAllLines(root.resolve("deploy/waypoint/jvm.options")).stream()
            .filter(line -> !line.startsWith("#") && !line.contains("/opt/ambit"))
            .toList();
    assertThat(own).contains("-XX:MaxRAMPercentage=40");
    assertThat(own)
        .filteredOn(option -> !option.contains("MaxRAM") && !option.contains("ExitOnOutOfMemory"))
        .isNotEmpty()
        .allSatisfy(option -> assertThat(launcher).contains(option));
  }
}
