package dev.ambit.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What native code needs of the machine is found, and what is lacking is said. */
final class SystemLibrariesTest {
  private static final Path BINARY = Path.of("/jre/lib/libnet.so");
  private static final String SAID =
      """
      \tlinux-vdso.so.1 (0x00007f207e8d0000)
      \tlibjava.so => /jre/lib/libjava.so (0x00007f207e895000)
      \tlibjvm.so => not found
      \tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f207e887000)
      \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f207e6a5000)
      \t/lib64/ld-linux-x86-64.so.2 (0x00007f207e8d2000)
      """;

  @Test
  void the_loader_and_the_libraries_outside_are_taken() {
    Set<Path> needed = new TreeSet<>();
    SystemLibraries.read(SAID, Set.of("libjava.so", "libjvm.so"), BINARY, needed);
    assertThat(needed)
        .containsExactly(
            Path.of("/lib/x86_64-linux-gnu/libc.so.6"),
            Path.of("/lib/x86_64-linux-gnu/libdl.so.2"),
            Path.of("/lib64/ld-linux-x86-64.so.2"));
  }

  @Test
  void a_library_that_is_nowhere_ends_the_build() {
    assertThatThrownBy(
            () -> SystemLibraries.read(SAID, Set.of("libjava.so"), BINARY, new TreeSet<>()))
        .hasMessage("/jre/lib/libnet.so needs libjvm.so, which is not on this machine");
  }

  @Test
  void the_running_java_needs_a_c_library_that_names_itself_and_its_terms() {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path jli = Path.of(System.getProperty("java.home"), "lib", "libjli.so");
    assertThat(SystemLibraries.of(List.of(java, jli)))
        .allSatisfy(file -> assertThat(file).exists())
        .anySatisfy(file -> assertThat(file.toString()).contains("ld-linux"))
        .anySatisfy(file -> assertThat(file.toString()).contains("libc.so.6"));
    assertThat(SystemLibraries.version()).isNotBlank();
    assertThat(Files.isReadable(SystemLibraries.terms())).isTrue();
  }
}
