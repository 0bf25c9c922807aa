package dev.ambit.cni;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** {@code ambit cni}. */
public final class CniMain {
  private static final int BAD_SETTINGS = 64;

  private CniMain() {}

  /** Runs until SIGTERM or SIGINT, then stops gracefully. */
  public static void main(String[] args) throws InterruptedException {
    CniAgent agent;
    try {
      Settings read = Settings.of(System.getenv(), args);
      Log.configure(read);
      CniSettings settings = CniSettings.from(read);
      read.finish();
      agent = CniAgent.start(settings);
    } catch (Settings.BadSettings e) {
      System.err.println(e.getMessage());
      System.exit(BAD_SETTINGS);
      return;
    } catch (IOException e) {
      System.err.println("ambit cni: " + e.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  agent.stop();
                  Log.flush(Duration.ofSeconds(1));
                  // A signal's own exit status would not be 0.
                  Runtime.getRuntime().halt(0);
                },
                "stop"));
    new CountDownLatch(1).await();
  }
}
