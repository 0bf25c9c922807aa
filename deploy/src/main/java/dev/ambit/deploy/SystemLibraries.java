package dev.ambit.deploy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What native code needs of the build machine: its C library and loader. They go into the image at
 * the very paths where the loader of this machine found them, so it finds them there too.
 */
final class SystemLibraries {
  /** "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", or the loader without an arrow. */
  private static final Pattern FOUND =
      Pattern.compile("\\s*(?:(\\S+) => )?(/\\S+) \\(0x[0-9a-f]+\\)");

  private static final Pattern MISSING = Pattern.compile("\\s*(\\S+) => not found");

  /** Where distributions keep the C library's terms. */
  private static final List<String> TERMS =
      List.of("/usr/share/doc/libc6/copyright", "/usr/share/licenses/glibc/COPYING.LIB");

  private SystemLibraries() {}

  /**
   * The files outside that {@code binaries} need, and that those need.
   *
   * @throws IllegalStateException when one is nowhere
   */
  static Set<Path> of(Collection<Path> binaries) {
    Set<String> own =
        binaries.stream()
            .map(binary -> binary.getFileName().toString())
            .collect(Collectors.toSet());
    Set<Path> needed = new TreeSet<>();
    for (Path binary : binaries) {
      read(Command.run(List.of("ldd", binary.toString())), own, binary, needed);
    }
    return needed;
  }

  /** Reads what ldd says of one binary. */
  static void read(String said, Set<String> own, Path binary, Set<Path> needed) {
    for (String line : said.lines().toList()) {
      Matcher missing = MISSING.matcher(line);
      if (missing.matches() && !own.contains(missing.group(1))) {
        throw new IllegalStateException(
            binary + " needs " + missing.group(1) + ", which is not on this machine");
      }
      Matcher found = FOUND.matcher(line);
      if (found.matches()) {
        Path path = Path.of(found.group(2));
        if (!own.contains(path.getFileName().toString())) {
          needed.add(path.normalize());
        }
      }
    }
  }

  /** Which C library this is, as it calls itself: "GLIBC 2.36-9+deb12u14". */
  static String version() {
    String first = Command.run(List.of("ldd", "--version")).lines().findFirst().orElse("");
    Matcher named = Pattern.compile("ldd \\((.+)\\).*").matcher(first);
    return named.matches() ? named.group(1) : first;
  }

  /** The terms under which it may be passed on. */
  static Path terms() {
    return TERMS.stream()
        .map(Path::of)
        .filter(Files::isReadable)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("the C library's terms are in none of " + TERMS));
  }
}
