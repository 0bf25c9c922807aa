package dev.ambit.e2e.mesh;

import dev.ambit.cni.CniAgent;
import dev.ambit.cni.CniSettings;
import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Settings;
import dev.ambit.ztunnel.World;
import dev.ambit.ztunnel.Ztunnel;
import dev.ambit.ztunnel.ZtunnelMain;
import dev.ambit.ztunnel.ZtunnelSettings;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** One node: an agent and a ztunnel, each of which a test may stop and start. */
public final class TestNode implements AutoCloseable {
  private final String name;
  private final Path folder;
  private final Map<String, String> agentSettings = new HashMap<>();
  private final Map<String, String> ztunnelSettings = new HashMap<>();
  private CniAgent agent;
  private Ztunnel ztunnel;
  private Process process;

  TestNode(String name, Path folder) {
    this.name = name;
    this.folder = folder;
    agentSettings.put("NODE_NAME", name);
    agentSettings.put("AMBIT_MANIFESTS", folder.resolve("manifests").toString());
    agentSettings.put("AMBIT_FACTS", folder.resolve("facts").toString());
    agentSettings.put("ZTUNNEL_UDS_ADDRESS", socket("zds").toString());
    agentSettings.put("AMBIT_ADMIN_SOCKET", socket("cni").toString());
    agentSettings.put("AMBIT_DRAIN", "3s");
    ztunnelSettings.put("NODE_NAME", name);
    ztunnelSettings.put("INPOD_UDS", socket("zds").toString());
    ztunnelSettings.put("XDS_ROOT_CA", folder.resolve("state/root-cert.pem").toString());
    ztunnelSettings.put("CA_ROOT_CA", folder.resolve("state/root-cert.pem").toString());
    ztunnelSettings.put("AMBIT_JOIN_TOKEN", folder.resolve("state/join-tokens/" + name).toString());
    ztunnelSettings.put("AMBIT_STATE", folder.resolve("node-state/" + name).toString());
    ztunnelSettings.put("AMBIT_ADMIN_PORT", "0");
    ztunnelSettings.put("AMBIT_STATS_PORT", "0");
    ztunnelSettings.put("AMBIT_READINESS_PORT", "0");
    ztunnelSettings.put("AMBIT_ADMIN_SOCKET", socket("zt").toString());
    ztunnelSettings.put("CONNECTION_TERMINATION_DEADLINE", "2s");
  }

  private Path socket(String what) {
    return folder.resolve(name + "." + what);
  }

  public String name() {
    return name;
  }

  /** Changes a setting of ztunnel from its next start on. */
  public TestNode with(String setting, String value) {
    ztunnelSettings.put(setting, value);
    return this;
  }

  void controllerAt(int port) {
    ztunnelSettings.put("XDS_ADDRESS", "https://localhost:" + port);
    ztunnelSettings.put("CA_ADDRESS", "https://localhost:" + port);
  }

  public void startAgent() throws IOException {
    Settings read = new Settings(agentSettings);
    CniSettings settings = CniSettings.from(read);
    read.finish();
    agent = CniAgent.start(settings);
  }

  /** Ends the agent as for an upgrade: pods stay captured. */
  public void stopAgent() {
    agent.close();
    agent = null;
  }

  public CniAgent agent() {
    return agent;
  }

  public void startZtunnel() {
    Settings read = new Settings(ztunnelSettings);
    ZtunnelSettings settings = ZtunnelSettings.from(read, ztunnelSettings);
    read.finish();
    ztunnel = Ztunnel.start(settings, World.real());
  }

  /** Starts a second one beside the first, which the caller now has to end. */
  public void startAnotherZtunnel() {
    ztunnelSettings.put("AMBIT_ADMIN_SOCKET", socket("zt2").toString());
    startZtunnel();
  }

  /** Serial numbers of the current certificates. */
  public String serials() throws IOException {
    StringBuilder serials = new StringBuilder();
    for (JsonNode certificate : dump().path("certificates")) {
      for (JsonNode link : certificate.path("certChain")) {
        serials.append(link.path("serialNumber").asString("")).append(' ');
        break;
      }
    }
    return serials.toString();
  }

  /** Ends ztunnel at once: its sockets close, as the kernel closes those of a dead process. */
  public void stopZtunnel() {
    ztunnel.close();
    ztunnel = null;
  }

  public Ztunnel ztunnel() {
    return ztunnel;
  }

  /** Starts ztunnel as a process of its own, so that it can be killed. */
  public void startZtunnelProcess() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-Dio.netty.machineId=02:00:00:00:00:01:00:01",
                "-cp",
                System.getProperty("java.class.path"),
                ZtunnelMain.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(ztunnelSettings);
    File log = folder.resolve(name + ".ztunnel.log").toFile();
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    process = builder.start();
  }

  /** What ztunnel said as a process of its own, its last lines. */
  public String processLog() {
    try {
      List<String> lines = Files.readAllLines(folder.resolve(name + ".ztunnel.log"));
      String last = String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
      return (process == null || process.isAlive() ? "" : "exit " + process.exitValue() + "\n")
          + last;
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** SIGKILL. */
  public void killZtunnelProcess() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new IOException("ztunnel did not die");
    }
    process = null;
  }

  /** A page of ztunnel. */
  public String page(String path) throws IOException {
    return new String(
        AdminClient.get(
            Path.of(ztunnelSettings.get("AMBIT_ADMIN_SOCKET")), path, Duration.ofSeconds(5)),
        StandardCharsets.UTF_8);
  }

  /** A page of the agent. */
  public String agentPage(String path) throws IOException {
    return new String(
        AdminClient.get(socket("cni"), path, Duration.ofSeconds(5)), StandardCharsets.UTF_8);
  }

  JsonNode dump() throws IOException {
    return Json.read(page("/config_dump").getBytes(StandardCharsets.UTF_8));
  }

  /** How ztunnel of this node would reach a pod: {@code HBONE}, {@code TCP}, or "" when unknown. */
  public String protocolOf(TestPod pod) throws IOException {
    for (JsonNode workload : dump().path("workloads")) {
      if (workload.path("name").asString("").equals(pod.name())
          && workload.path("namespace").asString("").equals(pod.namespace())) {
        return workload.path("protocol").asString("");
      }
    }
    return "";
  }

  /** Whether ztunnel of this node has a policy. */
  public boolean hasPolicy(String namespace, String name) throws IOException {
    for (JsonNode policy : dump().path("policies")) {
      if (policy.path("name").asString("").equals(name)
          && policy.path("namespace").asString("").equals(namespace)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
    }
    if (ztunnel != null) {
      ztunnel.close();
    }
    if (agent != null) {
      agent.close();
    }
  }
}
