package dev.ambit.cli.up.mesh;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Launch;
import dev.ambit.cli.up.process.Run;
import dev.ambit.cli.up.process.Supervised;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointClass;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One pod: a network namespace with {@code eth0}, and a first process whose death takes all of the
 * pod's processes along. Programs see the machine's files read-only and have {@code /tmp}, {@code
 * /run}, host name and {@code /etc/hosts} of their own.
 */
public final class PodSandbox implements AutoCloseable {
  /**
   * Arguments: host name, hosts file, the folder the pod may write to, "" for none, and folders it
   * is to see though they lie under one that is its own. A name that is not in that file is unknown
   * at once, for there is nobody to ask. Bash waits, and so buries orphans of the pod.
   */
  private static final String FIRST_PROCESS =
      """
      if [ -n "$3" ]; then
        # A mount of its own: what is made of it later is writable and lies above the empty ones.
        mount --bind "$3" "$3"
        exec 9<"$3"
      fi
      seen=()
      for folder in "${@:4}"; do
        exec {fd}<"$folder"
        seen+=("$fd")
      done
      mount --bind "$2" /etc/hosts
      [ ! -e /etc/resolv.conf ] || mount --bind /dev/null /etc/resolv.conf
      mount -o remount,bind,ro / 2>/dev/null || :
      mount -t tmpfs tmpfs /tmp
      mount -t tmpfs tmpfs /run
      # Before its own folder, which may lie in one of them.
      for folder in "${@:4}"; do
        fd=${seen[0]}
        seen=("${seen[@]:1}")
        if [ ! -e "$folder/." ]; then
          mkdir -p "$folder"
          mount --no-canonicalize --bind "/proc/self/fd/$fd" "$folder"
        fi
        exec {fd}<&-
      done
      if [ -n "$3" ]; then
        mkdir -p "$3"
        mount --no-canonicalize --bind /proc/self/fd/9 "$3"
        exec 9<&-
      fi
      hostname "$1"
      echo ready
      exec </dev/null >/dev/null 2>&1
      sleep infinity & wait
      """;

  private static final String TUNNEL_PORT = ":15008 ";
  private static final Duration PROXY_PATIENCE = Duration.ofSeconds(2);

  private final Pod pod;
  private final int link;
  private final NodeHost node;
  private final MeshSettings settings;
  private final List<Supervised> containers = new ArrayList<>();
  private @Nullable Process holder;
  private long pid;
  private boolean closed;

  PodSandbox(Pod pod, int link, NodeHost node, MeshSettings settings) {
    this.pod = pod;
    this.link = link;
    this.node = node;
    this.settings = settings;
  }

  /** {@code namespace.name}, the file in {@code /run/netns}. */
  static String networkName(Pod pod) {
    return pod.metadata().namespace() + "." + pod.metadata().name();
  }

  public String network() {
    return networkName(pod);
  }

  public Pod pod() {
    return pod;
  }

  public NodeHost node() {
    return node;
  }

  /** Whether it is one of a waypoint that the controller deployed. */
  public boolean isWaypoint() {
    return WaypointClass.marks(pod.metadata());
  }

  /** The pod's first process, as this process's namespace numbers it. */
  public long pid() {
    return pid;
  }

  /** The pod's network and first process, without programs. */
  void build() {
    Run.of("sh", "-eu").input(NetScripts.plugPod(network(), link, node.name())).must();
    Run.of("sh", "-eu").inNamespace(network()).input(NetScripts.pod(pod.addresses())).must();
    Run.of("sh", "-eu")
        .inNamespace(node.name())
        .input(NetScripts.podOfNode(link, pod.addresses(), node.index()))
        .must();
    try {
      hold();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void hold() throws IOException {
    Path hosts = settings.hosts(pod.metadata().namespace());
    var command =
        new ArrayList<>(
            List.of(
                "nsenter",
                "--net=/run/netns/" + network(),
                "unshare",
                "--mount",
                "--uts",
                "--ipc",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "bash",
                "-eu",
                "-c",
                FIRST_PROCESS,
                "pod",
                pod.metadata().name(),
                hosts.toString(),
                isWaypoint() ? settings.podFolder(network()).toString() : ""));
    if (isWaypoint()) {
      // Its program: the distribution, and the Java that runs it.
      command.add(settings.launcher().resolve("../..").normalize().toString());
      command.add(System.getProperty("java.home"));
    }
    var builder = new ProcessBuilder(command);
    builder.environment().put("AMBIT_MESH", settings.id());
    builder.redirectError(ProcessBuilder.Redirect.appendTo(settings.log(network()).toFile()));
    Process started = builder.start();
    holder = started;
    var lines =
        new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    if (!"ready".equals(line)) {
      throw new IOException(
          network() + ": got '" + line + "' from its first process, expected 'ready'");
    }
    pid = started.children().findFirst().map(ProcessHandle::pid).orElse(started.pid());
  }

  /**
   * Starts every container; one without a command line has nothing to run.
   *
   * @param common variables beneath those of the containers
   */
  synchronized void startContainers(Map<String, String> common, Consumer<String> news) {
    for (Pod.Container container : pod.containers()) {
      if (closed) {
        return;
      }
      if (container.command().isEmpty()) {
        news.accept(
            network() + ": container " + container.name() + " has no command; nothing runs in it");
        continue;
      }
      String name = network() + "." + container.name();
      containers.add(
          Supervised.start(
              new Launch(
                  name,
                  enter(resolved(container.command())),
                  environment(container, common),
                  settings.log(name)),
              news));
    }
  }

  /** Named container ports on which nothing listens yet. */
  List<Integer> silentPorts() {
    Set<Integer> listening = new HashSet<>(TcpTable.listening(pid));
    return pod.containerPorts().values().stream()
        .filter(port -> !listening.contains(port))
        .sorted()
        .toList();
  }

  /** How many established connections the pod's kernel knows at this port of its own. */
  public long established(int port) {
    return TcpTable.established(pid, port);
  }

  /** {@code command} as a process of this pod. */
  public List<String> enter(List<String> command) {
    var all =
        new ArrayList<>(
            List.of(
                "nsenter", "--target=" + pid, "--net", "--mount", "--uts", "--ipc", "--pid", "--"));
    all.addAll(command);
    return all;
  }

  /** A pod's {@code ambit} is that of this distribution. */
  private List<String> resolved(List<String> command) {
    var all = new ArrayList<>(command);
    if (all.getFirst().equals("ambit")) {
      all.set(0, settings.launcher().toString());
    }
    return all;
  }

  /** Asks every program to end; it is not started again. */
  synchronized void terminate() {
    closed = true;
    containers.forEach(Supervised::retire);
    // What runs is the program that entered the pod; it waits for the one that is meant.
    containers.forEach(each ->
        each.running().ifPresent(entered -> entered.children().forEach(ProcessHandle::destroy)));
  }

  /** Kills every program; {@link #close} is still to be called. */
  void kill() {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Whether its end has begun. */
  synchronized boolean isEnded() {
    return closed;
  }

  /** Whether none of its programs runs. */
  boolean quiet() {
    return containers.stream().allMatch(each -> each.running().isEmpty());
  }

  private Map<String, String> environment(Pod.Container container, Map<String, String> common) {
    var all = new HashMap<String, String>();
    all.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    all.put("HOME", "/tmp");
    all.put("HOSTNAME", pod.metadata().name());
    all.put("AMBIT_MESH", settings.id());
    all.putAll(common);
    all.putAll(container.environment());
    return all;
  }

  /** Whether no socket of a tunnel is left, open or about to close. */
  private boolean withoutProxy() {
    return Run.of("ss", "-tanH")
        .inNamespace(network())
        .go()
        .out()
        .lines()
        .filter(line -> !line.startsWith("TIME-WAIT"))
        .noneMatch(line -> line.contains(TUNNEL_PORT));
  }

  /** Programs and namespace are gone when this returns. */
  @Override
  public synchronized void close() {
    endPrograms();
    // As a container runtime does: the namespace goes last, so that peers of the proxy's sockets in
    // it still hear their end.
    Await.until(PROXY_PATIENCE, this::withoutProxy);
    Run.of("ip", "-n", node.name(), "link", "del", "pod" + link).go();
    Run.of("ip", "netns", "del", network()).go();
  }

  private synchronized void endPrograms() {
    closed = true;
    // Their keepers must know first, or they would start the programs again.
    containers.forEach(Supervised::retire);
    if (holder != null) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      holder.destroyForcibly();
      holder.onExit().join();
    }
  }
}
