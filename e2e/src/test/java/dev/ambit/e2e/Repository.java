package dev.ambit.e2e;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The checkout these tests run in: its modules, their sources and their compiled classes. */
public final class Repository {
  private static final Path ROOT = root();

  private Repository() {}

  /** The folder of the root pom. */
  public static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("dev"))) {
      Path parent = folder.getParent();
      if (parent == null) {
        throw new IllegalStateException("no folder above the working directory holds ./dev");
      }
      folder = parent;
    }
    return folder;
  }

  /** Every module that has hand-written Java under {@code src/main/java}, or generates it. */
  static List<Path> modules() {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .filter(folder ->
              Files.isDirectory(folder.resolve("src/main/java"))
                  || Files.isDirectory(folder.resolve("src/main/protobuf")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Hand-written Java files, production and test. */
  static List<Path> sources() {
    return filesUnder("src/main/java", "src/test/java");
  }

  /** Hand-written production Java files. */
  static List<Path> productionSources() {
    return filesUnder("src/main/java");
  }

  /** The production classes of all modules; fails when a module has not been compiled. */
  static JavaClasses productionClasses() {
    return classesIn(modules().stream().map(module -> module.resolve("target/classes")).toList());
  }

  /** The test classes of all modules that have tests. */
  static JavaClasses testClasses() {
    return classesIn(
        filesUnder("src/test/java").stream()
            .map(Repository::module)
            .distinct()
            .map(module -> module.resolve("target/test-classes"))
            .toList());
  }

  private static JavaClasses classesIn(List<Path> folders) {
    folders.forEach(Repository::requireCompiled);
    return new ClassFileImporter().importPaths(folders);
  }

  private static Path module(Path source) {
    return ROOT.resolve(ROOT.relativize(source).getName(0));
  }

  private static void requireCompiled(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalStateException(
          folder + " does not exist: the laws read compiled classes, build all modules first");
    }
  }

  private static boolean hasPom(Path folder) {
    return Files.exists(folder.resolve("pom.xml"));
  }

  private static List<Path> filesUnder(String... trees) {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.filter(Repository::hasPom).sorted().toList()) {
        for (String tree : trees) {
          found.addAll(javaFiles(module.resolve(tree)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  private static List<Path> javaFiles(Path tree) {
    if (!Files.isDirectory(tree)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(tree)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
