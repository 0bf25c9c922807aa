package dev.ambit.controller;

import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.controller.ca.node.JoinTokens;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.daemon.Settings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a controller runs.
 *
 * @param manifests folder of YAML
 * @param generated folder of the manifests made for Gateways
 * @param facts folder of enrolment facts
 * @param state what must survive it: root, keys, join tokens
 * @param listen where gRPC is served; port 0 picks one
 * @param serverNames names and addresses in its certificate beside localhost
 * @param joinTokens how long a join token is good for
 * @param admin where pages are served
 * @param adminSocket the same pages on a Unix socket; null for none
 */
public record ControllerSettings(
    Path manifests,
    Path generated,
    Path facts,
    Path state,
    InetSocketAddress listen,
    List<String> serverNames,
    MeshSettings mesh,
    CertificateAuthority.Lifetimes lifetimes,
    Duration joinTokens,
    InetSocketAddress admin,
    @Nullable Path adminSocket) {

  public ControllerSettings {
    serverNames = List.copyOf(serverNames);
  }

  public static ControllerSettings from(Settings settings) {
    MeshSettings mesh = MeshSettings.from(settings);
    Path state = required(settings, "AMBIT_STATE");
    List<String> names = new ArrayList<>(names(settings.text("AMBIT_SERVER_NAMES", "")));
    // The name under which Istio's own daemons look for their control plane.
    names.add("istiod." + mesh.rootNamespace() + ".svc");
    return new ControllerSettings(
        required(settings, "AMBIT_MANIFESTS"),
        settings.path("AMBIT_GENERATED", state.resolve("generated")),
        settings.path("AMBIT_FACTS", state.resolve("facts")),
        state,
        resolved(settings.address("AMBIT_LISTEN", "0.0.0.0:15012")),
        names,
        mesh,
        CertificateAuthority.Lifetimes.from(settings),
        settings.duration("AMBIT_JOIN_TOKEN_TTL", JoinTokens.LIFETIME),
        new InetSocketAddress(
            settings.text("AMBIT_ADMIN_ADDRESS", "127.0.0.1"),
            settings.number("AMBIT_ADMIN_PORT", 15014, 0, 65_535)),
        settings.path("AMBIT_ADMIN_SOCKET").orElse(null));
  }

  private static Path required(Settings settings, String name) {
    Optional<Path> path = settings.path(name);
    if (path.isEmpty()) {
      settings.mistake(name, "nothing", "a folder");
    }
    return path.orElse(Path.of("."));
  }

  private static InetSocketAddress resolved(InetSocketAddress address) {
    return new InetSocketAddress(address.getHostString(), address.getPort());
  }

  private static List<String> names(String list) {
    return Arrays.stream(list.split(",")).map(String::strip).filter(n -> !n.isEmpty()).toList();
  }
}
