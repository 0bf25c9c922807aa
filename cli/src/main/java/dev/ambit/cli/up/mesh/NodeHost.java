package dev.ambit.cli.up.mesh;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Launch;
import dev.ambit.cli.up.process.Run;
import dev.ambit.cli.up.process.Supervised;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One node: a namespace with a cable to the bridge, {@code ambit cni} and {@code ambit ztunnel}.
 */
public final class NodeHost {
  private static final Duration CONTROLLER_PATIENCE = Duration.ofSeconds(60);

  private final String name;
  private final int index;
  private final MeshSettings settings;
  private final Consumer<String> news;
  private volatile @Nullable Supervised ztunnel;

  NodeHost(String name, int index, MeshSettings settings, Consumer<String> news) {
    this.name = name;
    this.index = index;
    this.settings = settings;
    this.news = news;
  }

  public String name() {
    return name;
  }

  int index() {
    return index;
  }

  /** Link addresses, IPv4 first. */
  public List<String> addresses() {
    return NetScripts.nodeAddresses(index);
  }

  /** The node's cable as the bridge sees it. */
  public String link() {
    return "node" + index;
  }

  /** The node's network, without programs. */
  void build() {
    Run.of("sh", "-eu").input(NetScripts.plugNode(name, index)).must();
    Run.of("sh", "-eu").inNamespace(name).input(NetScripts.node(index)).must();
  }

  /** Starts the agent now, and ztunnel as soon as the controller has written its join token. */
  void startDaemons() {
    var cniSettings = new HashMap<String, String>();
    cniSettings.put("NODE_NAME", name);
    cniSettings.put("ZTUNNEL_UDS_ADDRESS", settings.socket(name + ".zds").toString());
    cniSettings.put("AMBIT_MANIFESTS", settings.folder().toString());
    cniSettings.put("AMBIT_GENERATED", settings.generated().toString());
    cniSettings.put("AMBIT_FACTS", settings.facts().toString());
    cniSettings.put("AMBIT_ADMIN_SOCKET", cniAdmin().toString());
    cniSettings.put("AMBIENT_DNS_CAPTURE", "true");
    Supervised.start(daemon("cni", cniSettings), news);
    Thread.ofVirtual().name("start ztunnel of " + name).start(this::startZtunnel);
  }

  private void startZtunnel() {
    Path token = settings.joinToken(name);
    Path root = settings.rootCertificate();
    if (!Await.until(CONTROLLER_PATIENCE, () -> Files.size(token) > 0 && Files.size(root) > 0)) {
      news.accept(name + ": the controller has written no join token; ztunnel is not started");
      return;
    }
    String controller = Daemons.controllerAddress();
    var with = new HashMap<>(settings.ztunnel());
    with.put("NODE_NAME", name);
    with.put("INPOD_UDS", settings.socket(name + ".zds").toString());
    with.put("XDS_ADDRESS", controller);
    with.put("CA_ADDRESS", controller);
    with.put("XDS_ROOT_CA", root.toString());
    with.put("CA_ROOT_CA", root.toString());
    with.put("AMBIT_JOIN_TOKEN", token.toString());
    with.put("AMBIT_STATE", settings.state().resolve("nodes").resolve(name).toString());
    with.put("AMBIT_ADMIN_SOCKET", ztunnelAdmin().toString());
    ztunnel = Supervised.start(daemon("ztunnel", with), news);
  }

  private Launch daemon(String role, Map<String, String> with) {
    return Daemons.launch(
        settings, name + "." + role, List.of("nsenter", "--net=/run/netns/" + name), role, with);
  }

  public Path ztunnelAdmin() {
    return settings.socket(name + ".ztunnel");
  }

  public Path cniAdmin() {
    return settings.socket(name + ".cni");
  }

  /** The node's ztunnel, once its start was possible. */
  public Optional<Supervised> ztunnel() {
    return Optional.ofNullable(ztunnel);
  }
}
