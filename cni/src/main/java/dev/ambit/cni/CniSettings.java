package dev.ambit.cni;

import dev.ambit.cni.enrol.Enrolment;
import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.cni.pods.FolderPods;
import dev.ambit.cni.pods.Timing;
import dev.ambit.daemon.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Settings of the agent (spec: cni-socket §7).
 *
 * @param manifests folder of YAML
 * @param generated folder of the manifests made for Gateways
 * @param facts folder of the enrolment facts
 * @param ztunnelSocket the CNI socket
 * @param pods which pods, and how they are captured
 * @param runtime how long things take, and what the agent offers
 */
public record CniSettings(
    Path manifests,
    Path generated,
    Path facts,
    Path ztunnelSocket,
    FolderPods pods,
    Runtime runtime) {
  /** What a stopping agent does with captured pods. */
  public enum OnStop {
    KEEP,
    RELEASE
  }

  /**
   * The process.
   *
   * @param ackPatience how long a ztunnel may take to answer
   * @param adminPort 0 picks one
   * @param probeUsers users of the node whose connections to captured pods are probes
   */
  public record Runtime(
      Timing timing,
      Duration ackPatience,
      OnStop onStop,
      int adminPort,
      Optional<Path> adminSocket,
      Set<Integer> probeUsers) {}

  /** Reads all of them; the caller finishes {@code read}. */
  public static CniSettings from(Settings read) {
    String node = required(read, "NODE_NAME");
    Path facts = Path.of(required(read, "AMBIT_FACTS"));
    return new CniSettings(
        Path.of(required(read, "AMBIT_MANIFESTS")),
        read.path("AMBIT_GENERATED", facts.resolve("generated")),
        facts,
        Path.of(read.text("ZTUNNEL_UDS_ADDRESS", "/var/run/ztunnel/ztunnel.sock")),
        new FolderPods(
            node,
            read.text("AMBIT_NETNS", "/run/netns/{namespace}.{name}"),
            new Enrolment(
                words(read.text("EXCLUDE_NAMESPACES", "kube-system")),
                read.text("POD_NAMESPACE", "istio-system")),
            new RedirectOptions(
                read.flag("AMBIENT_IPV6", true),
                false,
                read.flag("AMBIENT_DNS_CAPTURE", false),
                List.of())),
        runtime(read));
  }

  private static Runtime runtime(Settings read) {
    Timing standard = Timing.STANDARD;
    return new Runtime(
        new Timing(
            read.duration("AMBIT_SETTLE", standard.settle()),
            read.duration("AMBIT_DRAIN", standard.drain()),
            standard.retryLeast(),
            standard.retryMost(),
            standard.resync(),
            standard.verify()),
        Duration.ofSeconds(5),
        read.choice("AMBIT_ON_STOP", OnStop.class, OnStop.RELEASE),
        read.number("AMBIT_ADMIN_PORT", 0, 0, 65535),
        read.text("AMBIT_ADMIN_SOCKET").map(Path::of),
        users(read));
  }

  private static Set<Integer> users(Settings read) {
    Set<String> words = words(read.text("AMBIT_PROBE_UIDS", ""));
    Set<Integer> users = new TreeSet<>();
    for (String word : words) {
      if (word.matches("[0-9]{1,9}")) {
        users.add(Integer.parseInt(word));
      } else {
        read.mistake("AMBIT_PROBE_UIDS", word, "user numbers, separated by commas");
      }
    }
    return users;
  }

  private static String required(Settings read, String name) {
    Optional<String> value = read.text(name);
    if (value.isEmpty()) {
      read.mistake(name, "nothing", "a value");
    }
    return value.orElse("");
  }

  private static Set<String> words(String list) {
    return Stream.of(list.split(","))
        .map(String::strip)
        .filter(word -> !word.isEmpty())
        .collect(Collectors.toSet());
  }
}
