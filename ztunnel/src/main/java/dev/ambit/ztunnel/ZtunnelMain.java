package dev.ambit.ztunnel;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.kernel.Kernel;
import dev.ambit.dataplane.controlplane.Bearer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code ambit ztunnel}. */
public final class ZtunnelMain {
  private static final Log LOG = Log.scope("ztunnel");
  private static final int BAD_SETTINGS = 64;
  private static final Duration FLUSH = Duration.ofSeconds(1);

  /** The drain ends by itself at its deadline. */
  private static final Duration LAST_RESORT = Duration.ofDays(1);

  private ZtunnelMain() {}

  /** Runs until SIGTERM, SIGINT or {@code /quitquitquit}, then ends gracefully; 0. */
  public static void main(String[] args) {
    Ztunnel ztunnel;
    try {
      Map<String, String> environment = System.getenv();
      Settings read = Settings.of(environment, args);
      Log.configure(read);
      ZtunnelSettings settings = ZtunnelSettings.from(read, environment);
      read.finish();
      LOG.info("settings", shown(read));
      LOG.info("open files", "limit", new Log.Plain(Kernel.raiseFileLimit()));
      Kernel.missingAbilities().forEach(missing -> LOG.warn("not allowed", "what", missing));
      ztunnel = Ztunnel.start(settings, World.real());
    } catch (Settings.BadSettings bad) {
      System.err.println(bad.getMessage());
      System.exit(BAD_SETTINGS);
      return;
    } catch (RuntimeException unable) {
      LOG.error("ztunnel cannot start", "error", unable);
      Log.flush(FLUSH);
      System.err.println("ambit ztunnel: " + unable.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(ztunnel), "stop"));
    ztunnel.quitRequested().join();
    System.exit(0);
  }

  private static void end(Ztunnel ztunnel) {
    // A second signal does not wait for the drain.
    Kernel.endAtSignals();
    ztunnel.drain().completeOnTimeout(null, LAST_RESORT.toSeconds(), TimeUnit.SECONDS).join();
    ztunnel.close();
    LOG.info("ztunnel ended");
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
