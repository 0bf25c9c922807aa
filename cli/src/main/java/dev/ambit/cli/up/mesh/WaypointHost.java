package dev.ambit.cli.up.mesh;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import dev.ambit.daemon.generated.PodFacts;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.waypoint.GatewayAddresses;
import dev.ambit.model.waypoint.WaypointClass;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the pods of waypoints as a kubelet does: gives each what it needs to prove itself, asks it
 * whether it is ready, says so in the pod facts, and lets it drain before it goes. Thread-safe.
 */
final class WaypointHost {
  private static final String RUNTIME = "up";
  private static final Duration CONTROLLER_PATIENCE = Duration.ofSeconds(60);
  private static final Duration PERIOD = Duration.ofMillis(100);
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(1);
  private static final int STATUS_PORT = 15021;

  /** As many unanswered questions in a row, and it is not ready any more. */
  private static final int MOST_MISSES = 10;

  /** So long a token of the controller may be older than ours. */
  private static final int PROBES_PER_TOKEN = 100;

  /** Before it is told to end: by then every proxy knows that it takes no new connections. */
  private static final Duration SETTLE = Duration.ofMillis(500);

  private static final String GRACE = "TERMINATION_GRACE_PERIOD_SECONDS";
  private static final Duration USUAL_GRACE = Duration.ofSeconds(30);
  private static final List<String> JAVA =
      List.of("AMBIT_JDK", "JAVA_HOME", "AMBIT_JAVA_OPTS", "RUST_LOG");

  private final MeshSettings settings;
  private final Consumer<String> news;
  private final Map<String, PodFacts.State> facts = new HashMap<>();
  private final Map<String, PodSandbox> draining = new ConcurrentHashMap<>();

  WaypointHost(MeshSettings settings, Consumer<String> news) {
    this.settings = settings;
    this.news = news;
  }

  /** Where a waypoint's pod serves its pages. */
  static Path admin(MeshSettings settings, PodSandbox pod) {
    return settings.podFolder(pod.network()).resolve("admin.sock");
  }

  private static String name(PodSandbox pod) {
    return pod.pod().metadata().namespace() + "/" + pod.pod().metadata().name();
  }

  /** Before the sandbox is built: the folder it will see. */
  void prepare(PodSandbox pod) throws IOException {
    Path folder = settings.podFolder(pod.network());
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** The way from the pod to the controller and back. */
  static void route(PodSandbox pod) {
    Run.of("sh", "-eu")
        .input(NetScripts.podOfUnderlay(pod.pod().addresses(), pod.node().index()))
        .must();
  }

  /** Takes {@link #route} back. */
  static void forgetRoute(PodSandbox pod) {
    Run.of("sh", "-eu").input(NetScripts.forgetPod(pod.pod().addresses())).go();
  }

  /** Starts the pod's programs and looks after them until they are gone. Blocks. */
  void run(PodSandbox pod) {
    say(pod, PodFacts.State.RUNNING);
    if (!Await.until(CONTROLLER_PATIENCE, () -> supplied(pod))) {
      news.accept(name(pod) + ": the controller has written no join token; it is not started");
      return;
    }
    pod.startContainers(environment(pod), news);
    int misses = 0;
    for (int turn = 0; !pod.isEnded(); turn++) {
      boolean ready = answers(pod);
      misses = ready ? 0 : misses + 1;
      if (ready) {
        say(pod, PodFacts.State.READY);
      } else if (misses >= MOST_MISSES) {
        say(pod, PodFacts.State.RUNNING);
      }
      if (turn % PROBES_PER_TOKEN == 0 && turn > 0) {
        refresh(pod);
      }
      Await.until(PERIOD, pod::isEnded);
    }
  }

  private void refresh(PodSandbox pod) {
    try {
      supplied(pod);
    } catch (IOException e) {
      news.accept(name(pod) + ": its join token cannot be renewed: " + e.getMessage());
    }
  }

  /** Whether the pod has the newest token and roots there are. */
  private boolean supplied(PodSandbox pod) throws IOException {
    Path folder = settings.podFolder(pod.network());
    return copied(settings.podToken(pod.network()), folder.resolve("token"))
        && copied(settings.rootCertificate(), folder.resolve("root-cert.pem"));
  }

  private static boolean copied(Path from, Path to) throws IOException {
    byte[] content = Files.readAllBytes(from);
    if (content.length == 0) {
      return false;
    }
    if (!Files.exists(to) || !java.util.Arrays.equals(Files.readAllBytes(to), content)) {
      Path fresh = to.resolveSibling("." + to.getFileName());
      Files.deleteIfExists(fresh);
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(fresh, content);
      Files.move(fresh, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
    return true;
  }

  private Map<String, String> environment(PodSandbox pod) {
    Path folder = settings.podFolder(pod.network());
    var all = new HashMap<String, String>();
    for (String name : JAVA) {
      String value = System.getenv(name);
      if (value != null) {
        all.put(name, value);
      }
    }
    all.put("XDS_ADDRESS", Daemons.controllerAddress());
    all.put("CA_ADDRESS", Daemons.controllerAddress());
    all.put("XDS_ROOT_CA", folder.resolve("root-cert.pem").toString());
    all.put("CA_ROOT_CA", folder.resolve("root-cert.pem").toString());
    all.put("AMBIT_JOIN_TOKEN", folder.resolve("token").toString());
    all.put("AMBIT_STATE", folder.resolve("state").toString());
    all.put("AMBIT_ADMIN_SOCKET", admin(settings, pod).toString());
    all.put("TMPDIR", "/tmp");
    return all;
  }

  /** Whether it was ready when it was asked last. */
  boolean isReady(PodSandbox pod) {
    synchronized (facts) {
      return facts.get(name(pod)) == PodFacts.State.READY;
    }
  }

  /** The waypoints among {@code objects} for which nothing runs, in words. */
  static List<String> without(List<ClusterObject> objects, Collection<PodSandbox> pods) {
    List<GatewayClass> classes = new ArrayList<>();
    for (ClusterObject object : objects) {
      if (object instanceof GatewayClass found) {
        classes.add(found);
      }
    }
    List<String> missing = new ArrayList<>();
    for (ClusterObject object : objects) {
      if (object instanceof Gateway gateway
          && WaypointClass.of(gateway, classes).isPresent()
          && !GatewayAddresses.unmanaged(gateway)
          && pods.stream().noneMatch(pod -> belongs(pod, gateway))) {
        Metadata metadata = gateway.metadata();
        missing.add("waypoint " + metadata.namespace() + "/" + metadata.name());
      }
    }
    return missing;
  }

  private static boolean belongs(PodSandbox pod, Gateway gateway) {
    Metadata own = pod.pod().metadata();
    return own.namespace().equals(gateway.metadata().namespace())
        && gateway.metadata().name().equals(own.labels().get(WaypointClass.GATEWAY));
  }

  /** Asks as a kubelet does, over the pod's own address. */
  private static boolean answers(PodSandbox pod) {
    Optional<InetAddress> address = pod.pod().addresses().stream().findFirst();
    if (address.isEmpty()) {
      return false;
    }
    String host = address.get().getHostAddress();
    String literal = host.indexOf(':') < 0 ? host : "[" + host + "]";
    HttpURLConnection call = null;
    try {
      call =
          (HttpURLConnection)
              URI.create("http://" + literal + ":" + STATUS_PORT + "/healthz/ready")
                  .toURL()
                  .openConnection();
      call.setConnectTimeout((int) PROBE_PATIENCE.toMillis());
      call.setReadTimeout((int) PROBE_PATIENCE.toMillis());
      return call.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      return false;
    } finally {
      if (call != null) {
        call.disconnect();
      }
    }
  }

  /**
   * Ends a pod in its own time: settles, tells it, waits as long as it may take; then {@code
   * after}.
   */
  void drain(PodSandbox pod, Runnable after) {
    draining.put(pod.network(), pod);
    say(pod, PodFacts.State.RUNNING);
    Thread.ofVirtual()
        .name("drain " + pod.network())
        .start(() -> {
          Await.until(SETTLE, () -> false);
          pod.terminate();
          if (!Await.until(grace(pod), pod::quiet)) {
            news.accept(
                name(pod) + ": still running after " + grace(pod).toSeconds() + " s; killed");
          }
          finish(pod, after);
        });
  }

  private void finish(PodSandbox pod, Runnable after) {
    try {
      after.run();
    } catch (RuntimeException e) {
      news.accept(name(pod) + ": is only partly removed: " + e.getMessage());
    }
    say(pod, null);
    draining.remove(pod.network(), pod);
  }

  /** Waits until an earlier pod of that name is gone. */
  void awaitGone(String network) {
    PodSandbox earlier = draining.get(network);
    if (earlier != null) {
      earlier.kill();
      Await.until(USUAL_GRACE, () -> !draining.containsKey(network));
    }
  }

  private static Duration grace(PodSandbox pod) {
    return pod.pod().containers().stream()
        .map(each -> each.environment().getOrDefault(GRACE, ""))
        .filter(text -> text.matches("\\d{1,5}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text)))
        .findFirst()
        .orElse(USUAL_GRACE);
  }

  /** Writes only what is news. */
  private void say(PodSandbox pod, PodFacts.@Nullable State state) {
    synchronized (facts) {
      PodFacts.State before = state == null ? facts.remove(name(pod)) : facts.put(name(pod), state);
      if (before != state) {
        PodFacts.write(settings.facts(), RUNTIME, Map.copyOf(facts));
      }
    }
  }
}
