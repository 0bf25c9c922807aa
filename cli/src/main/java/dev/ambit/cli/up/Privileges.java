package dev.ambit.cli.up;

import dev.ambit.cli.up.process.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether and how this user may make namespaces, and which programs are there. */
final class Privileges {
  private static final List<String> TOOLS =
      List.of("ip", "nft", "unshare", "nsenter", "setpriv", "setsid", "mount", "bash");
  private static final List<String> STORY_TOOLS = List.of("tcpdump", "openssl", "curl", "socat");

  private Privileges() {}

  static boolean root() {
    return "0".equals(Run.of("id", "-u").go().out().strip());
  }

  /** Throws when a program is missing. */
  static void checkTools(boolean forStory) throws IOException {
    Stream<String> wanted =
        forStory ? Stream.concat(TOOLS.stream(), STORY_TOOLS.stream()) : TOOLS.stream();
    String missing = wanted.filter(tool -> !onPath(tool)).collect(Collectors.joining(", "));
    if (!missing.isEmpty()) {
      throw new IOException(
          "programs are missing: " + missing + "; ./dev demo, run as root once, installs them");
    }
  }

  private static boolean onPath(String tool) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  /**
   * {@code unshare} with what this user needs, up to the program. An ordinary user becomes the
   * owner of a user namespace and keeps the own name in it, so that no program tries to give up
   * root.
   */
  static List<String> unshare(boolean root) throws IOException {
    var command = new ArrayList<>(List.of("unshare"));
    if (!root) {
      command.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
    }
    command.addAll(List.of("--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"));
    var probe = new ArrayList<>(command);
    probe.add("true");
    Run.Outcome outcome = Run.of(probe).go();
    if (!outcome.ok()) {
      throw new IOException(
          root
              ? "this root may make no namespaces ("
                  + outcome.err().strip()
                  + "): run it on the"
                  + " machine itself or in a privileged container"
              : "this kernel lets an ordinary user make no namespaces ("
                  + outcome.err().strip()
                  + "): run it as root, or allow them with sysctl"
                  + " kernel.unprivileged_userns_clone=1,"
                  + " kernel.apparmor_restrict_unprivileged_userns=0 and"
                  + " user.max_user_namespaces=1000 (as far as each exists)");
    }
    return command;
  }
}
