package dev.ambit.deploy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** The runtime inside an image: the modules that a daemon needs, linked from this very JDK. */
final class JavaRuntime {
  /** What the code of a daemon and its libraries refers to (a test asks jdeps), ... */
  static final List<String> NEEDED =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.naming",
          "java.net.http",
          "java.xml",
          "jdk.jfr",
          "jdk.management",
          "jdk.net",
          "jdk.unsupported");

  /** ... and what looks into a running one: jcmd, where /tmp can be written. */
  static final List<String> DIAGNOSIS = List.of("jdk.jcmd");

  /** Jackson binds beans and SQL dates where they are; Ambit binds neither. */
  static final List<String> UNUSED = List.of("java.desktop", "java.sql");

  private JavaRuntime() {}

  /**
   * Links it into {@code folder}, which must not exist yet; the same JDK makes the same bytes.
   *
   * @throws IllegalStateException when the JDK cannot
   */
  static void link(Path folder) throws IOException {
    ToolProvider jlink =
        ToolProvider.findFirst("jlink")
            .orElseThrow(() -> new IllegalStateException("this JDK has no jlink"));
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said);
    String modules =
        String.join(",", Stream.concat(NEEDED.stream(), DIAGNOSIS.stream()).sorted().toList());
    int code =
        jlink.run(
            out,
            out,
            "--add-modules",
            modules,
            // The layer is compressed as a whole: packing classes one by one would only make it
            // larger.
            "--compress=zip-0",
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            "--dedup-legal-notices=error-if-not-same-content",
            "--output",
            folder.toString());
    if (code != 0) {
      throw new IllegalStateException("jlink: exit " + code + "\n" + said);
    }
    // Classes of the JDK as they lie in memory, for the headers that the options ask for.
    Command.run(
        List.of(
            folder.resolve("bin/java").toString(),
            "-Xshare:dump",
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders"));
  }

  /** The shared objects and programs of a runtime. */
  static List<Path> binaries(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.toString().endsWith(".so") || file.startsWith(folder.resolve("bin")))
          .sorted()
          .toList();
    }
  }
}
