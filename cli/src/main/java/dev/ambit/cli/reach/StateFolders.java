package dev.ambit.cli.reach;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Where a mesh of this machine keeps its files when nobody says otherwise. */
public final class StateFolders {
  /** Names the folder; any command's {@code --state} wins over it. */
  public static final String VARIABLE = "AMBIT_MESH_STATE";

  private static final String ROOT = "0";

  private StateFolders() {}

  /** {@link #VARIABLE}, else a folder of this user. */
  public static Path usual() {
    return usual(System.getenv(), user());
  }

  static Path usual(Map<String, String> environment, String user) {
    String said = environment.getOrDefault(VARIABLE, "");
    if (!said.isEmpty()) {
      return Path.of(said);
    }
    if (user.equals(ROOT)) {
      return Path.of("/run/ambit");
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    return runtime.isEmpty() ? Path.of("/tmp/ambit-" + user) : Path.of(runtime, "ambit");
  }

  /** The number of this user; the name where the system has no numbers. */
  private static String user() {
    try {
      return String.valueOf(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return System.getProperty("user.name");
    }
  }
}
