package dev.ambit.controller;

import dev.ambit.controller.ca.node.JoinTokens;
import dev.ambit.controller.state.Unusable;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The program {@code ambit controller}. */
public final class ControllerMain {
  private static final int BAD_SETTINGS = 64;
  private static final int CANNOT_START = 1;

  private ControllerMain() {}

  /** Runs until SIGTERM or SIGINT; {@code token} prints a join token instead. */
  public static void main(String[] arguments) throws InterruptedException {
    try {
      if (arguments.length > 0 && arguments[0].equals("token")) {
        printToken(Arrays.copyOfRange(arguments, 1, arguments.length));
        return;
      }
      run(arguments);
    } catch (Settings.BadSettings e) {
      fail(BAD_SETTINGS, e);
    } catch (Unusable | UncheckedIOException e) {
      fail(CANNOT_START, e);
    }
  }

  private static void fail(int status, RuntimeException cause) {
    String message = String.valueOf(cause.getMessage());
    Throwable below = cause.getCause();
    boolean said = below == null || message.contains(String.valueOf(below.getMessage()));
    System.err.println("ambit controller: " + message + (said ? "" : " (" + below + ")"));
    System.exit(status);
  }

  private static void run(String[] arguments) throws InterruptedException {
    Settings read = Settings.of(System.getenv(), arguments);
    Log.configure(read);
    ControllerSettings settings = ControllerSettings.from(read);
    read.finish();
    Controller controller = Controller.start(settings);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("stop")
                .unstarted(() -> {
                  controller.close();
                  Log.flush(Duration.ofSeconds(1));
                  // A signal's own exit status would not be 0.
                  Runtime.getRuntime().halt(0);
                }));
    new CountDownLatch(1).await();
  }

  private static void printToken(String[] arguments) {
    Settings settings = Settings.of(System.getenv(), arguments);
    Optional<String> node = settings.text("AMBIT_NODE");
    Optional<Path> state = settings.path("AMBIT_STATE");
    Duration lifetime = settings.duration("AMBIT_JOIN_TOKEN_TTL", JoinTokens.LIFETIME);
    if (node.filter(JoinTokens::validNode).isEmpty()) {
      settings.mistake("--node", node.orElse("nothing"), "a node's name");
    }
    if (state.isEmpty()) {
      settings.mistake("--state", "nothing", "the controller's state folder");
    }
    settings.finish();
    JoinTokens tokens = JoinTokens.open(state.orElseThrow().resolve("ca"), InstantSource.system());
    System.out.println(tokens.issue(node.orElseThrow(), lifetime));
  }
}
