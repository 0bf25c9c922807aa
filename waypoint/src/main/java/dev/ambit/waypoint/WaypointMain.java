package dev.ambit.waypoint;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.dataplane.controlplane.Bearer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code ambit waypoint}. */
public final class WaypointMain {
  private static final Log LOG = Log.scope("waypoint");
  private static final int BAD_SETTINGS = 64;
  private static final Duration FLUSH = Duration.ofSeconds(1);

  /** The drain ends by itself at its deadline. */
  private static final Duration LAST_RESORT = Duration.ofDays(1);

  private WaypointMain() {}

  /** Runs until SIGTERM, SIGINT or {@code /quitquitquit}, then ends gracefully; 0. */
  public static void main(String[] args) {
    Waypoint waypoint;
    try {
      Map<String, String> environment = System.getenv();
      Settings read = Settings.of(environment, args);
      Log.configure(read);
      WaypointSettings settings = WaypointSettings.from(read, environment);
      read.finish();
      LOG.info("settings", shown(read));
      LOG.info("open files", "limit", new Log.Plain(Kernel.raiseFileLimit()));
      waypoint = Waypoint.start(settings);
    } catch (Settings.BadSettings bad) {
      System.err.println(bad.getMessage());
      System.exit(BAD_SETTINGS);
      return;
    } catch (RuntimeException unable) {
      LOG.error("waypoint cannot start", "error", unable);
      Log.flush(FLUSH);
      System.err.println("ambit waypoint: " + unable.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(waypoint), "stop"));
    waypoint.quitRequested().join();
    System.exit(0);
  }

  private static void end(Waypoint waypoint) {
    // A second signal does not wait for the drain.
    Kernel.endAtSignals();
    waypoint.drain().completeOnTimeout(null, LAST_RESORT.toSeconds(), TimeUnit.SECONDS).join();
    waypoint.close();
    LOG.info("waypoint ended");
    Log.flush(FLUSH);
    // A signal's own exit status would not be 0.
    Runtime.getRuntime().halt(0);
  }

  /** Everything that is not the default or was read; a literal token is not shown. */
  private static Object[] shown(Settings read) {
    Map<String, String> effective = new LinkedHashMap<>(read.effective());
    effective.computeIfPresent("AUTH_TOKEN", (name, token) -> new Bearer(token).toString());
    return effective.entrySet().stream()
        .filter(entry -> !entry.getValue().isEmpty())
        .flatMap(entry -> Stream.<Object>of(entry.getKey(), entry.getValue()))
        .toArray();
  }
}
