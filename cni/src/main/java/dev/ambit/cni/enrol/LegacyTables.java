package dev.ambit.cni.enrol;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.Netns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Stale redirections in the tables of the older iptables, which nft neither shows nor changes
 * (spec: redirection §2.2). Looked for only where such tables are in use.
 */
final class LegacyTables {
  private static final Log LOG = Log.scope("enrol");
  private static final Path OF_THREAD = Path.of("/proc/thread-self/net");

  private final Netns namespace;
  private final List<Removal> removals;

  /** What a program has to be told. */
  private record Removal(String program, String text) {}

  private LegacyTables(Netns namespace, List<Removal> removals) {
    this.namespace = namespace;
    this.removals = removals;
  }

  static LegacyTables in(Netns namespace) {
    List<Removal> removals = new ArrayList<>();
    look(namespace, "ip_tables_names", "iptables-legacy", removals);
    look(namespace, "ip6_tables_names", "ip6tables-legacy", removals);
    return new LegacyTables(namespace, removals);
  }

  private static void look(Netns in, String file, String program, List<Removal> removals) {
    String tables = tables(in, OF_THREAD.resolve(file));
    if (tables.isEmpty()) {
      return;
    }
    if (!present(program + "-save")) {
      LOG.warn(
          "a pod has tables of legacy iptables, which cannot be looked at without the program",
          "program",
          program,
          "tables",
          tables);
      return;
    }
    String text = StaleRules.legacyRemoval(Tool.run(in, "", program + "-save"));
    if (!text.isEmpty()) {
      removals.add(new Removal(program + "-restore", text));
    }
  }

  private static String tables(Netns in, Path file) {
    try {
      return in.onOwnThread(() -> Files.exists(file) ? Files.readString(file) : "")
          .strip()
          .replace('\n', ' ');
    } catch (Exception e) {
      throw new PodNetwork.Refused(file.getFileName() + " could not be read: " + e.getMessage());
    }
  }

  private static boolean present(String program) {
    return Stream.of("/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin")
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  boolean stale() {
    return !removals.isEmpty();
  }

  /**
   * Takes them away; each family in one step, but not together with rules of nft. Waits for others
   * that change such tables: their lock is one for all namespaces.
   */
  void clean() {
    removals.forEach(
        removal -> Tool.run(namespace, removal.text, removal.program, "--noflush", "-w", "5"));
  }
}
