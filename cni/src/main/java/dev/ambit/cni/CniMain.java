package dev.ambit.cni;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.kernel.Kernel;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** {@code ambit cni}. */
public final class CniMain {
  private static final Log LOG = Log.scope("cni");
  private static final int BAD_SETTINGS = 64;
  private static final Duration FLUSH = Duration.ofSeconds(1);

  private CniMain() {}

  /** Runs until SIGTERM or SIGINT, then ends gracefully; 0. */
  public static void main(String[] args) throws InterruptedException {
    CniAgent agent;
    try {
      Settings read = Settings.of(System.getenv(), args);
      Log.configure(read);
      CniSettings settings = CniSettings.from(read);
      read.finish();
      Kernel.raiseFileLimit();
      Kernel.missingAbilities().forEach(missing -> LOG.warn("not allowed", "what", missing));
      agent = CniAgent.start(settings);
    } catch (Settings.BadSettings bad) {
      System.err.println(bad.getMessage());
      System.exit(BAD_SETTINGS);
      return;
    } catch (IOException | RuntimeException unable) {
      LOG.error("agent cannot start", "error", unable);
      Log.flush(FLUSH);
      System.err.println("ambit cni: " + unable.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(agent), "stop"));
    new CountDownLatch(1).await();
  }

  private static void end(CniAgent agent) {
    // A second signal does not wait for the pods to be released.
    Kernel.endAtSignals();
    agent.stop();
    LOG.info("agent ended");
    Log.flush(FLUSH);
    // A signal's own exit status would not be 0.
    Runtime.getRuntime().halt(0);
  }
}
